import { isDeepStrictEqual } from 'node:util';
import { AccessDenied, ControllerError, UnreadableItem } from '../../shared/domain/errors.ts';
import { notReadySince } from '../../shared/domain/readiness.ts';
import {
  type AccountStatus,
  type Condition,
  type Difference,
  type PassRecord,
  type PassResult,
  saw,
} from '../../shared/domain/status.ts';
import { type Blocked, conditionOf, WAITING_FOR_OUTPUTS } from '../kinds/kind.ts';
import { exceptedInWords } from './exceptions.ts';
import type { Finding, Findings, Run, Suspension, UnitOutcome, Verdict } from './model.ts';
import { FAILURES, isRedelivered, isWaiting, type NextRun, nextRun } from './retry.ts';
import { stillMaking } from './unrecorded.ts';

/** The status after a run. */
type RunStatus = AccountStatus & { readonly lastPass: PassRecord };

/** The status after a run, and what happens next. Pure. */
export function toStatus(
  run: Run,
  found: Findings,
  errors: readonly unknown[],
  now: Date,
): { status: RunStatus; next: NextRun['next'] } {
  const { before, record, request } = run;
  const due = nextRun(
    {
      errors: [...errors, ...refusal(found)],
      pending: found.outcomes.flatMap(({ state }) =>
        state.is === 'pending' ? [state.retryAfterSeconds] : [],
      ),
      again: [...found.outcomes.flatMap(secondsToNextRun), ...secondsToEnds(run, errors, now)],
      lastReceive: request.lastReceive,
      // A change of desired state restarts the waiting time.
      before: saw(before, record) ? before?.waiting : undefined,
    },
    now,
  );
  const findings = [
    ...found.outcomes
      .filter(({ state }) => record.lifecycle === 'retiring' || state.is !== 'removed')
      .map((outcome) => kindFinding(outcome, found.hold, due.gaveUp)),
    ...(found.verdict ? [accessFinding(found.verdict)] : []),
    ...found.findings,
    ...found.failures.map(({ type, error }) => errorFinding(type, error, due.gaveUp)),
  ];
  const conditions = toConditions(findings, before?.conditions ?? [], now.toISOString());
  const ready = conditions.length > 0 && conditions.every(({ status }) => status === 'True');
  const readySince = before?.readySince ?? (ready ? now.toISOString() : undefined);
  const admitted = found.admitted ? { ...found.admitted, at: now.toISOString() } : before?.admitted;
  const lastPass: PassRecord = {
    id: run.id,
    startedAt: run.startedAt.toISOString(),
    finishedAt: now.toISOString(),
    cause: request.message.cause,
    baseline: record.baseline ?? { name: 'none', version: 0 },
    result: due.gaveUp ? 'failed' : result(found, errors),
    calls: { ...run.calls },
    differences: differencesOf(found, before),
  };
  const making = stillMaking(run, found.outcomes);
  const exceptions = record.lifecycle === 'retiring' ? undefined : run.place.exceptions;
  const excepted = exceptedIn(found);
  const status: RunStatus = {
    schemaVersion: 1,
    accountId: record.accountId,
    version: (before?.version ?? 0) + 1,
    observedGeneration: record.generation,
    ready,
    ...(readySince && { readySince }),
    ...(!ready && { unreadySince: notReadySince(record, before) ?? now.toISOString() }),
    conditions,
    outputs: run.place.outputs,
    ...(run.stands.home && { home: run.stands.home }),
    ...(run.stands.leftovers.length > 0 && { leftovers: run.stands.leftovers }),
    ...(making.length > 0 && { making }),
    ...(admitted && { admitted }),
    foreign: found.outcomes.length > 0 ? foreignNames(found) : (before?.foreign ?? []),
    ...(exceptions && { exceptions }),
    ...(excepted.length > 0 && { excepted }),
    ...(due.dueAt && { dueAt: due.dueAt }),
    ...(due.waiting && { waiting: due.waiting }),
    lastPass,
  };
  return { status, next: due.next };
}

/** While nothing may be written, what is due is looked at again from time to time. */
const HELD_SECONDS = 15 * 60;

/** When an outcome wants another run although nothing is wrong. */
function secondsToNextRun({ runAgainAfterSeconds: seconds, state }: UnitOutcome): number[] {
  if (seconds === undefined) return [];
  return [state.is === 'held' ? Math.max(seconds, HELD_SECONDS) : seconds];
}

/** When the exceptions end: what they cover is corrected then. A message that is redelivered says that later. */
function secondsToEnds(
  { place: { exceptions = [] }, record, request }: Run,
  errors: readonly unknown[],
  now: Date,
): number[] {
  if (record.lifecycle === 'retiring' || (errors.some(isRedelivered) && !request.lastReceive)) return [];
  return exceptions.map(({ until }) => Math.max(1, Math.ceil((Date.parse(until) - now.getTime()) / 1000)));
}

/** A role that does not admit the runner counts as a denial, and is retried like one. */
function refusal(found: Findings): AccessDenied[] {
  const { verdict } = found;
  return verdict?.ok === false && isRefused(found) ? [new AccessDenied(verdict.message)] : [];
}

/** The differences of all units, and unowned additions and excepted differences that were not reported before. */
function differencesOf(found: Findings, before: AccountStatus | undefined): Difference[] {
  const known = new Set(before?.foreign);
  const fresh = unownedIn(found).filter((one) => !known.has(foreignName(one)));
  const excepted = exceptedIn(found);
  const newlyExcepted = excepted.filter((one) => !before?.excepted?.some((old) => isSameSight(old, one)));
  return [...found.outcomes.flatMap(({ differences }) => differences), ...fresh, ...newlyExcepted];
}

/** Whether the same thing differs in the same way, whatever the end of the exception. */
function isSameSight(old: Difference, one: Difference): boolean {
  return foreignName(old) === foreignName(one) && isDeepStrictEqual(asSaved(old.actual), asSaved(one.actual));
}

/** A value as the table returns it. */
function asSaved(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/**
 * What of an account's unowned resources and excepted differences is kept from run to run, in bytes of JSON: nothing else bounds them,
 * and a status is an item of at most 400 KB. The conditions give the number of all.
 */
const UNOWNED_BYTES = 20_000;
const EXCEPTED_BYTES = 50_000;

/** The same ones in each run, in whatever order they are found. */
function unownedIn({ outcomes }: Findings): readonly Difference[] {
  const all = outcomes.flatMap(({ unowned }) => unowned);
  return asManyAsFit(all.toSorted(byName), UNOWNED_BYTES);
}

function exceptedIn({ outcomes }: Findings): readonly Difference[] {
  return asManyAsFit(
    outcomes.flatMap(({ excepted = [] }) => excepted),
    EXCEPTED_BYTES,
  );
}

/** The first elements, as many as their JSON has bytes at most. Pure. */
export function asManyAsFit<T>(list: readonly T[], bytes: number): readonly T[] {
  let room = bytes;
  return list.filter((one) => {
    room -= Buffer.byteLength(JSON.stringify(one));
    return room > 0;
  });
}

function foreignNames(found: Findings): string[] {
  return unownedIn(found).map(foreignName);
}

function byName(one: Difference, other: Difference): number {
  return foreignName(one) < foreignName(other) ? -1 : 1;
}

function foreignName({ kind, region, resource, path }: Difference): string {
  return [kind, ...(region ? [region] : []), resource, path].join(' ');
}

const HELD: Readonly<Record<Exclude<Suspension, UnreadableItem>, string>> = {
  Observed: 'the account is in mode observe; register it again with mode enforce to have them corrected',
  Paused: 'writing is paused; `orgkeeper resume` continues it',
  SweepStopped:
    'the sweep stopped writing because too many accounts differ; look at the differences of this account, and if they should be corrected, sweep again',
};

/** The condition of a unit, by its outcome; warnings are added whatever its state. Pure. */
export function kindFinding(outcome: UnitOutcome, hold: Suspension | undefined, late = false): Finding {
  const { region } = outcome;
  const { excepted = [] } = outcome;
  const said = stateFinding(outcome, hold, late);
  const excepting =
    excepted.length > 0 && outcome.state.is !== 'inDesiredState'
      ? { message: `${said.message} ${exceptedInWords(excepted)}` }
      : {};
  const finding = { ...said, ...excepting, ...(region && { region }) };
  if (!outcome.warnings?.length) return finding;
  return { ...finding, message: `${finding.message} Warning: ${outcome.warnings.join('; ')}.` };
}

function stateFinding(outcome: UnitOutcome, hold: Suspension | undefined, late: boolean): Finding {
  const { kind, state, excepted = [] } = outcome;
  const type = conditionOf(kind);
  switch (state.is) {
    case 'inDesiredState':
      if (excepted.length > 0) {
        const rest = state.note ?? 'Everything else is as the baseline says.';
        return { type, status: 'True', reason: EXCEPTED, message: `${exceptedInWords(excepted)} ${rest}` };
      }
      return {
        type,
        status: 'True',
        reason: 'InDesiredState',
        message: state.note ?? 'Everything is as the baseline says.',
      };
    case 'held': {
      const count = outcome.differences.length;
      const { why, reason } = because(hold ?? 'Observed');
      const what = `${count} ${count === 1 ? 'difference is' : 'differences are'} left as found`;
      const message = `${count === 0 ? 'Nothing is removed' : what}: ${why}.`;
      return { type, status: 'False', reason, message };
    }
    case 'blocked':
      return { type, status: 'False', reason: state.reason, message: state.message };
    case 'pending':
      return { type, status: 'False', reason: 'Settling', message: state.message };
    case 'removed':
      return { type, status: 'False', reason: state.reason, message: state.message };
    case 'failed':
      return errorFinding(type, state.error, late);
  }
}

/** The reason of a unit in which only excepted differences are left. */
const EXCEPTED = 'Excepted';

function because(hold: Suspension): { reason: string; why: string } {
  if (!(hold instanceof UnreadableItem))
    return { reason: hold === 'Observed' ? 'Drifted' : hold, why: HELD[hold] };
  const why = `writing counts as paused. ${hold.message} ${hold.remedy}`;
  return { reason: 'Paused', why: why.replace(/\.$/, '') };
}

/**
 * The condition after a failure: Unknown while the failure may pass by itself, else False. Pure.
 * @param late the time in which it should have passed is over
 */
export function errorFinding(type: string, error: unknown, late = false): Finding {
  if (!(error instanceof ControllerError)) {
    return { type, status: 'Unknown', reason: 'Unexpected', message: `Unexpected: ${messageOf(error)}` };
  }
  const { condition } = FAILURES[error.name];
  const status = condition === 'Unknown, then False' ? (late ? 'False' : 'Unknown') : condition;
  return { type, status, reason: error.reason, message: sentence(error.message, error.remedy) };
}

/** The condition `Access` after a verification. Pure. */
export function accessFinding(verdict: Verdict): Finding {
  const type = 'Access';
  if (verdict.ok) {
    const message = 'Assumable by the runner with the ExternalId; refused without it and with a wrong one.';
    return { type, status: 'True', reason: 'Verified', message };
  }
  return { type, status: 'False', reason: verdict.reason, message: verdict.message };
}

/** Findings as conditions: `changedAt` changes only with status or reason. Pure. */
export function toConditions(
  findings: readonly Finding[],
  before: readonly Condition[],
  now: string,
): Condition[] {
  return findings.map((finding) => {
    const old = before.find(({ type, region }) => type === finding.type && region === finding.region);
    const same = old?.status === finding.status && old.reason === finding.reason;
    return { ...finding, changedAt: same ? old.changedAt : now };
  });
}

function sentence(message: string, remedy: string | undefined): string {
  return remedy ? `${message.replace(/\.?$/, '.')} ${remedy}` : message;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** True if the role does not admit the runner although the run was allowed to correct it. */
function isRefused({ verdict, hold }: Findings): boolean {
  return verdict?.ok === false && !hold;
}

/** The result of a run, in one word. Pure. */
export function result(found: Findings, errors: readonly unknown[]): PassResult {
  const states = found.outcomes.map(({ state }) => state.is);
  const broken = errors.some((error) => !isWaiting(error));
  if (broken || isBlocked(found.outcomes) || isRefused(found)) return 'failed';
  if (errors.length > 0 || states.includes('pending')) return 'waiting';
  if (states.includes('held')) return 'drifted';
  const wrote = found.outcomes.some(({ differences }) =>
    differences.some(({ action }) => action !== 'reported'),
  );
  return wrote ? 'corrected' : 'unchanged';
}

/** True if a unit is blocked, and not only because it waits for an unfinished one. */
function isBlocked(outcomes: readonly UnitOutcome[]): boolean {
  const blocked = outcomes.filter(({ state }) => state.is === 'blocked');
  const unfinished = outcomes.some(({ state }) => state.is !== 'blocked' && state.is !== 'inDesiredState');
  return blocked.some(
    ({ state }) => !unfinished || (state.is === 'blocked' && state.reason !== WAITING_FOR_OUTPUTS),
  );
}

/** Characters of the message about a blocked unit, which is stored with the status. */
const MOST = 1_000;

/**
 * Everything that blocks a unit, as one reason and one message: the reason of the first, and each message once, one of each
 * reason before more of any. Undefined if nothing blocks the unit. Pure.
 */
export function blockedBy(blocked: readonly Blocked[]): Pick<Blocked, 'reason' | 'message'> | undefined {
  const sorted = blocked.toSorted((one, other) => waits(one) - waits(other));
  const [first] = sorted;
  if (!first) return undefined;
  const leading = sorted.filter(
    ({ reason }, at) => sorted.findIndex((each) => each.reason === reason) === at,
  );
  const messages = [...new Set([...leading, ...sorted].map(({ message }) => message))];
  return { reason: first.reason, message: joined(messages) };
}

/** Sorts units that only wait for another one last. */
function waits({ reason }: Blocked): number {
  return reason === WAITING_FOR_OUTPUTS ? 1 : 0;
}

/** As many whole messages as fit, and the number of the others; at least the first. */
function joined(messages: readonly string[]): string {
  for (let count = messages.length; count > 0; count -= 1) {
    const more = messages.length - count;
    const shown = messages.slice(0, count).join(' ');
    const text = more > 0 ? `${shown} And ${more} more: see the differences.` : shown;
    if (text.length <= MOST) return text;
  }
  return `${messages[0]?.slice(0, MOST - 1)}…`;
}

/** The status of an account from which everything of ours is removed: a later registration starts from scratch. Pure. */
export function retiredStatus(status: RunStatus): RunStatus {
  const {
    readySince: _,
    waiting: __,
    dueAt: ___,
    home: ____,
    leftovers: _____,
    making: ______,
    ...rest
  } = status;
  return { ...rest, retired: true, ready: false, outputs: {}, foreign: [] };
}
