import { Command } from 'commander';
import type { Table } from '../../shared/aws/main-clients.ts';
import { getRecords } from '../../shared/store/accounts.ts';
import { changeControl } from '../../shared/store/controls.ts';
import { accountsUnderLease } from '../../shared/store/statuses.ts';
import { connect } from '../client.ts';
import { Failure } from '../failure.ts';
import { editRecord, findAccount, publishedBaseline, readAccountId } from '../fleet.ts';
import { counted, say } from '../terminal.ts';

/** The function's time-out. */
const LONGEST_RUN_MINUTES = 2;

interface Options {
  readonly fleet?: boolean | undefined;
  readonly baseline?: string | undefined;
}

/** `pause`: stops writes; runs go on observing. */
export function pauseCommand(): Command {
  return scoped(new Command('pause'))
    .description(
      'Stops writes to the fleet, to the accounts of a baseline, or to some accounts. Runs go on observing.',
    )
    .action((ids: string[], options: Options) => change(ids, options, true));
}

/** `resume`: ends one pause; others stay. */
export function resumeCommand(): Command {
  return scoped(new Command('resume'))
    .description('Ends a pause. The next sweep corrects what has drifted since.')
    .action((ids: string[], options: Options) => change(ids, options, false));
}

function scoped(command: Command): Command {
  return command
    .argument('[ids...]', 'account ids')
    .option('--fleet', 'every account')
    .option('--baseline <name>', 'the accounts of this baseline, at any version');
}

async function change(ids: string[], { fleet, baseline }: Options, paused: boolean): Promise<void> {
  if ([fleet, baseline, ids.length > 0].filter(Boolean).length !== 1) {
    throw new Failure('Name what to pause or resume: one of --fleet, --baseline NAME, or account ids.');
  }
  const accountIds = [...new Set(ids.map(readAccountId))];
  const { table } = await connect();
  if (fleet) await changeFleet(table, paused);
  else if (baseline) await changeBaseline(table, baseline, paused);
  else await changeAccounts(table, accountIds, paused);
  const what = fleet ? 'the fleet' : baseline ? `baseline ${baseline}` : accountIds.join(', ');
  say(paused ? `Paused ${what}.` : `Resumed ${what}; \`orgkeeper sweep\` corrects what has drifted since.`);
  const writing = paused ? await stillWriting(table, { fleet, baseline, accountIds }) : [];
  if (writing.length > 0) {
    say(
      `${counted(writing.length, 'run')} may be writing: each finishes the kind that it is at and writes no other, ` +
        `within ${LONGEST_RUN_MINUTES} minutes: ${writing.join(', ')}.`,
    );
  }
}

/** The accounts that were paused, and into which a run that began before may still be writing. */
async function stillWriting(
  table: Table,
  { fleet, baseline, accountIds }: Options & { readonly accountIds: readonly string[] },
): Promise<string[]> {
  const writing = await accountsUnderLease(table, new Date());
  if (fleet) return writing;
  if (!baseline) return writing.filter((id) => accountIds.includes(id));
  const records = await getRecords(table, writing);
  return writing.filter((id) => records.get(id)?.baseline?.name === baseline);
}

async function changeFleet(table: Table, fleetPaused: boolean): Promise<void> {
  await changeControl(table, (control) => ({ ...control, fleetPaused }));
}

async function changeBaseline(table: Table, name: string, paused: boolean): Promise<void> {
  if (paused) await publishedBaseline(table, { name });
  await changeControl(table, (control) => {
    const others = control.pausedBaselines.filter((other) => other !== name);
    return { ...control, pausedBaselines: paused ? [...others, name].toSorted() : others };
  });
}

/** All or none are known; desired state is the same, so the generation is too. */
async function changeAccounts(table: Table, accountIds: readonly string[], paused: boolean): Promise<void> {
  for (const id of accountIds) await findAccount(table, id);
  for (const id of accountIds) {
    await editRecord(table, id, (record) => (record.paused === paused ? undefined : { ...record, paused }));
  }
}
