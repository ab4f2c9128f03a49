import { putEvents } from '../../shared/aws/bus.ts';
import { asError } from '../../shared/aws/function-logger.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import { sendWork } from '../../shared/aws/queue.ts';
import type { AccountRecord, Owed } from '../../shared/domain/account.ts';
import { Conflict, ServiceFault, Throttled, UnreadableItem } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import type { Trace } from '../../shared/domain/order.ts';
import { requestMarks } from '../../shared/domain/records.ts';
import { isExchanging, saw } from '../../shared/domain/status.ts';
import {
  clearOwed,
  loadAccount,
  OWED,
  saveFirstRecord,
  saveRecord,
  saveRecordIf,
} from '../../shared/store/accounts.ts';
import { dueAccounts } from '../../shared/store/statuses.ts';
import type { TransactWrites } from '../../shared/store/table.ts';
import type { Accepted, Outcome, Trigger } from './outcome.ts';

/**
 * What a change of an account owes, by its new state: the announcement for the bus, and the work message that causes a run. Pure.
 */
export function owedBy(record: AccountRecord, trigger: Trigger): Owed {
  const { accountId, name, baseline, lifecycle } = record;
  const { cause, time, requestedAt = time } = trigger;
  const work = [{ accountId, cause, requestedAt }];
  const detail = { accountId, name, baseline, cause };
  switch (lifecycle) {
    case 'managed':
      return { announce: [{ detailType: 'AccountRegistered', detail }], work };
    case 'retiring':
      return { announce: [], work };
    case 'retired':
      // The run enters nothing: it takes back what the account exports.
      return { announce: [{ detailType: 'AccountRetired', detail }], work };
    case 'departed':
      return { announce: [], work };
    case 'unmanaged':
      return { announce: [], work: [] };
  }
}

/** What a change owes that announces nothing: a run. Pure. */
export function runOwedBy(record: AccountRecord, trigger: Trigger): Owed {
  return { announce: [], work: owedBy(record, trigger).work };
}

/**
 * Saves a change of a record together with what it owes, and returns what is to be delivered. What an earlier change still owes is
 * sent by the tick of the minute.
 * @param first for a first record: the remembered requests about the account, as they were read for the decision
 * @throws Conflict if somebody else has saved the record, or a request was remembered, since they were read
 */
export async function saveOwing(
  { main: { table } }: { readonly main: Main },
  record: AccountRecord,
  read: AccountRecord | undefined,
  owes: Owed,
  first?: { readonly trace: Trace | undefined },
): Promise<Accepted> {
  const isSaved =
    first && !read
      ? await saveFirstRecord(table, record, first.trace, owes)
      : await saveRecord(table, record, read, owes);
  if (!isSaved) throw changedMeanwhile(record);
  return owing(record, read, owes);
}

/**
 * Saves a change of a record with what it owes, as `saveOwing` does, if the `check` holds, too.
 * @throws Conflict if it does not, or somebody else has saved the record since it was read
 */
export async function saveOwingIf(
  { main: { table } }: { readonly main: Main },
  record: AccountRecord,
  read: AccountRecord,
  owes: Owed,
  check: TransactWrites[number],
): Promise<Accepted> {
  if (!(await saveRecordIf(table, record, read, owes, check))) throw changedMeanwhile(record);
  return owing(record, read, owes);
}

/** What is to be delivered after a save. */
function owing(record: AccountRecord, read: AccountRecord | undefined, owes: Owed): Accepted {
  const isOwing = owes.announce.length + owes.work.length > 0;
  return { did: 'accepted', ...owes, ...(isOwing && !read?.owed && { owedBy: [record] }) };
}

function changedMeanwhile({ accountId }: AccountRecord): Conflict {
  return new Conflict(`Somebody else changed the record of account ${accountId}.`);
}

/** Saves the time of a request in a record that it does not change otherwise, so that older ones are overtaken. @throws Conflict */
export async function noteFollowed(
  record: AccountRecord,
  { cause: { id }, time }: Trigger,
  { main }: { readonly main: Main },
  marks: Pick<AccountRecord, 'removal'> = {},
): Promise<void> {
  const followed = [...(record.followed ?? []), id];
  const noted = { ...record, ...requestMarks(record, time), ...marks, followed };
  await saveMarks(noted, record, { main });
}

/** Saves a record that owes nothing for what has changed in it. @throws Conflict if somebody else has saved it since it was read */
export async function saveMarks(
  record: AccountRecord,
  read: AccountRecord,
  { main: { table } }: { readonly main: Main },
): Promise<void> {
  if (await saveRecord(table, record, read)) return;
  throw changedMeanwhile(record);
}

/** The outcome for a record that has already followed this event: what it still owes, or nothing. Pure. */
export function followedBefore(record: AccountRecord | undefined): Outcome {
  if (!record?.owed) return { did: 'ignored', why: 'this event was already followed' };
  return { did: 'accepted', ...record.owed, owedBy: [record] };
}

/** Several outcomes as one, so that messages are sent in whole batches. Pure. */
export function together(outcomes: readonly Accepted[]): Accepted {
  const owedBy = outcomes.flatMap(({ owedBy = [] }) => owedBy);
  return {
    did: 'accepted',
    announce: outcomes.flatMap(({ announce }) => announce),
    work: outcomes.flatMap(({ work }) => work),
    ...(owedBy.length > 0 && { owedBy }),
  };
}

/** Sends the messages of an outcome, then removes them from the records. After a crash in between they are sent again. */
export async function deliver({ announce, work, owedBy = [] }: Accepted, main: Main): Promise<void> {
  await putEvents(main.bus, announce, OUR_SOURCE);
  await sendWork(main.work, work);
  await Promise.all(owedBy.map((record) => clearOwed(main.table, record)));
}

/**
 * Delivers what records still owe; without the work message if a run has seen the record since. What an unreadable record owes waits
 * until somebody corrects it; a sweep's run reports it. What AWS refuses of one account holds up no other.
 * @returns the number of accounts that owed something
 * @throws AggregateError at the end, if AWS has refused something; ServiceFault or Throttled at once, since AWS would do the same to the others
 */
export async function deliverOwed(
  now: Date,
  { main, timeLeft }: { readonly main: Main; readonly timeLeft: () => boolean },
): Promise<number> {
  let delivered = 0;
  const refused = new Map<string, unknown>();
  for await (const { accountId } of owingAccounts(now, main)) {
    const owing = await stillOwed(accountId, main);
    if (!owing) continue;
    try {
      await deliver(owing, main);
      delivered += 1;
    } catch (error) {
      if (error instanceof ServiceFault || error instanceof Throttled) throw error;
      refused.set(accountId, error);
    }
    if (!timeLeft()) break;
  }
  if (refused.size > 0) {
    // The log shows the message of an error, and none of those that are together in it.
    const said = [...refused].map(([accountId, error]) => `${accountId}: ${asError(error).message}`);
    throw new AggregateError([...refused.values()], `AWS refuses what accounts owe: ${said.join('; ')}`);
  }
  return delivered;
}

async function* owingAccounts(now: Date, { table }: Main): AsyncGenerator<{ accountId: string }> {
  for await (const page of dueAccounts(table, now, OWED)) yield* page;
}

/** True for an account that runs no longer enter; a run takes back what it exports. */
function isGone({ lifecycle }: AccountRecord): boolean {
  return lifecycle === 'retired' || lifecycle === 'departed';
}

/** What the record of an account owes now; undefined if it owes nothing or cannot be read. */
async function stillOwed(accountId: string, { table }: Main): Promise<Accepted | undefined> {
  try {
    const { record, status } = await loadAccount(table, accountId);
    if (!record?.owed) return undefined;
    const isSeen = saw(status, record) && !(isExchanging(status) && isGone(record));
    const { announce, work } = record.owed;
    return { did: 'accepted', announce, work: isSeen ? [] : work, owedBy: [record] };
  } catch (error) {
    if (error instanceof UnreadableItem) return undefined;
    throw error;
  }
}
