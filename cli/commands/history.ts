import { Command } from 'commander';
import type { Table } from '../../shared/aws/main-clients.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { whoAndWhy } from '../../shared/domain/cause.ts';
import { cell } from '../../shared/domain/escape.ts';
import { maskDifferences } from '../../shared/domain/secrets.ts';
import { countDifferences } from '../../shared/domain/status.ts';
import { time } from '../../shared/domain/words.ts';
import { getReadableRecords } from '../../shared/store/accounts.ts';
import { accountHistory, type FleetPass, fleetHistory, historyCursor } from '../../shared/store/statuses.ts';
import { connect } from '../client.ts';
import { printDifferences } from '../differences.ts';
import { examples } from '../examples.ts';
import { findAccount, readAccountId } from '../fleet.ts';
import { type LatestOptions, sayMore, takeLatest, withLatestOptions } from '../latest.ts';
import { paintResult, print, printJson, say } from '../terminal.ts';

interface Options extends LatestOptions {
  readonly showSecrets?: boolean;
  readonly json?: boolean;
}

interface NamedPass extends FleetPass {
  /** Empty if the account's record cannot be read. */
  readonly name: string;
}

/** `history [ID]`: the runs that changed or found something, of an account or of all. */
export function historyCommand(): Command {
  const command = new Command('history')
    .description('Shows the runs that changed or found something, newest first: of an account, or of all.')
    .argument('[id]', 'account id, 12 digits; default: all accounts');
  return withLatestOptions(command, 'runs', 20)
    .option('--show-secrets', 'show whole ExternalIds instead of masked ones')
    .option(
      '--json',
      'print a list of runs, each like `lastPass` of `account ID --json`, with its account and baseline',
    )
    .addHelpText(
      'after',
      examples('orgkeeper history --since 24h', 'orgkeeper history 456789012345 --limit 5'),
    )
    .action(show);
}

async function show(id: string | undefined, options: Options): Promise<void> {
  const accountId = id === undefined ? undefined : readAccountId(id);
  const { table } = await connect();
  const { items: stored, isMore } = await runsOf(table, accountId, options);
  if (accountId !== undefined && stored.length === 0) await findAccount(table, accountId);
  const passes = await withNames(table, stored, options);
  if (options.json) printJson(passes.map(({ name: _, ...pass }) => pass));
  else printRuns(passes, accountId, options);
  const last = stored.at(-1);
  sayMore(isMore, last && historyCursor(last));
}

function printRuns(
  passes: readonly NamedPass[],
  accountId: string | undefined,
  { since, before }: Options,
): void {
  if (passes.length === 0) {
    const whose = accountId === undefined ? 'No run' : `No run of account ${accountId}`;
    say(`${whose} has changed or found anything ${since || before ? 'in this time' : 'yet'}.`);
  }
  for (const { startedAt, result, baseline, cause, ...pass } of passes) {
    const whose = accountId === undefined ? `  ${cell(`${pass.accountId} ${pass.name}`)}` : '';
    print(
      `${cell(time(startedAt))}${whose}  ${paintResult(result)}  ${cell(formatBaseline(baseline))}  ` +
        `${cell(cause.detailType)} ${cell(cause.id)}`,
    );
    if (whoAndWhy(cause)) print(`  ${cell(whoAndWhy(cause))}`);
    if (countDifferences(pass) > 0) printDifferences(pass.differences, pass.differencesOmitted);
    print('');
  }
}

/** The runs of an account or of all, and whether older ones are left. */
async function runsOf(
  table: Table,
  accountId: string | undefined,
  { limit, since, before }: LatestOptions,
): Promise<{ readonly items: readonly FleetPass[]; readonly isMore: boolean }> {
  const span = { ...(since && { since }), ...(before && { before }) };
  if (accountId === undefined) return takeLatest(fleetHistory(table, span, limit + 1), limit);
  return takeLatest(accountHistory(table, accountId, span, limit + 1), limit);
}

/**
 * The runs with the names of their accounts, and with ExternalIds masked, also the account's own if its record can be read.
 */
async function withNames(
  table: Table,
  passes: readonly FleetPass[],
  { showSecrets = false }: Options,
): Promise<NamedPass[]> {
  const { items } = await getReadableRecords(
    table,
    passes.map(({ accountId }) => accountId),
  );
  const records = new Map(items.map((record) => [record.accountId, record]));
  return passes.map((pass) => {
    const { name = '', externalId } = records.get(pass.accountId) ?? {};
    const differences = showSecrets ? pass.differences : maskDifferences(pass.differences, externalId);
    return { ...pass, name, differences };
  });
}
