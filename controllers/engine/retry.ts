import { isOutage } from '../../shared/aws/outages.ts';
import type { Failed } from '../../shared/aws/queue.ts';
import {
  ControllerError,
  type FailureName,
  NotYetConsistent,
  ServiceFault,
} from '../../shared/domain/errors.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import type { Clock, Next } from './model.ts';

/**
 * Why an account, or a request for one, is tried again, and when. `FAILURES` is the table of all classes of failure, for runs and for
 * creations; docs/tour.md prints it. The functions below apply the table.
 */

const MINUTE = 60;
const QUARTER = 15 * MINUTE;
const DAY = 24 * 3600;

/** What a class of failure means for the next try. */
export type RetryRule =
  /** The message is redelivered; after its last delivery, the account is due after a minute. */
  | { readonly try: 'backoff' }
  /** `soon`: every 30 s for the first two minutes, the time in which IAM becomes consistent. */
  | { readonly try: 'after'; readonly seconds: number; readonly soon?: true; readonly giveUpAfter?: number }
  | { readonly try: 'doubling'; readonly from: number; readonly to: number; readonly giveUpAfter?: number }
  | { readonly try: 'never' };

interface Failure {
  /** The rule for a run. A failure's own `retryAfterSeconds` has precedence. */
  readonly run: RetryRule;
  /** The status of the condition: Unknown if the failure may pass by itself, else False. */
  readonly condition: 'Unknown' | 'False' | 'Unknown, then False';
  /** What the account waits for, if time alone corrects the failure: the result is `waiting`, not `failed`. */
  readonly waitsFor?: 'account' | 'consistency';
  /** The rule for a step of a request for an account. */
  readonly creation: RetryRule;
  /** The rule for the call CreateAccount itself. */
  readonly createAccount: RetryRule;
}

const never = { try: 'never' } as const;
const backoff = { try: 'backoff' } as const;
const after = (seconds: number) => ({ try: 'after', seconds }) as const;
const soonThen = (seconds: number) => ({ try: 'after', seconds, soon: true }) as const;
/** AWS may have received CreateAccount: the account is searched for before the call is repeated. */
const unanswered = after(10);
const busy = { try: 'doubling', from: 10, to: 300 } as const;

/** What every class of failure means for the next try of a run and of a creation. */
export const FAILURES: Readonly<Record<FailureName, Failure>> = {
  Throttled: { run: backoff, condition: 'Unknown', creation: after(30), createAccount: busy },
  ServiceFault: { run: backoff, condition: 'Unknown', creation: after(30), createAccount: unanswered },
  Conflict: { run: backoff, condition: 'Unknown', creation: after(30), createAccount: busy },
  OutOfTime: { run: backoff, condition: 'Unknown', creation: after(30), createAccount: never },
  NotYetConsistent: {
    run: soonThen(QUARTER),
    condition: 'Unknown, then False',
    waitsFor: 'consistency',
    creation: after(30),
    createAccount: never,
  },
  AccessDenied: {
    run: soonThen(QUARTER),
    condition: 'False',
    creation: after(QUARTER),
    createAccount: { ...after(QUARTER), giveUpAfter: DAY },
  },
  QuotaExceeded: { run: soonThen(3600), condition: 'False', creation: after(3600), createAccount: never },
  AccountNotReady: {
    run: { try: 'doubling', from: MINUTE, to: QUARTER, giveUpAfter: DAY },
    condition: 'False',
    waitsFor: 'account',
    creation: after(QUARTER),
    createAccount: never,
  },
  InvalidDesiredState: { run: never, condition: 'False', creation: after(QUARTER), createAccount: never },
  ForeignResource: { run: never, condition: 'False', creation: after(QUARTER), createAccount: never },
  UnreadableItem: { run: never, condition: 'False', creation: after(QUARTER), createAccount: never },
};

/** What a request for an account waits for although nothing failed. */
export const CREATION_WAITS = {
  /** The organization is being set up, or too many accounts were made lately. */
  organizationBusy: after(QUARTER),
  /** AWS is creating five accounts, the most that it creates at once. */
  noRoom: after(3),
  unanswered,
  beingCreated: { try: 'doubling', from: MINUTE, to: QUARTER },
  /** The organization does not list the new account yet. */
  notListed: after(30),
} as const satisfies Readonly<Record<string, RetryRule>>;

/** A change that IAM does not show within two minutes counts as a failure. */
const CONSISTENT_WITHIN_SECONDS = 2 * MINUTE;
const SOON_SECONDS = 30;

/** True if the message is redelivered after this failure: one that passes by itself, or an unknown error. */
export function isRedelivered(error: unknown): boolean {
  return !(error instanceof ControllerError) || FAILURES[error.name].run.try === 'backoff';
}

/** True for a failure that time alone corrects: the account is waiting, not failed. */
export function isWaiting(error: unknown): boolean {
  return error instanceof ControllerError && FAILURES[error.name].waitsFor !== undefined;
}

type Waiting = NonNullable<AccountStatus['waiting']>;

/** What follows a run: for its message, and when the account is due without a message. */
export interface NextRun {
  readonly next: Next;
  /** ISO time. Set for failures with a time of their own, even if the message is redelivered for another. */
  readonly dueAt?: string;
  readonly waiting?: Waiting;
  /** True if the run's failure did not pass in the time allowed for it. */
  readonly gaveUp: boolean;
}

/** What a run leaves unfinished. */
export interface Unfinished {
  readonly errors: readonly unknown[];
  /** Seconds until each pending unit is observed again. */
  readonly pending: readonly number[];
  /** Seconds until the account is to be run again although nothing is wrong. */
  readonly again?: readonly number[];
  /** The message will not be delivered again. */
  readonly lastReceive: boolean;
  /** Since when the account has been waiting, by the run before. */
  readonly before: Waiting | undefined;
}

/** What follows a run. The account is due at the earliest time that any of the run's failures requires. Pure. */
export function nextRun(
  { errors, pending, again: wanted = [], lastReceive, before }: Unfinished,
  now: Date,
): NextRun {
  const passing = errors.filter(isRedelivered);
  const parked = lastReceive && passing[0] instanceof ControllerError;
  const known = errors.filter((error) => error instanceof ControllerError);
  const due = known.filter((error) => !isRedelivered(error) || lastReceive);
  const timed = noLater(timeOf([...pending, ...due], before, now), wanted, now);
  const again: Next = { is: 'backoff', why: whyAgain(passing) };
  return { ...timed, next: passing.length > 0 && !parked ? again : nextOf(timed, errors, now) };
}

/** The longer pauses and the shorter ones are only for runs that failed for nothing else. */
function whyAgain(passing: readonly unknown[]): Failed {
  if (passing.every(isOutage)) return 'outage';
  return passing.every((error) => error instanceof ServiceFault) ? 'fault' : 'again';
}

/** The same, due after so many seconds at the latest. */
function noLater<T extends Pick<NextRun, 'dueAt'>>(timed: T, seconds: readonly number[], now: Date): T {
  if (seconds.length === 0) return timed;
  const at = new Date(now.getTime() + Math.min(...seconds) * 1000).toISOString();
  return timed.dueAt !== undefined && timed.dueAt < at ? timed : { ...timed, dueAt: at };
}

function nextOf({ dueAt }: Omit<NextRun, 'next'>, errors: readonly unknown[], now: Date): Next {
  if (dueAt) return { is: 'after', seconds: (Date.parse(dueAt) - now.getTime()) / 1000 };
  return { is: errors.length > 0 ? 'never' : 'done' };
}

function timeOf(
  wants: readonly (number | ControllerError)[],
  before: Waiting | undefined,
  now: Date,
): Omit<NextRun, 'next'> {
  if (wants.length === 0) return { gaveUp: false };
  const what = waitsFor(wants);
  const same = before && (before.for ?? what) === what;
  const { since, attempts } = same ? before : { since: now.toISOString(), attempts: 0 };
  const waiting: Waiting = { since, attempts: attempts + 1, for: what };
  const waited = (now.getTime() - Date.parse(since)) / 1000;
  if (what === 'account' && isOver(FAILURES.AccountNotReady.run, new Date(since), now))
    return { waiting, gaveUp: true };
  const seconds = wants.flatMap((want) => secondsUntil(want, attempts, waited) ?? []);
  if (seconds.length === 0) return { gaveUp: false };
  const dueAt = new Date(now.getTime() + Math.min(...seconds) * 1000).toISOString();
  return { dueAt, waiting, gaveUp: what === 'consistency' && waited >= CONSISTENT_WITHIN_SECONDS };
}

/** What the account waits for. The waiting time restarts when that changes. */
function waitsFor(wants: readonly (number | ControllerError)[]): NonNullable<Waiting['for']> {
  const whatFor = wants.map((want) => (typeof want === 'number' ? 'making' : FAILURES[want.name].waitsFor));
  if (whatFor.includes('account')) return 'account';
  if (whatFor.includes('consistency')) return 'consistency';
  return whatFor.every((one) => one === 'making') ? 'making' : 'remedy';
}

function secondsUntil(want: number | ControllerError, attempts: number, waited: number): number | undefined {
  if (typeof want === 'number') return want;
  const rule = FAILURES[want.name].run;
  switch (rule.try) {
    case 'backoff':
      return MINUTE;
    case 'never':
      return want.retryAfterSeconds;
    case 'doubling':
      return doubled(rule, attempts);
    case 'after':
      if (rule.soon && waited < CONSISTENT_WITHIN_SECONDS)
        return Math.min(SOON_SECONDS, want.retryAfterSeconds ?? SOON_SECONDS);
      return want instanceof NotYetConsistent ? rule.seconds : (want.retryAfterSeconds ?? rule.seconds);
  }
}

/**
 * When a request for an account is tried again by this rule. Pure.
 * @param tried the number of earlier attempts, and the time of the first one with this failure
 */
export function nextCreation(
  rule: RetryRule,
  tried: {
    readonly attempts?: number;
    readonly since?: Date;
    readonly retryAfterSeconds?: number | undefined;
  },
  now: Date,
): Next {
  const { attempts = 0, since = now } = tried;
  if (isOver(rule, since, now)) return { is: 'never' };
  switch (rule.try) {
    case 'never':
      return { is: 'never' };
    case 'backoff':
      return { is: 'backoff', why: 'again' };
    case 'doubling':
      return { is: 'after', seconds: doubled(rule, attempts) };
    case 'after':
      return { is: 'after', seconds: tried.retryAfterSeconds ?? rule.seconds };
  }
}

/** When a request that fails since then is given up; undefined if never. Pure. */
export function givenUpAt(rule: RetryRule, since: Date): Date | undefined {
  if (!('giveUpAfter' in rule) || rule.giveUpAfter === undefined) return undefined;
  return new Date(since.getTime() + rule.giveUpAfter * 1000);
}

/** Seconds until a waiting request is tried again. Pure. */
export function secondsToWait(waitingFor: Wait, attempts = 0): number {
  const rule = CREATION_WAITS[waitingFor];
  return rule.try === 'doubling' ? doubled(rule, attempts) : rule.seconds;
}

function isOver(rule: RetryRule, since: Date, now: Date): boolean {
  const end = givenUpAt(rule, since);
  return end !== undefined && now >= end;
}

function doubled({ from, to }: Extract<RetryRule, { try: 'doubling' }>, attempts: number): number {
  return Math.min(to, from * 2 ** Math.min(attempts, 16));
}

/** The table as Markdown, as docs/tour.md prints it. Pure. */
export function failuresInWords(): string {
  const rows = Object.entries(FAILURES).map(([name, failure]) => [
    `\`${name}\``,
    inWords(failure.run),
    failure.condition + (failure.waitsFor ? ', `waiting`' : ''),
    inWords(failure.creation),
    inWords(failure.createAccount),
  ]);
  rows.push(['anything else', inWords(backoff), 'Unknown', 'the message again', inWords(never)]);
  const waits = Object.entries(CREATION_WAITS).map(
    ([name, rule]) => `${NAMES[name as Wait]} ${inWords(rule)}`,
  );
  const head = ['class', 'the next run', 'condition', 'a step of a creation', 'CreateAccount'];
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  return `${table}\n\nA request for an account also waits without a failure: ${waits.join('; ')}.`;
}

type Wait = keyof typeof CREATION_WAITS;

const NAMES: Readonly<Record<Wait, string>> = {
  organizationBusy: 'if the organization accepts no request now, CreateAccount is called again',
  noRoom: 'while five accounts are being created, it is called',
  unanswered: 'after a call without an answer, the account is searched for',
  beingCreated: 'the state of the creation is polled',
  notListed: 'an account that the organization does not list is looked up',
};

function inWords(rule: RetryRule): string {
  switch (rule.try) {
    case 'backoff':
      return 'with backoff';
    case 'never':
      return 'never';
    case 'after':
      return `${rule.soon ? 'after 30 s for 2 min, then ' : 'after '}${time(rule.seconds)}${end(rule)}`;
    case 'doubling':
      return `after ${time(rule.from)}, doubling to ${time(rule.to)}${end(rule)}`;
  }
}

function end({ giveUpAfter }: { readonly giveUpAfter?: number }): string {
  return giveUpAfter === undefined ? '' : `, for ${time(giveUpAfter)}`;
}

function time(seconds: number): string {
  if (seconds < MINUTE) return `${seconds} s`;
  return seconds < 3600 ? `${seconds / MINUTE} min` : `${seconds / 3600} h`;
}

const EVENTUALLY_MS = 10_000;

/**
 * Repeats a call within a run while AWS is not consistent yet: while the call fails with NotYetConsistent, or with an AWS error named
 * in `alsoWhen`. Pauses grow from 0.25 s. After 10 s it throws NotYetConsistent, and the next run tries again.
 */
export async function eventually<T>(
  call: () => Promise<T>,
  { now, pause: wait }: Clock,
  alsoWhen: readonly string[] = [],
): Promise<T> {
  const end = now().getTime() + EVENTUALLY_MS;
  for (let pause = 250; ; pause *= 2) {
    try {
      return await call();
    } catch (error) {
      if (!passes(error, alsoWhen)) throw error;
      const left = end - now().getTime();
      if (left <= 0) {
        throw error instanceof NotYetConsistent ? error : stillAnswers(error);
      }
      await wait(Math.min(pause, left));
    }
  }
}

function stillAnswers(error: unknown): NotYetConsistent {
  const { reason, remedy } = error instanceof ControllerError ? error : {};
  return new NotYetConsistent(`AWS still answers: ${error instanceof Error ? error.message : error}`, {
    cause: error,
    ...(reason && { reason }),
    ...(remedy && { remedy }),
  });
}

function passes(error: unknown, alsoWhen: readonly string[]): boolean {
  return error instanceof NotYetConsistent || (error instanceof Error && alsoWhen.includes(error.name));
}
