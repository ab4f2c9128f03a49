import { ControllerError, ServiceFault } from '../domain/errors.ts';
import { translateError } from './translate-error.ts';

/** Where a call goes: a service in a region, or a global service. */
export interface Endpoint {
  readonly service: string;
  readonly region?: string;
}

/** What one process knows of endpoints of AWS that do not answer. */
export interface Outages {
  /**
   * Sends an attempt of a call for an account, unless the endpoint is known to be down. While others try whether it is back, this
   * attempt waits for what they find.
   * @throws ServiceFault (`Unreachable`) if nothing was sent; else what `send` throws
   */
  attempt<T>(at: Endpoint, accountId: string, send: () => Promise<T>): Promise<T>;
}

/**
 * An endpoint is down if for ten seconds it has answered nobody, and ten attempts of three accounts have failed. A call that hangs for one
 * account says nothing about the others, and connections that break at the same moment work again at the next attempt.
 */
const DOWN = { accounts: 3, attempts: 10, milliseconds: 10_000 };
/** So long nobody calls an endpoint that is down. Then each of three accounts sends one attempt: the first answer ends the outage. */
const PAUSE_MS = 30_000;
/** Failures that are so long ago say nothing about now: the environment may have been frozen since. */
const FORGET_MS = 60_000;

/** Reason of a call that was not sent, since its endpoint is down. */
const UNREACHABLE = 'Unreachable';

interface Up {
  readonly is: 'up';
  /** Times in milliseconds. */
  answeredAt: number;
  /** What has failed since the last answer. */
  readonly accounts: Set<string>;
  attempts: number;
  since: number;
  failedAt: number;
}

interface Down {
  readonly is: 'down';
  readonly since: number;
  until: number;
  trial: Trial;
}

/** The attempts that find out whether an endpoint is back. */
interface Trial {
  readonly accounts: Set<string>;
  running: number;
  hasFailed: boolean;
  readonly over: Promise<void>;
  readonly end: () => void;
}

/** Knows of no outage yet. Create one for a process. */
export function rememberOutages(now: () => number = Date.now): Outages {
  const states = new Map<string, Up | Down>();

  function stateOf(key: string): Up | Down {
    const state = states.get(key) ?? up(Number.NEGATIVE_INFINITY);
    states.set(key, state);
    return state;
  }

  async function attempt<T>(at: Endpoint, accountId: string, send: () => Promise<T>): Promise<T> {
    const key = `${at.service} ${at.region}`;
    const state = stateOf(key);
    if (state.is === 'up') return observed(key, accountId, send);
    if (now() < state.until) throw unreachable(at, state);
    const { trial } = state;
    if (trial.accounts.size < DOWN.accounts && !trial.accounts.has(accountId)) {
      trial.accounts.add(accountId);
      trial.running += 1;
      return observed(key, accountId, send, trial);
    }
    await trial.over;
    return attempt(at, accountId, send);
  }

  /** Sends the attempt, and learns from its end. */
  async function observed<T>(
    key: string,
    accountId: string,
    send: () => Promise<T>,
    trial?: Trial,
  ): Promise<T> {
    const began = now();
    try {
      const answer = await send();
      answered(key);
      return answer;
    } catch (error) {
      if (isFailure(error)) failed(key, accountId, began, trial);
      else if (isAnswer(error)) answered(key);
      throw error;
    } finally {
      if (trial) endOne(key, trial);
    }
  }

  function answered(key: string): void {
    const state = stateOf(key);
    if (state.is === 'down') {
      states.set(key, up(now()));
      state.trial.end();
      return;
    }
    state.answeredAt = now();
    forget(state);
  }

  function failed(key: string, accountId: string, began: number, trial: Trial | undefined): void {
    if (trial) trial.hasFailed = true;
    const state = stateOf(key);
    if (state.is === 'down') return;
    const time = now();
    if (time - state.failedAt > FORGET_MS) forget(state);
    if (state.attempts === 0) state.since = Math.max(began, state.answeredAt);
    state.attempts += 1;
    state.failedAt = time;
    state.accounts.add(accountId);
    const { accounts, attempts, since } = state;
    if (accounts.size < DOWN.accounts || attempts < DOWN.attempts || time - since < DOWN.milliseconds) return;
    states.set(key, { is: 'down', since, until: time + PAUSE_MS, trial: newTrial() });
  }

  /** Once nobody tries any more, those who wait go on: if all attempts failed, the pause begins again. */
  function endOne(key: string, trial: Trial): void {
    trial.running -= 1;
    const state = stateOf(key);
    if (trial.running > 0 || state.is !== 'down' || state.trial !== trial) return;
    if (trial.hasFailed) state.until = now() + PAUSE_MS;
    state.trial = newTrial();
    trial.end();
  }

  return { attempt };
}

/** True for a call that was not sent, since its endpoint is down: nothing is wrong with the account. */
export function isOutage(error: unknown): boolean {
  return error instanceof ServiceFault && error.reason === UNREACHABLE;
}

function up(answeredAt: number): Up {
  return { is: 'up', answeredAt, accounts: new Set(), attempts: 0, since: answeredAt, failedAt: answeredAt };
}

/** Forgets what has failed. */
function forget(state: Up): void {
  state.accounts.clear();
  state.attempts = 0;
}

function newTrial(): Trial {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  return { accounts: new Set(), running: 0, hasFailed: false, over, end };
}

function unreachable({ service, region }: Endpoint, { since, until }: Down): ServiceFault {
  const [from, to] = [since, until].map((time) => new Date(time).toISOString());
  const where = region ? `${service} in ${region}` : service;
  return new ServiceFault(
    `AWS does not answer: each call to ${where} has failed since ${from}, for several accounts, and the next is sent after ${to}.`,
    {
      reason: UNREACHABLE,
      remedy: `Nothing is wrong with the account, and the next run tries again; look at the AWS Health Dashboard${region ? ` for ${region}` : ''}.`,
    },
  );
}

/** True if AWS failed, or did not answer. An error of ours is that of an attempt that was not sent. */
function isFailure(error: unknown): boolean {
  return !(error instanceof ControllerError) && translateError('', error) instanceof ServiceFault;
}

/** True if AWS answered; a denial is an answer. */
function isAnswer(error: unknown): boolean {
  const { $metadata } = (error ?? {}) as { $metadata?: { httpStatusCode?: number } };
  return !(error instanceof ControllerError) && Boolean($metadata?.httpStatusCode);
}
