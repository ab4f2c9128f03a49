import { Command } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { cell } from '../../shared/domain/escape.ts';
import { type AccountStatus, countDifferences, type PassRecord } from '../../shared/domain/status.ts';
import { counted } from '../../shared/domain/words.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { wholeNumber } from '../arguments.ts';
import { connect, type Deployment } from '../client.ts';
import { hasFailed } from '../conditions.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { allRecords, findAccount, publishedBaseline, readAccountId, statusesOf } from '../fleet.ts';
import { poll, startProgress } from '../follow.ts';
import { checkRequest, sendRequest } from '../send-request.ts';
import { paintResult, printJson, printTable, say } from '../terminal.ts';

interface Options {
  readonly baseline?: string;
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

/** `sweep [ID…]`: requests a run of some accounts, or of all. */
export function sweepCommand(): Command {
  return new Command('sweep')
    .description('Puts a DriftSweepRequested event: a run of each named account, or of all managed accounts.')
    .argument('[ids...]', 'account ids; default: all accounts')
    .option('--baseline <name>', 'only accounts of this baseline')
    .option('--reason <text>', 'why, for the record')
    .option('--wait', 'follow until every run has finished; exit 1 if one failed')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 900)
    .option('--json', 'print the event id and, with --wait, the runs')
    .addHelpText(
      'after',
      examples(
        'orgkeeper sweep 456789012345 --wait',
        "orgkeeper sweep --baseline analytics --reason 'after the outage'",
      ),
    )
    .action(sweep);
}

async function sweep(ids: string[], options: Options): Promise<void> {
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
  const eventId = await sendRequest(busClient(deployment.config), 'DriftSweepRequested', request);
  if (!options.wait || kept.length === 0) {
    if (options.json) return printJson({ eventId, ...(options.wait && { accounts: [] }) });
    const by = options.baseline ? ` by baseline ${options.baseline}` : '';
    if (kept.length === 0) return say(`No account is managed${by}: event ${eventId} causes no run.`);
    return say(`Requested ${counted(kept.length, 'run')} with event ${eventId}.`);
  }
  const sent = { eventId, at, accountIds: kept.map((record) => record.accountId), seconds: options.timeout };
  const passes = await followPasses(deployment.table, sent);
  if (options.json) printJson({ eventId, accounts: passList(kept, passes) });
  else printPasses(kept, passes);
  judge(passes);
}

/** The accounts that the sweep runs. @throws Failure for named accounts that are not managed, and for an unknown baseline */
async function selectKept(
  { table }: Deployment,
  accountIds: readonly string[],
  baseline: string | undefined,
): Promise<AccountRecord[]> {
  if (baseline) await publishedBaseline(table, { name: baseline });
  const named = accountIds.map(async (id) => (await findAccount(table, id)).record);
  const records = named.length > 0 ? await Promise.all(named) : await allRecords(table);
  const kept = records.filter(({ lifecycle }) => lifecycle === 'managed');
  const other = records.find(({ lifecycle }) => lifecycle !== 'managed');
  if (named.length > 0 && other) {
    throw new Failure(`Account ${other.accountId} is ${other.lifecycle}: only managed accounts have runs.`);
  }
  return baseline ? kept.filter((record) => record.baseline?.name === baseline) : kept;
}

function passList(records: readonly AccountRecord[], passes: ReadonlyMap<string, PassRecord>) {
  return records.map(({ accountId, name }) => ({ accountId, name, pass: passes.get(accountId) }));
}

function printPasses(records: readonly AccountRecord[], passes: ReadonlyMap<string, PassRecord>): void {
  const rows = passList(records, passes).map(({ accountId, name, pass }) => [
    accountId,
    cell(name),
    paintResult(pass?.result),
    String(pass ? countDifferences(pass) : 0),
    String(pass?.calls.writes ?? 0),
  ]);
  printTable(['ACCOUNT', 'NAME', 'RESULT', 'DIFFERENCES', 'WRITES'], rows);
  const results = [...passes.values()].map(({ result }) => result);
  const counts = [...new Set(results)].map(
    (of) => `${results.filter((result) => result === of).length} ${of}`,
  );
  const are = passes.size === 1 ? 'is' : 'are';
  say(`${counted(passes.size, 'run')} ${are} finished: ${counts.join(', ')}.`);
}

function judge(passes: ReadonlyMap<string, PassRecord>): void {
  const failed = [...passes].filter(([, { result }]) => result === 'failed').map(([id]) => id);
  if (failed.length === 0) return;
  throw new Failure(
    `${failed.length} of ${counted(passes.size, 'run')} failed: \`orgkeeper account ${failed[0]}\` says why.`,
  );
}

/** A request that was sent, and how long its runs may take. */
export interface Sent {
  readonly eventId: string;
  readonly at: Date;
  readonly accountIds: readonly string[];
  readonly seconds: number;
}

/** Work is dropped if a run has started at least this long after the request: that run has read the same or a newer state. */
const COALESCED_MS = 5_000;
/** Up to this many accounts are read often, each with its record, so that an item that cannot be read is said. */
const FEW = 25;

/**
 * Follows a request until the run of each account has finished, and returns those runs.
 * @throws Failure if some are not finished in time; it names one
 */
export async function followPasses(table: Table, sent: Sent): Promise<Map<string, PassRecord>> {
  const total = sent.accountIds.length;
  const over = new Map<string, PassRecord>();
  const progress = startProgress(`Waiting for ${counted(total, 'run')} …`);
  const open = () => sent.accountIds.filter((id) => !over.has(id));
  try {
    return await poll(
      async () => {
        const statuses = await readStatuses(table, open());
        for (const id of open()) {
          const status = statuses.get(id);
          if (status?.lastPass && answers(status.lastPass, sent) && !isPending(status))
            over.set(id, status.lastPass);
        }
        progress.update(`${over.size} of ${counted(total, 'run')} finished …`);
        return over.size === total ? over : undefined;
      },
      {
        seconds: sent.seconds,
        every: total > FEW ? 3_000 : 500,
        late: () =>
          `${open().length} of ${counted(total, 'run')} not finished after ${sent.seconds} s, such as that of account ${open()[0]}. ` +
          'They go on: `orgkeeper accounts` shows their results.',
      },
    );
  } finally {
    progress.stop();
  }
}

/** Whether a run failed only because something is unknown yet: then Orgkeeper runs again by itself. */
function isPending({ lastPass, conditions }: AccountStatus): boolean {
  return lastPass?.result === 'failed' && !hasFailed({ state: 'failed', conditions });
}

/** Whether a run is the requested one, or started late enough to replace it. */
function answers(pass: PassRecord, sent: Pick<Sent, 'eventId' | 'at'>): boolean {
  return pass.cause.id === sent.eventId || Date.parse(pass.startedAt) > sent.at.getTime() + COALESCED_MS;
}

async function readStatuses(table: Table, ids: readonly string[]): Promise<Map<string, AccountStatus>> {
  if (ids.length > FEW) return statusesOf(table, ids);
  const items = await Promise.all(ids.map((id) => loadAccount(table, id)));
  return new Map(items.flatMap(({ status }) => (status ? [[status.accountId, status]] : [])));
}
