import { Command } from 'commander';
import type { AccountView } from '../../shared/account-view.ts';
import { counted } from '../words.ts';

interface Options {
  readonly notReady?: boolean;
  readonly drifted?: boolean;
  readonly json?: boolean;
}

/** `accounts`: the fleet. */
export function accountsCommand(): Command {
  return new Command('accounts')
    .description('Lists the accounts that Orgkeeper knows, by account id.')
    .option('--not-ready', 'only those that are kept and not ready')
    .option('--drifted', 'only those whose last pass found differences, mended or not')
    .option('--json', 'print the documents of `account ID --json`, in a list')
    .action(list);
}

async function list(options: Options): Promise<void> {
  const [{ connect }, { allViews }, output] = await Promise.all([
    import('../context.ts'),
    import('../fleet.ts'),
    import('../output.ts'),
  ]);
  const { table } = await connect();
  const all = await allViews(table);
  const views = all.filter(
    (view) => (!options.notReady || isMissing(view)) && (!options.drifted || hasDrifted(view)),
  );
  if (options.json) return output.printJson(views);
  if (views.length > 0) output.printTable(HEAD, views.map(row(output)));
  output.say(summary(all, views));
}

const HEAD = ['ACCOUNT', 'NAME', 'BASELINE', 'STATE', 'READY', 'LAST RESULT', 'LAST PASS'];

function row(output: typeof import('../output.ts')) {
  return ({ accountId, name, baseline, state, ready, lastPass }: AccountView): string[] => [
    accountId,
    output.cell(name),
    baseline ? `${baseline.name}@${baseline.version}` : '–',
    output.paintState(state),
    output.paintReady(ready),
    output.paintResult(lastPass?.result),
    output.time(lastPass?.finishedAt),
  ];
}

/** Kept, and yet not as desired; who is not kept need not be ready. */
function isMissing({ state, ready }: AccountView): boolean {
  return !ready && !['unmanaged', 'retired', 'departed'].includes(state);
}

function hasDrifted({ lastPass }: AccountView): boolean {
  return lastPass?.result === 'drifted' || lastPass?.result === 'corrected';
}

function summary(all: readonly AccountView[], shown: readonly AccountView[]): string {
  if (all.length === 0)
    return 'No accounts yet: new ones appear by themselves, others by `orgkeeper register`.';
  const ready = all.filter((view) => view.ready).length;
  return `${shown.length} of ${counted(all.length, 'account')}; ${ready} ready, ${all.filter(isMissing).length} not.`;
}
