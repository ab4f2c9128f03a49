import { Command } from 'commander';
import type { Table } from '../../shared/aws/main-clients.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import { maskDifferences } from '../../shared/domain/secrets.ts';
import type { PassRecord } from '../../shared/domain/status.ts';
import { getRecord } from '../../shared/store/accounts.ts';
import { history } from '../../shared/store/statuses.ts';
import { wholeNumber } from '../arguments.ts';
import { connect } from '../client.ts';
import { printDifferences } from '../differences.ts';
import { examples } from '../examples.ts';
import { findAccount, readAccountId } from '../fleet.ts';
import { cell, paintResult, print, printJson, say, time } from '../terminal.ts';

interface Options {
  readonly limit: number;
  readonly showSecrets?: boolean;
  readonly json?: boolean;
}

/** `history ID`: the runs that changed or found something. */
export function historyCommand(): Command {
  return new Command('history')
    .description('Shows the runs of an account that changed or found something, newest first.')
    .argument('<id>', 'account id, 12 digits')
    .option('--limit <n>', 'maximum number of runs', wholeNumber, 20)
    .option('--show-secrets', 'show whole ExternalIds instead of masked ones')
    .option('--json', 'print a list of runs, each like `lastPass` of `account ID --json`, with its baseline')
    .addHelpText('after', examples('orgkeeper history 456789012345 --limit 5'))
    .action(show);
}

async function show(id: string, options: Options): Promise<void> {
  const accountId = readAccountId(id);
  const { table } = await connect();
  const stored = await history(table, accountId, options.limit);
  if (stored.length === 0) await findAccount(table, accountId);
  const passes = options.showSecrets ? stored : await withoutSecrets(table, accountId, stored);
  if (options.json) return printJson(passes);
  if (passes.length === 0) say(`No run of account ${accountId} has changed or found anything yet.`);
  for (const pass of passes) {
    const { startedAt, result, baseline, cause, differences } = pass;
    print(
      `${cell(time(startedAt))}  ${paintResult(result)}  ${cell(formatBaseline(baseline))}  ` +
        `${cell(cause.detailType)} ${cell(cause.id)}`,
    );
    if (differences.length > 0) printDifferences(differences);
    print('');
  }
}

/** The runs with ExternalIds masked, also the account's own if its record can be read. */
async function withoutSecrets(
  table: Table,
  accountId: string,
  passes: readonly PassRecord[],
): Promise<PassRecord[]> {
  const record = await getRecord(table, accountId).catch((error: unknown) => {
    if (error instanceof UnreadableItem) return undefined;
    throw error;
  });
  return passes.map((pass) => ({
    ...pass,
    differences: maskDifferences(pass.differences, record?.externalId),
  }));
}
