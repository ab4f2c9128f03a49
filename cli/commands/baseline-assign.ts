import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import { type Bus, busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { formatBaseline, parseBaselineReference } from '../../shared/domain/baseline.ts';
import { startSweep } from '../../shared/store/controls.ts';
import { agreed } from '../ask.ts';
import { connect } from '../client.ts';
import { explain, Failure } from '../failure.ts';
import {
  allRecords,
  allStatuses,
  editRecord,
  findAccount,
  publishedBaseline,
  readAccountId,
} from '../fleet.ts';
import { sendRequest } from '../send-request.ts';
import { counted, say } from '../terminal.ts';

/** What `baseline assign` was given; exactly one of ids, `all` and `from`. */
interface AssignOptions {
  readonly all?: boolean;
  readonly from?: string;
  readonly yes?: boolean;
}

/** `baseline assign`: says how many accounts would move, asks, and moves them. */
export async function assign(target: string, ids: readonly string[], options: AssignOptions): Promise<void> {
  const selection = readSelection(ids, options);
  const { config, table } = await connect();
  const to = await findTarget(table, target);
  const moves = await selectMoves(table, to, selection);
  const { moving, unseen } = moves;
  const baseline = formatBaseline(to);
  if (moving.length + unseen.length === 0)
    return say(`No account moves: all that were selected are on ${baseline}.`);
  const question = `Move ${accounts(moving.length)} to ${baseline} (${origins(moving)})?`;
  if (moving.length > 0 && !options.yes && !(await agreed(question))) return say('Nothing was moved.');
  const { moved, eventIds } = await moveAccounts({ table, bus: busClient(config) }, to, moves);
  if (eventIds.length === 0) return say(`No account moves: somebody else moved them meanwhile.`);
  const more = unseen.length > 0 ? ` ${accounts(unseen.length)} there already had no pass since;` : '';
  say(
    `Moved ${accounts(moved.length)} to ${baseline};${more} passes are asked for with event ${eventIds.join(', ')}.`,
  );
}

function readSelection(ids: readonly string[], { all, from }: AssignOptions): Selection {
  if ([ids.length > 0, all, from].filter(Boolean).length !== 1) {
    throw new Failure('Say which accounts: one of account ids, --all, or --from NAME@VERSION.');
  }
  if (all) return { by: 'all' };
  if (!from) return { by: 'ids', ids: ids.map(readAccountId) };
  const reference = parseBaselineReference(from);
  if (!reference) throw new Failure(`'${from}' is no baseline: write it as name or name@version.`);
  return { by: 'from', ...reference };
}

/** `2 from analytics@1, 1 from analytics@2`. */
function origins(records: readonly AccountRecord[]): string {
  const names = records.map(({ baseline }) => (baseline ? formatBaseline(baseline) : 'none'));
  const counts = [...new Set(names)].map(
    (name) => `${names.filter((other) => other === name).length} from ${name}`,
  );
  return counts.join(', ');
}

const accounts = (count: number) => counted(count, 'account');

/** Which accounts are to move: named ones, all that are kept, or those of one baseline (at a version). */
type Selection =
  | { readonly by: 'ids'; readonly ids: readonly string[] }
  | { readonly by: 'all' }
  | { readonly by: 'from'; readonly name: string; readonly version?: number };

/** What an assignment comes to. */
export interface Moves {
  /** The accounts that move: they are kept, and elsewhere. */
  readonly moving: readonly AccountRecord[];
  /** Those there already that no pass has seen there: whoever moved them may have been stopped before asking for one. */
  readonly unseen: readonly AccountRecord[];
}

/** Accounts in one request: its event stays far below what EventBridge and SQS take. */
const ACCOUNTS_PER_REQUEST = 5_000;

/** The published baseline that `name@version` names. @throws Failure for anything else */
async function findTarget(table: Table, text: string): Promise<BaselineReference> {
  const reference = parseBaselineReference(text);
  if (!reference) throw new Failure(`'${text}' is no baseline: write it as name@version.`);
  const { name, version } = await publishedBaseline(table, reference);
  if (reference.version) return { name, version };
  throw new Failure(`Say at which version: ${formatBaseline({ name, version })} is the newest.`);
}

/**
 * Which of the accounts selected move, and which are there without a pass; whoever came from elsewhere is selected by
 * `from` no more, so there all of the target are looked through. @throws Failure for a named one that is not kept
 */
async function selectMoves(table: Table, to: BaselineReference, selection: Selection): Promise<Moves> {
  const [kept, statuses] = await Promise.all([keptAccounts(table, selection), allStatuses(table)]);
  const isThere = ({ baseline }: AccountRecord) =>
    !!baseline && formatBaseline(baseline) === formatBaseline(to);
  const isSelected = ({ baseline }: AccountRecord) =>
    selection.by !== 'from' ||
    (baseline?.name === selection.name && (!selection.version || baseline.version === selection.version));
  return {
    moving: kept.filter((record) => isSelected(record) && !isThere(record)),
    unseen: kept.filter(
      (record) => isThere(record) && statuses.get(record.accountId)?.observedGeneration !== record.generation,
    ),
  };
}

/** The accounts named, or all; only those that are kept. */
async function keptAccounts(table: Table, selection: Selection): Promise<AccountRecord[]> {
  if (selection.by !== 'ids') {
    return (await allRecords(table)).filter(({ lifecycle }) => lifecycle === 'managed');
  }
  const records: AccountRecord[] = [];
  for (const id of new Set(selection.ids)) records.push((await findAccount(table, id)).record);
  const other = records.find(({ lifecycle }) => lifecycle !== 'managed');
  if (!other) return records;
  throw new Failure(`Account ${other.accountId} is ${other.lifecycle}: register it first.`);
}

/**
 * Moves accounts to a baseline, and asks for a pass of each that moved and of each that no pass has seen there. One
 * that somebody else moved there meanwhile, or took out of keeping, is left. Safe to repeat: what a crash leaves without
 * its pass is `unseen` the next time. Should nobody repeat it, the minute's tick sends what the accounts owe, under the
 * circuit breaker of one sweep.
 * @throws Failure when the passes cannot be asked for, saying how many moved
 */
export async function moveAccounts(
  { table, bus }: { readonly table: Table; readonly bus: Bus },
  to: BaselineReference,
  { moving, unseen }: Moves,
): Promise<{ moved: string[]; eventIds: string[] }> {
  const limit = pLimit(8);
  const now = new Date();
  const sweepId = `assign:${randomUUID()}`;
  if (moving.length > 0)
    await startSweep(table, { sweepId, accounts: moving.length, startedAt: now.toISOString() });
  const moves = moving.map(({ accountId: id }) =>
    limit(async () => ((await move(table, id, to, { now, sweepId })) ? id : [])),
  );
  const moved = (await Promise.all(moves)).flat();
  const passes = [...moved, ...unseen.map(({ accountId }) => accountId)];
  const eventIds: string[] = [];
  for (let start = 0; start < passes.length; start += ACCOUNTS_PER_REQUEST) {
    const accountIds = passes.slice(start, start + ACCOUNTS_PER_REQUEST);
    const reason = `baseline ${formatBaseline(to)} assigned`;
    const asked = sendRequest(bus, 'DriftSweepRequested', { accountIds, reason });
    const eventId = await asked.catch((error: unknown) => {
      const done = `${counted(moved.length, 'account')} moved, and passes cannot be asked for: ${explain(error)}`;
      throw new Failure(`${done} The same command again asks for them.`);
    });
    eventIds.push(eventId);
  }
  return { moved, eventIds };
}

function move(
  table: Table,
  accountId: string,
  to: BaselineReference,
  { now, sweepId }: { readonly now: Date; readonly sweepId: string },
): Promise<boolean> {
  const edit = (record: AccountRecord): AccountRecord | undefined => {
    const there = record.baseline && formatBaseline(record.baseline) === formatBaseline(to);
    if (there || record.lifecycle !== 'managed') return undefined;
    return { ...record, baseline: { ...to }, baselineBy: 'request', generation: record.generation + 1 };
  };
  return editRecord(table, accountId, edit, now, sweepId);
}
