import { Command } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { PassRecord } from '../../shared/domain/status.ts';
import { wholeNumber } from '../arguments.ts';
import type { Deployment } from '../client.ts';
import { counted } from '../words.ts';

interface Options {
  readonly baseline?: string;
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

/** `sweep [ID…]`: a pass of some accounts, or of all. */
export function sweepCommand(): Command {
  return new Command('sweep')
    .description('Puts a DriftSweepRequested event: a pass of each account named, or of all that are kept.')
    .argument('[ids...]', 'account ids; all accounts when none is given')
    .option('--baseline <name>', 'only accounts of this baseline')
    .option('--reason <text>', 'why, for the record')
    .option('--wait', 'follow until every pass is over; exit 1 when one failed')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 900)
    .option('--json', 'print the event id and, with --wait, the passes')
    .action(sweep);
}

async function sweep(ids: string[], options: Options): Promise<void> {
  const [{ connect }, { ask, checkRequest }, { readAccountId }, output] = await Promise.all([
    import('../client.ts'),
    import('../ask.ts'),
    import('../fleet.ts'),
    import('../output.ts'),
  ]);
  const accountIds = [...new Set(ids.map(readAccountId))];
  const request = {
    ...(accountIds.length > 0 && { accountIds }),
    ...(options.baseline && { baseline: options.baseline }),
    ...(options.reason && { reason: options.reason }),
  };
  checkRequest('DriftSweepRequested', request);
  const deployment = await connect();
  const kept = await selectKept(deployment, accountIds, options.baseline);
  const at = new Date();
  const eventId = await ask(busClient(deployment.config), 'DriftSweepRequested', request);
  if (!options.wait || kept.length === 0) {
    if (options.json) return output.printJson({ eventId, ...(options.wait && { accounts: [] }) });
    const by = options.baseline ? ` by baseline ${options.baseline}` : '';
    if (kept.length === 0) return output.say(`No account is kept${by}: event ${eventId} makes no pass.`);
    return output.say(`Asked for ${counted(kept.length, 'pass', 'passes')} with event ${eventId}.`);
  }
  const { followPasses } = await import('../follow.ts');
  const sent = { eventId, at, accountIds: kept.map((record) => record.accountId), seconds: options.timeout };
  const passes = await followPasses(deployment.table, sent);
  if (options.json) output.printJson({ eventId, accounts: passList(kept, passes) });
  else printPasses(kept, passes, output);
  await judge(passes);
}

/** The accounts that the sweep makes a pass of. @throws Failure for named ones that get none, and an unknown baseline */
async function selectKept(
  { table }: Deployment,
  accountIds: readonly string[],
  baseline: string | undefined,
): Promise<AccountRecord[]> {
  const [{ allRecords, findAccount }, { publishedBaseline }, { Failure }] = await Promise.all([
    import('../fleet.ts'),
    import('../published-baseline.ts'),
    import('../failure.ts'),
  ]);
  if (baseline) await publishedBaseline(table, { name: baseline });
  const named = accountIds.map(async (id) => (await findAccount(table, id)).record);
  const records = named.length > 0 ? await Promise.all(named) : await allRecords(table);
  const kept = records.filter(({ lifecycle }) => lifecycle === 'managed');
  const other = records.find(({ lifecycle }) => lifecycle !== 'managed');
  if (named.length > 0 && other) {
    throw new Failure(
      `Account ${other.accountId} is ${other.lifecycle}: only accounts that are kept have passes.`,
    );
  }
  return baseline ? kept.filter((record) => record.baseline?.name === baseline) : kept;
}

function passList(records: readonly AccountRecord[], passes: ReadonlyMap<string, PassRecord>) {
  return records.map(({ accountId, name }) => ({ accountId, name, pass: passes.get(accountId) }));
}

function printPasses(
  records: readonly AccountRecord[],
  passes: ReadonlyMap<string, PassRecord>,
  output: typeof import('../output.ts'),
): void {
  const rows = passList(records, passes).map(({ accountId, name, pass }) => [
    accountId,
    output.cell(name),
    output.paintResult(pass?.result),
    String(pass?.differences.length ?? 0),
    String(pass?.calls.writes ?? 0),
  ]);
  output.printTable(['ACCOUNT', 'NAME', 'RESULT', 'DIFFERENCES', 'WRITES'], rows);
  const results = [...passes.values()].map(({ result }) => result);
  const counts = [...new Set(results)].map(
    (of) => `${results.filter((result) => result === of).length} ${of}`,
  );
  const are = passes.size === 1 ? 'is' : 'are';
  output.say(`${counted(passes.size, 'pass', 'passes')} ${are} over: ${counts.join(', ')}.`);
}

async function judge(passes: ReadonlyMap<string, PassRecord>): Promise<void> {
  const { Failure } = await import('../failure.ts');
  const failed = [...passes].filter(([, { result }]) => result === 'failed').map(([id]) => id);
  if (failed.length === 0) return;
  throw new Failure(
    `${failed.length} of ${counted(passes.size, 'pass', 'passes')} failed: \`orgkeeper account ${failed[0]}\` says why.`,
  );
}
