import { Command } from 'commander';
import { type Scope, watchWriters, writersIn } from '../../controllers/fleet/writers.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { changeControl } from '../../shared/store/controls.ts';
import type { Lease } from '../../shared/store/leases.ts';
import { wholeNumber } from '../arguments.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { editRecord, findAccount, publishedBaseline, readAccountId } from '../fleet.ts';
import { poll, startProgress } from '../follow.ts';
import { counted, say, type Told, time } from '../terminal.ts';

interface ScopeOptions {
  readonly fleet?: boolean | undefined;
  readonly baseline?: string | undefined;
}

interface PauseOptions extends ScopeOptions {
  readonly wait: boolean;
  readonly timeout: number;
}

/** `pause`: stops writing, and waits until no earlier run can write. */
export function pauseCommand(): Command {
  return scoped(new Command('pause'))
    .description(
      'Stops writes to the fleet, to the accounts of a baseline, or to some accounts. Runs go on observing.',
    )
    .option('--no-wait', 'do not wait for runs that are writing; name them')
    .option('--timeout <seconds>', 'how long to wait for runs that are writing', wholeNumber, 300)
    .addHelpText('after', examples('orgkeeper pause --fleet', 'orgkeeper pause 456789012345 567890123456'))
    .action(async (ids: string[], options: PauseOptions) => {
      const { table, scope } = await changed(ids, options, true);
      say(`Paused ${inWords(scope)}.`);
      const writers = await writersIn(table, scope, new Date());
      if (writers.length === 0) return say('No run is writing.');
      if (!options.wait) return say(stillWriting(writers));
      await waitForWriters(table, writers, options.timeout);
      say('No run that began before the pause is writing any more.');
    });
}

/** `resume`: ends one pause; others stay. */
export function resumeCommand(): Command {
  return scoped(new Command('resume'))
    .description('Ends a pause. The next sweep corrects what has drifted since.')
    .addHelpText('after', examples('orgkeeper resume --fleet'))
    .action(async (ids: string[], options: ScopeOptions) => {
      const { scope } = await changed(ids, options, false);
      say(`Resumed ${inWords(scope)}; \`orgkeeper sweep\` corrects what has drifted since.`);
    });
}

function scoped(command: Command): Command {
  return command
    .argument('[ids...]', 'account ids')
    .option('--fleet', 'every account')
    .option('--baseline <name>', 'the accounts of this baseline, at any version');
}

/** Pauses or resumes. What is paused already stays so, and what is not is not resumed: safe to repeat. */
async function changed(
  ids: string[],
  { fleet, baseline }: ScopeOptions,
  paused: boolean,
): Promise<{ table: Table; scope: Scope }> {
  if ([fleet, baseline, ids.length > 0].filter(Boolean).length !== 1) {
    throw new Failure('Name what to pause or resume: one of --fleet, --baseline NAME, or account ids.');
  }
  const accountIds = [...new Set(ids.map(readAccountId))];
  const scope: Scope = fleet ? { fleet } : baseline ? { baseline } : { accountIds };
  const { table } = await connect();
  if ('fleet' in scope) await changeControl(table, (control) => ({ ...control, fleetPaused: paused }));
  else if ('baseline' in scope) await changeBaseline(table, scope.baseline, paused);
  else await changeAccounts(table, scope.accountIds, paused);
  return { table, scope };
}

async function changeBaseline(table: Table, name: string, paused: boolean): Promise<void> {
  if (paused) await publishedBaseline(table, { name });
  await changeControl(table, (control) => {
    const others = control.pausedBaselines.filter((other) => other !== name);
    return { ...control, pausedBaselines: paused ? [...others, name].toSorted() : others };
  });
}

/** Either all accounts are known, or none is changed. Desired state stays the same, and so does the generation. */
async function changeAccounts(table: Table, accountIds: readonly string[], paused: boolean): Promise<void> {
  for (const id of accountIds) await findAccount(table, id);
  for (const id of accountIds) {
    await editRecord(table, id, (record) => (record.paused === paused ? undefined : { ...record, paused }));
  }
}

/** @throws Failure with the runs that may still write after so many seconds */
async function waitForWriters(table: Table, writers: readonly Lease[], seconds: number): Promise<void> {
  const look = watchWriters(table, writers);
  let left = writers;
  const waiting = () => `Waiting for ${counted(left.length, 'run')} to finish what it is writing …`;
  const progress = startProgress(waiting());
  try {
    await poll(
      async () => {
        left = await look(new Date());
        if (left.length === 0) return true;
        progress.update(waiting());
        return undefined;
      },
      { seconds, every: 1_000, late: () => stillWriting(left) },
    );
  } finally {
    progress.stop();
  }
}

function inWords(scope: Scope): string {
  if ('fleet' in scope) return 'the fleet';
  return 'baseline' in scope ? `baseline ${scope.baseline}` : scope.accountIds.join(', ');
}

/** The runs that may still write, on which account, and until when, unless they extend their lease. */
function stillWriting(writers: readonly Lease[]): Told {
  return {
    sentence:
      `${counted(writers.length, 'run')} may still be writing, finishing the unit that each is at; ` +
      'a lease that is not extended ends at the time shown:',
    lines: writers.map(
      ({ accountId, passId, until }) => `account ${accountId}, run ${passId}, until ${time(until)}`,
    ),
  };
}
