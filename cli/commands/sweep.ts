import { Command } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { AccountStatus, PassRecord } from '../../shared/domain/status.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { wholeNumber } from '../arguments.ts';
import { connect, type Deployment } from '../client.ts';
import { hasFailed } from '../conditions.ts';
import { Failure } from '../failure.ts';
import { allRecords, allStatuses, findAccount, publishedBaseline, readAccountId } from '../fleet.ts';
import { poll, startProgress } from '../follow.ts';
import { checkRequest, sendRequest } from '../send-request.ts';
import { cell, counted, paintResult, printJson, printTable, say } from '../terminal.ts';

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
    if (kept.length === 0) return say(`No account is kept${by}: event ${eventId} makes no pass.`);
    return say(`Asked for ${counted(kept.length, 'pass', 'passes')} with event ${eventId}.`);
  }
  const sent = { eventId, at, accountIds: kept.map((record) => record.accountId), seconds: options.timeout };
  const passes = await followPasses(deployment.table, sent);
  if (options.json) printJson({ eventId, accounts: passList(kept, passes) });
  else printPasses(kept, passes);
  judge(passes);
}

/** The accounts that the sweep makes a pass of. @throws Failure for named ones that get none, and an unknown baseline */
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
    throw new Failure(
      `Account ${other.accountId} is ${other.lifecycle}: only accounts that are kept have passes.`,
    );
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
    String(pass?.differences.length ?? 0),
    String(pass?.calls.writes ?? 0),
  ]);
  printTable(['ACCOUNT', 'NAME', 'RESULT', 'DIFFERENCES', 'WRITES'], rows);
  const results = [...passes.values()].map(({ result }) => result);
  const counts = [...new Set(results)].map(
    (of) => `${results.filter((result) => result === of).length} ${of}`,
  );
  const are = passes.size === 1 ? 'is' : 'are';
  say(`${counted(passes.size, 'pass', 'passes')} ${are} over: ${counts.join(', ')}.`);
}

function judge(passes: ReadonlyMap<string, PassRecord>): void {
  const failed = [...passes].filter(([, { result }]) => result === 'failed').map(([id]) => id);
  if (failed.length === 0) return;
  throw new Failure(
    `${failed.length} of ${counted(passes.size, 'pass', 'passes')} failed: \`orgkeeper account ${failed[0]}\` says why.`,
  );
}

/** A request that has been sent, and how long its passes may take. */
export interface Sent {
  readonly eventId: string;
  readonly at: Date;
  readonly accountIds: readonly string[];
  readonly seconds: number;
}

/** Work is dropped in favour of a pass that began this much later than the asking: it has seen the same world. */
const COALESCED_MS = 5_000;
/** Up to so many accounts are asked for one by one, more by going through all. */
const FEW = 25;

/**
 * Follows a request until the pass of each account is over, and returns those passes.
 * @throws Failure when some are not over in time, naming one
 */
export async function followPasses(table: Table, sent: Sent): Promise<Map<string, PassRecord>> {
  const total = sent.accountIds.length;
  const over = new Map<string, PassRecord>();
  const progress = startProgress(`Waiting for ${counted(total, 'pass', 'passes')} …`);
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
        progress.update(`${over.size} of ${counted(total, 'pass', 'passes')} over …`);
        return over.size === total ? over : undefined;
      },
      {
        seconds: sent.seconds,
        every: total > FEW ? 3_000 : 500,
        late: () =>
          `${open().length} of ${counted(total, 'pass', 'passes')} not over after ${sent.seconds} s, that of account ${open()[0]} ` +
          'for one; they go on: `orgkeeper accounts` shows how they end.',
      },
    );
  } finally {
    progress.stop();
  }
}

/** Whether a pass failed only because something is not known yet: then the account is looked at again by itself. */
function isPending({ lastPass, conditions }: AccountStatus): boolean {
  return lastPass?.result === 'failed' && !hasFailed({ state: 'failed', conditions });
}

/** Whether a pass is the one that was asked for, or began late enough to stand for it. */
function answers(pass: PassRecord, sent: Pick<Sent, 'eventId' | 'at'>): boolean {
  return pass.cause.id === sent.eventId || Date.parse(pass.startedAt) > sent.at.getTime() + COALESCED_MS;
}

async function readStatuses(table: Table, ids: readonly string[]): Promise<Map<string, AccountStatus>> {
  if (ids.length > FEW) return allStatuses(table);
  const items = await Promise.all(ids.map((id) => loadAccount(table, id)));
  return new Map(items.flatMap(({ status }) => (status ? [[status.accountId, status]] : [])));
}
