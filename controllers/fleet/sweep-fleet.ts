import type { Table } from '../../shared/aws/main-clients.ts';
import { sendSweep, sendWork } from '../../shared/aws/queue.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { Problem } from '../../shared/domain/errors.ts';
import type { SweepRequest } from '../../shared/domain/requests.ts';
import type { SweepMessage, WorkMessage } from '../../shared/domain/work.ts';
import { accountOf, getRecords, recordPages } from '../../shared/store/accounts.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import { advanceSweep, startSweep } from '../../shared/store/controls.ts';
import type { Page } from '../../shared/store/item.ts';
import { followSweep, saveParts } from '../../shared/store/sweep-parts.ts';
import type { TaskDeps } from './list-organization.ts';
import {
  type FleetDeps,
  type Outcome,
  rejected,
  rejectedFor,
  type Trigger,
  unknownBaseline,
} from './outcome.ts';

type FleetSweep = Extract<SweepMessage, { task: 'sweep' }>;

/** The number of runs that a sweep requested, and the fleet's records once all are requested. */
export interface Swept {
  readonly runs: number;
  /** Every record of the fleet by account id; absent if time ran out and the rest was handed over. */
  readonly records?: ReadonlyMap<string, AccountRecord>;
}

/**
 * Requests a sweep: a run of each named account, sent immediately; or of every account (of a baseline), sent by the sweep function.
 * Refused if a named account is not managed or the baseline was never published. The id of the trigger is the id of the sweep.
 * @param arrivedAt ISO time from which on runs answer the sweep: its request may be hours old
 */
export async function requestSweep(
  { accountIds, baseline }: SweepRequest,
  { cause, time: requestedAt, arrivedAt: since }: Trigger & { readonly arrivedAt: string },
  { main }: Pick<FleetDeps, 'main'>,
): Promise<Outcome> {
  const sweepId = cause.id;
  const isKnown = !baseline || (await findBaseline(main.table, baseline));
  const refused = rejectedFor([isKnown ? undefined : unknownBaseline(baseline)]);
  if (refused) return refused;
  if (!accountIds) {
    const named = baseline ? { baseline } : {};
    await sendSweep(main.sweep, { task: 'sweep', sweepId, cause, requestedAt, ...named });
    return { did: 'accepted', announce: [], work: [] };
  }
  const problems = await unmanagedAccounts(accountIds, main.table);
  if (problems.length > 0) {
    return rejected(
      'UnknownAccount',
      `${problems.length} of the accounts are not managed by Orgkeeper.`,
      problems,
    );
  }
  const unique = [...new Set(accountIds)];
  await startSweep(main.table, { sweepId, accounts: unique.length, startedAt: requestedAt, cause });
  await saveParts(main.table, { sweepId, since }, 'named', unique);
  await followSweep(main.table, sweepId, new Date(since));
  const work = unique.map((accountId): WorkMessage => ({ accountId, cause, requestedAt, sweepId }));
  return { did: 'accepted', announce: [], work };
}

/** A problem for each named account that is not managed, by its place in the request. */
export async function unmanagedAccounts(accountIds: readonly string[], table: Table): Promise<Problem[]> {
  const records = await getRecords(table, accountIds);
  return accountIds.flatMap((accountId, index) => {
    const record = records.get(accountId);
    if (record?.lifecycle === 'managed') return [];
    const message = record
      ? `account ${accountId} is ${record.lifecycle}`
      : `account ${accountId} was never registered`;
    return [{ path: `detail.accountIds[${index}]`, message }];
  });
}

/**
 * Requests a run of every managed or retiring account (of a baseline, if named), one page at a time. Reads the fleet once, before the
 * first run is requested, since the circuit breaker needs the number of accounts. Saves its progress, and continues from there after
 * a crash or when time runs out.
 */
export async function sweepFleet(
  message: FleetSweep,
  { main, timeLeft, now }: Pick<TaskDeps, 'main' | 'timeLeft' | 'now'>,
): Promise<Swept> {
  const { table } = main;
  const { sweepId, requestedAt: startedAt, cause, baseline } = message;
  const pages: Page<AccountRecord>[] = [];
  for await (const page of recordPages(table)) pages.push(page);
  const records = new Map(pages.flatMap(({ items }) => items.map((record) => [record.accountId, record])));
  const accounts = [...records.values()].filter((record) => concerns(record, message)).length;
  const { cursor = '' } = await startSweep(table, {
    ...{ sweepId, accounts, startedAt, cause },
    ...(baseline === undefined ? { fleet: true as const } : { baseline }),
  });
  let runs = 0;
  for (const { items, unreadable, last = '' } of pages) {
    if (last <= cursor) continue;
    // A retiring account runs again, since what blocked its removal may be gone. The circuit breaker does not count it.
    const swept = items.filter(
      (record) => concerns(record, message) || concerns(record, message, 'retiring'),
    );
    // The account of an unreadable record gets a run, too, which reports the record.
    const ids = [...swept.map(({ accountId }) => accountId), ...unreadable.map(({ pk }) => accountOf(pk))];
    const behind = ids.filter((accountId) => accountId > cursor);
    const retiring = new Set(swept.filter((one) => !concerns(one, message)).map((one) => one.accountId));
    const counted = behind.filter((accountId) => !retiring.has(accountId));
    await saveParts(table, { sweepId, since: now().toISOString() }, last, counted);
    await sendWork(
      main.work,
      behind.map((accountId) => toWork(accountId, message)),
    );
    runs += behind.length;
    await advanceSweep(table, sweepId, last);
    if (timeLeft()) continue;
    await sendSweep(main.sweep, message);
    return { runs };
  }
  await followSweep(table, sweepId, now());
  return { runs, records };
}

function concerns(
  record: Pick<AccountRecord, 'lifecycle' | 'baseline'>,
  message: FleetSweep,
  lifecycle: AccountRecord['lifecycle'] = 'managed',
): boolean {
  return record.lifecycle === lifecycle && (!message.baseline || record.baseline?.name === message.baseline);
}

function toWork(accountId: string, { sweepId, cause, requestedAt }: FleetSweep): WorkMessage {
  return { accountId, cause, requestedAt, sweepId };
}
