import { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';

interface Options {
  readonly limit: number;
  readonly json?: boolean;
}

/** `history ID`: the passes that changed or found something. */
export function historyCommand(): Command {
  return new Command('history')
    .description('Shows the passes of an account that changed or found something, newest first.')
    .argument('<id>', 'account id, 12 digits')
    .option('--limit <n>', 'at most so many', wholeNumber, 20)
    .option('--json', 'print a list of passes, each as `lastPass` of `account ID --json`, with its baseline')
    .action(show);
}

async function show(id: string, options: Options): Promise<void> {
  const [{ connect }, { findAccount, readAccountId }, { history }, output] = await Promise.all([
    import('../context.ts'),
    import('../fleet.ts'),
    import('../../shared/store/statuses.ts'),
    import('../output.ts'),
  ]);
  const accountId = readAccountId(id);
  const { table } = await connect();
  const passes = await history(table, accountId, options.limit);
  if (passes.length === 0) await findAccount(table, accountId);
  if (options.json) return output.printJson(passes);
  if (passes.length === 0) output.say(`No pass of ${accountId} has changed or found anything yet.`);
  for (const pass of passes) {
    const { startedAt, result, baseline, cause, differences } = pass;
    output.print(
      `${output.time(startedAt)}  ${output.paintResult(result)}  ${baseline.name}@${baseline.version}  ` +
        `${output.cell(cause.detailType)} ${output.cell(cause.id)}`,
    );
    if (differences.length > 0) output.printDifferences(differences);
    output.print('');
  }
}
