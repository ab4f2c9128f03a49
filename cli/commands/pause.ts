import { Command } from 'commander';
import type { Table } from '../../shared/store/table.ts';

interface Options {
  readonly fleet?: boolean;
  readonly baseline?: string;
}

/** `pause`: nothing is written any more; looking goes on. */
export function pauseCommand(): Command {
  return scoped(new Command('pause'))
    .description('Stops writing into the fleet, a baseline’s accounts, or some accounts. Looking goes on.')
    .action((ids: string[], options: Options) => change(ids, options, true));
}

/** `resume`: takes one pause back; others stay. */
export function resumeCommand(): Command {
  return scoped(new Command('resume'))
    .description('Takes a pause back. What drifted meanwhile is mended by the next sweep.')
    .action((ids: string[], options: Options) => change(ids, options, false));
}

function scoped(command: Command): Command {
  return command
    .argument('[ids...]', 'account ids')
    .option('--fleet', 'every account')
    .option('--baseline <name>', 'the accounts of this baseline, at any version');
}

async function change(ids: string[], { fleet, baseline }: Options, paused: boolean): Promise<void> {
  const [{ connect }, { Failure }, output] = await Promise.all([
    import('../context.ts'),
    import('../failure.ts'),
    import('../output.ts'),
  ]);
  if ([fleet, baseline, ids.length > 0].filter(Boolean).length !== 1) {
    throw new Failure('Say what: one of --fleet, --baseline NAME, or account ids.');
  }
  const { readAccountId } = await import('../fleet.ts');
  const accountIds = [...new Set(ids.map(readAccountId))];
  const { table } = await connect();
  if (fleet) await changeFleet(table, paused);
  else if (baseline) await changeBaseline(table, baseline, paused);
  else await changeAccounts(table, accountIds, paused);
  const what = fleet ? 'the fleet' : baseline ? `baseline ${baseline}` : accountIds.join(', ');
  output.say(
    paused ? `Paused ${what}.` : `Resumed ${what}; \`orgkeeper sweep\` mends what drifted meanwhile.`,
  );
}

async function changeFleet(table: Table, fleetPaused: boolean): Promise<void> {
  const { changeControl } = await import('../../shared/store/controls.ts');
  await changeControl(table, (control) => ({ ...control, fleetPaused }));
}

async function changeBaseline(table: Table, name: string, paused: boolean): Promise<void> {
  const { publishedBaseline } = await import('../published-baseline.ts');
  const { changeControl } = await import('../../shared/store/controls.ts');
  if (paused) await publishedBaseline(table, { name });
  await changeControl(table, (control) => {
    const others = control.pausedBaselines.filter((other) => other !== name);
    return { ...control, pausedBaselines: paused ? [...others, name].toSorted() : others };
  });
}

/** All or none are known; desired state is the same, so the generation is too. */
async function changeAccounts(table: Table, accountIds: readonly string[], paused: boolean): Promise<void> {
  const { findAccount } = await import('../fleet.ts');
  const { editRecord } = await import('../edit-record.ts');
  for (const id of accountIds) await findAccount(table, id);
  for (const id of accountIds) {
    await editRecord(table, id, (record) => (record.paused === paused ? undefined : { ...record, paused }));
  }
}
