import type { AccountRecord } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { type Exception, endProblem, holds, MOST_EXCEPTIONS } from '../../shared/domain/exceptions.ts';
import { isEarlier, orderOf } from '../../shared/domain/order.ts';
import type { ExceptionEndRequest, ExceptionRequest } from '../../shared/domain/requests.ts';
import { getRecord } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { type Ending, endUnchanged, rememberEnd, rememberedEnd } from '../../shared/store/ends.ts';
import {
  type FleetDeps,
  type Outcome,
  overtaken,
  type Rejection,
  refusal,
  rejectedFor,
  type Trigger,
} from './outcome.ts';
import { followedBefore, runOwedBy, saveOwing, saveOwingIf } from './owed.ts';

/**
 * Requests of exceptions do not take part in the order of an account's other requests: each exception has the times of its own. One is
 * overtaken if it is older than another of its path, or than the registration of the account. Nothing ends an exception when its
 * time is over but the clock: runs no longer count it.
 */

type Deps = Pick<FleetDeps, 'main'>;

/** How long an exception that has ended stays in the record. */
const LISTED_MS = 24 * 3_600_000;

/**
 * Adds an exception to the record of an account, in place of one with its path, and asks for a run, which reports what it covers. The
 * same event again changes nothing.
 */
export async function requestException(
  { accountId, path, until, because, iKnow }: ExceptionRequest,
  trigger: Trigger,
  { main }: Deps,
): Promise<Outcome> {
  const { cause, time } = trigger;
  const record = await getRecord(main.table, accountId);
  if (isFollowed(record, trigger)) return followedBefore(record);
  if (record?.lifecycle !== 'managed') return { did: 'rejected', rejection: notManaged(accountId, record) };
  const { exceptions = [] } = record;
  const before = exceptions.find((one) => one.path === path);
  const ending: Ending = { accountId, what: 'exception', name: path };
  const ended = await rememberedEnd(main.table, ending);
  const later = [before?.at, ended, record.registeredAt].find((other) => isEarlier(time, other));
  if (later !== undefined) return overtaken(named(path, accountId), trigger, later);
  const now = new Date(time);
  const end = endProblem(until, now);
  const live = exceptions.filter((one) => one !== before && holds(one, now));
  const refused = rejectedFor([
    await kindProblem(path, record, main),
    end === undefined ? end : refusal('EndNotAllowed', 'detail.until', end, `detail.until ${end}.`),
    live.length < MOST_EXCEPTIONS
      ? undefined
      : refusal(
          'TooManyExceptions',
          'detail.path',
          `is one exception too many: an account has at most ${MOST_EXCEPTIONS}; end one`,
        ),
  ]);
  if (refused) return refused;
  const { requestedBy, sentBy } = cause;
  const exception: Exception = {
    ...{ path, until: new Date(until).toISOString(), because, request: cause.id, at: time },
    ...(requestedBy !== undefined && { requestedBy }),
    ...(sentBy !== undefined && { sentBy }),
    ...(iKnow && { iKnow }),
  };
  const others = recent(exceptions, now).filter((one) => one.path !== path);
  const next = changed(record, [...others, exception], trigger);
  const isStillWanted = endUnchanged(main.table, ending, ended);
  return saveOwingIf({ main }, next, record, runOwedBy(next, trigger), isStillWanted);
}

/**
 * Ends an exception before its time, and asks for a run, which corrects what it covered. Remembered whatever the record says: the request
 * that it ends may still be on its way.
 */
export async function endException(
  { accountId, path }: ExceptionEndRequest,
  trigger: Trigger,
  { main }: Deps,
): Promise<Outcome> {
  const { time } = trigger;
  // First, so that a request is either in the record that is read next, or finds this.
  await rememberEnd(main.table, { accountId, what: 'exception', name: path }, time);
  const record = await getRecord(main.table, accountId);
  if (isFollowed(record, trigger)) return followedBefore(record);
  if (record?.lifecycle !== 'managed') return { did: 'rejected', rejection: notManaged(accountId, record) };
  const { exceptions = [] } = record;
  const found = exceptions.find((one) => one.path === path);
  if (!found) {
    const message = 'is not the path of an exception of the account';
    const sentence = `Account ${accountId} has no exception ${path}: \`orgkeeper exceptions ${accountId}\` shows those that it has.`;
    return { did: 'rejected', rejection: refusal('UnknownException', 'detail.path', message, sentence) };
  }
  if (isEarlier(time, found.at)) return overtaken(named(path, accountId), trigger, found.at);
  const now = new Date(time);
  if (!holds(found, now)) return { did: 'ignored', why: 'the exception has ended already' };
  const ended = recent(exceptions, now).map((one) => (one === found ? { ...one, endedAt: time } : one));
  const next = changed(record, ended, trigger);
  return saveOwing({ main }, next, record, runOwedBy(next, trigger));
}

function named(path: string, accountId: string): string {
  return `the exception ${path} of account ${accountId}`;
}

function isFollowed(record: AccountRecord | undefined, { cause: { id }, time }: Trigger): boolean {
  return orderOf({ id, time }, record) === 'followed';
}

/** Only a managed account has differences; one that is only observed may have exceptions, too. */
function notManaged(accountId: string, record: AccountRecord | undefined): Rejection {
  const of = (reason: string, message: string) =>
    refusal(reason, 'detail.accountId', message, `Account ${accountId} ${message}.`);
  switch (record?.lifecycle) {
    case 'retiring':
    case 'retired':
      return of('AccountRetired', `is ${record.lifecycle}: register it again to except something of it`);
    case 'departed':
      return of('AccountDeparted', 'cannot be entered, since it has left or is suspended or closed');
    default:
      return of('UnknownAccount', 'is not managed by Orgkeeper');
  }
}

/** Why the kind of a path is none that the account has; a baseline that cannot be read is no reason. */
async function kindProblem(
  path: string,
  { baseline }: AccountRecord,
  main: Deps['main'],
): Promise<Rejection | undefined> {
  const document = baseline && (await getBaseline(main.table, baseline.name, baseline.version));
  const kind = path.slice(0, path.indexOf(':'));
  if (!document || Object.hasOwn(document.sections, kind)) return undefined;
  const has = Object.keys(document.sections).join(', ');
  const message = `names ${kind}, which is no section of the baseline ${formatBaseline(document)}: it has ${has}`;
  return refusal('UnknownKind', 'detail.path', message, `detail.path ${message}.`);
}

/** The exceptions without those that ended long ago. Pure. */
function recent(exceptions: readonly Exception[], now: Date): readonly Exception[] {
  const since = now.getTime() - LISTED_MS;
  return exceptions.filter(({ until, endedAt }) => Date.parse(endedAt ?? until) > since);
}

function changed(record: AccountRecord, exceptions: readonly Exception[], { cause }: Trigger): AccountRecord {
  return { ...record, exceptions, generation: record.generation + 1, changedBy: cause.id };
}
