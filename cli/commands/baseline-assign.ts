import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import { type Bus, busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { formatBaseline, parseBaselineReference } from '../../shared/domain/baseline.ts';
import type { Claims } from '../../shared/domain/cause.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { withBaseline } from '../../shared/domain/records.ts';
import { counted } from '../../shared/domain/words.ts';
import { startSweep } from '../../shared/store/controls.ts';
import { agreed } from '../ask.ts';
import { callerClaims } from '../caller.ts';
import { connect } from '../client.ts';
import { explain, Failure } from '../failure.ts';
import {
  allRecords,
  editRecord,
  findAccount,
  isChosen,
  publishedBaseline,
  readAccountId,
  readBaselineReference,
  statusesOf,
} from '../fleet.ts';
import { sendRequest } from '../send-request.ts';
import { say } from '../terminal.ts';

/** The options of `baseline assign`: exactly one of ids, `all` and `from`. */
interface AssignOptions {
  readonly all?: boolean;
  readonly from?: string;
  readonly reason?: string;
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
  if (moving.length + unseen.length === 0) {
    await noteAssigned(table, to, moves, new Date());
    return say(`No account moves: all selected accounts are on ${baseline}.`);
  }
  const question = `Move ${accounts(moving.length)} to ${baseline} (${origins(moving)})?`;
  if (moving.length > 0 && !options.yes && !(await agreed(question))) return say('Nothing was moved.');
  const by = await callerClaims(options.reason);
  const { moved, eventIds } = await moveAccounts({ table, bus: busClient(config) }, to, moves, by);
  if (eventIds.length === 0) return say(`No account moves: somebody else moved them in the meantime.`);
  const more = unseen.length > 0 ? ` ${accounts(unseen.length)} already on it had no run since;` : '';
  say(
    `Moved ${accounts(moved.length)} to ${baseline};${more} runs are requested with event ${eventIds.join(', ')}.`,
  );
}

function readSelection(ids: readonly string[], { all, from }: AssignOptions): Selection {
  if ([ids.length > 0, all, from].filter(Boolean).length !== 1) {
    throw new Failure('Name the accounts: account ids, --all, or --from NAME@VERSION.');
  }
  if (all) return { by: 'all' };
  if (!from) return { by: 'ids', ids: ids.map(readAccountId) };
  return { by: 'from', ...readBaselineReference(from) };
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

/** The accounts to move: named ones, all managed ones, or those of one baseline (at a version). */
type Selection =
  | { readonly by: 'ids'; readonly ids: readonly string[] }
  | { readonly by: 'all' }
  | { readonly by: 'from'; readonly name: string; readonly version?: number };

/** The accounts that an assignment concerns. */
export interface Moves {
  /** Managed accounts on another baseline or version: these move. */
  readonly moving: readonly AccountRecord[];
  /** Accounts already on it without a run since: an earlier command may have crashed before it requested one. */
  readonly unseen: readonly AccountRecord[];
  /** All selected accounts that are already on it. */
  readonly there: readonly AccountRecord[];
}

/** Accounts in one request: its event stays far below the limits of EventBridge and SQS. */
const ACCOUNTS_PER_REQUEST = 5_000;

/** The published baseline `name@version`. @throws Failure if there is none */
async function findTarget(table: Table, text: string): Promise<BaselineReference> {
  const reference = parseBaselineReference(text);
  if (!reference) throw new Failure(`'${text}' is not a baseline: write name@version.`);
  const { name, version } = await publishedBaseline(table, reference);
  if (reference.version) return { name, version };
  throw new Failure(`Name the version: the newest is ${formatBaseline({ name, version })}.`);
}

/**
 * Which of the selected accounts move, and which are on the target without a run. An account that has moved is no longer selected
 * by `from`, so with `from` all accounts of the target are checked. @throws Failure for a named account that is not managed
 */
async function selectMoves(table: Table, to: BaselineReference, selection: Selection): Promise<Moves> {
  const kept = await keptAccounts(table, selection);
  const statuses = await statusesOf(
    table,
    kept.map(({ accountId }) => accountId),
  );
  const isThere = ({ baseline }: AccountRecord) =>
    !!baseline && formatBaseline(baseline) === formatBaseline(to);
  const isSelected = ({ baseline }: AccountRecord) =>
    selection.by !== 'from' || isChosen(baseline, selection);
  return {
    moving: kept.filter((record) => isSelected(record) && !isThere(record)),
    unseen: kept.filter(
      (record) => isThere(record) && statuses.get(record.accountId)?.observedGeneration !== record.generation,
    ),
    there: kept.filter((record) => isSelected(record) && isThere(record)),
  };
}

/** The named accounts, or all; only managed ones. */
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
 * Moves accounts to a baseline, and requests a run of each that moved and of each that had no run there. Skips accounts that
 * somebody else moved there or retired in the meantime. Safe to repeat: accounts that a crash left without a run are `unseen` the
 * next time. If nobody repeats it, the tick of the minute sends what the accounts owe, under the circuit breaker of one sweep.
 * @param by who assigns it, and why: the cause of the runs
 * @throws Failure if the runs cannot be requested; it says how many accounts moved
 */
export async function moveAccounts(
  { table, bus }: { readonly table: Table; readonly bus: Bus },
  to: BaselineReference,
  { moving, unseen, there }: Moves,
  by: Claims,
): Promise<{ moved: string[]; eventIds: string[] }> {
  const limit = pLimit(8);
  const now = new Date();
  const sweepId = `assign:${randomUUID()}`;
  if (moving.length > 0) {
    const cause = { source: OUR_SOURCE, detailType: 'CommandLine', id: sweepId, ...by };
    await startSweep(table, { sweepId, accounts: moving.length, startedAt: now.toISOString(), cause });
  }
  const moves = moving.map(({ accountId: id }) =>
    limit(async () => ((await move(table, id, to, { now, sweepId, by })) ? id : [])),
  );
  const moved = (await Promise.all(moves)).flat();
  await noteAssigned(table, to, { there }, now);
  const passes = [...moved, ...unseen.map(({ accountId }) => accountId)];
  const eventIds: string[] = [];
  for (let start = 0; start < passes.length; start += ACCOUNTS_PER_REQUEST) {
    const accountIds = passes.slice(start, start + ACCOUNTS_PER_REQUEST);
    const { reason = `baseline ${formatBaseline(to)} assigned` } = by;
    const asked = sendRequest(bus, 'DriftSweepRequested', { accountIds }, reason);
    const eventId = await asked.catch((error: unknown) => {
      const done = `${counted(moved.length, 'account')} moved, but runs cannot be requested: ${explain(error)}`;
      throw new Failure(`${done} Run the same command again to request them.`);
    });
    eventIds.push(eventId);
  }
  return { moved, eventIds };
}

/** Whether the account moved; false if it is there already, or somebody else took it out of management. */
async function move(
  table: Table,
  accountId: string,
  to: BaselineReference,
  { now, ...owing }: { readonly now: Date; readonly sweepId: string; readonly by: Claims },
): Promise<boolean> {
  let moves = false;
  const edit = (record: AccountRecord) => {
    const edited = withBaseline(record, to, now.toISOString());
    moves = edited !== undefined && edited.generation !== record.generation;
    return edited;
  };
  return (await editRecord(table, accountId, edit, now, owing)) && moves;
}

/** Notes the assignment with accounts that are there already, so that it overtakes a registration that is still on its way. */
async function noteAssigned(
  table: Table,
  to: BaselineReference,
  { there }: Pick<Moves, 'there'>,
  now: Date,
): Promise<void> {
  const limit = pLimit(8);
  const isThere = ({ baseline }: AccountRecord) =>
    baseline?.name === to.name && baseline.version === to.version;
  await Promise.all(
    there.map(({ accountId }) =>
      limit(() =>
        editRecord(table, accountId, (record) =>
          isThere(record) ? withBaseline(record, to, now.toISOString()) : undefined,
        ),
      ),
    ),
  );
}
