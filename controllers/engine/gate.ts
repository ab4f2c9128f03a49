import { putEvents } from '../../shared/aws/bus.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { brakeTrips, isPaused } from '../../shared/domain/control.ts';
import { Conflict, OutOfTime, UnreadableItem } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { type AccountStatus, saw } from '../../shared/domain/status.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { countDrifted, isStopped, stopAnnounced, stopSweep } from '../../shared/store/controls.ts';
import { LEASE_SECONDS } from '../../shared/store/leases.ts';
import { renewLease, takeLease } from '../../shared/store/statuses.ts';
import type { CallGate, Heartbeat, Run, RunDeps, Suspension } from './model.ts';
import { placesToMake } from './unrecorded.ts';

/**
 * The gate decides whether a run may start, write and continue: work messages that need no run, suspension, the circuit breaker
 * of a sweep, the lease on the account, the deadline of every call, and the heartbeat.
 */

/** A run that started this much later than a message was sent has seen what the message is about. */
const COALESCE_MS = 5_000;

/**
 * Why a work message needs no run; undefined when it needs one. Pure. Messages are coalesced only if the last finished run
 * started more than 5 s after this one was sent, did not fail or wait, saw the current generation, and its outbox is empty.
 */
export function skipReason(given: {
  record: AccountRecord | undefined;
  before: AccountStatus | undefined;
  sentAt: Date;
  config: Config;
}): string | undefined {
  const { record, before } = given;
  if (!record) return 'no such account';
  if (record.accountId === given.config.managementAccountId) return 'the management account is never managed';
  if (!isWorkedOn(record.lifecycle)) return `the account is ${record.lifecycle}`;
  const seenNow = saw(before, record);
  if (record.lifecycle === 'retiring' && seenNow && before?.retired && !isOwing(before)) {
    return 'the account is retired, and nothing of ours is left in it';
  }
  const last = before?.lastPass;
  if (!last || last.result === 'failed' || last.result === 'waiting') return undefined;
  if (!seenNow || isOwing(before)) return undefined;
  const seen = Date.parse(last.startedAt) - given.sentAt.getTime() > COALESCE_MS;
  return seen ? `run ${last.id} has started since and found it ${last.result}` : undefined;
}

/** True if the outbox of the last run is not empty. */
function isOwing({ unannounced, waking }: AccountStatus): boolean {
  return (unannounced ?? waking) !== undefined;
}

/** True for accounts that runs enter: to manage them, or to remove what was made in them. */
export function isWorkedOn(lifecycle: AccountRecord['lifecycle']): boolean {
  return lifecycle === 'managed' || lifecycle === 'retiring';
}

/** Why a run may not write, whatever it finds: the account is only observed, or is paused. Pure. */
export function suspendedBy({
  record,
  control,
  startedAt,
}: Pick<Run, 'record' | 'control' | 'startedAt'>): Suspension | undefined {
  if (record.mode === 'observe') return 'Observed';
  return isPaused(record, control, startedAt) ? (control.unreadable ?? 'Paused') : undefined;
}

/** Why a run that found differences may not write them: only observed, paused, or stopped by the circuit breaker of its sweep. */
export async function suspension(run: Run, deps: RunDeps): Promise<Suspension | undefined> {
  const { record, before, request } = run;
  const suspended = suspendedBy(run);
  if (suspended) return suspended;
  const { sweepId, exportedInSweep } = request.message;
  if (!before?.readySince) return undefined;
  try {
    if (exportedInSweep && (await isStopped(deps.main.table, exportedInSweep))) return 'SweepStopped';
    if (!sweepId) return undefined;
    return (await isCircuitBreakerOpen(deps.main, sweepId, record.accountId)) ? 'SweepStopped' : undefined;
  } catch (error) {
    if (error instanceof UnreadableItem) return error;
    throw error;
  }
}

function leaseEnd(from: Date): Date {
  return new Date(from.getTime() + LEASE_SECONDS * 1000);
}

/** Acquires the lease on the account, and renews it with each heartbeat. @throws Conflict if another run has it */
async function acquireLease(run: Run, deps: RunDeps): Promise<void> {
  const { table } = deps.main;
  const { accountId } = run.record;
  const { heartbeat, until } = run.request;
  // Between two beats, the lease ends when one taken with the last beat would: before the message is visible again.
  const first = heartbeat ? leaseEnd(heartbeat.lastBeat()) : until;
  run.stands.making = placesToMake(run);
  await takeLease(table, {
    accountId,
    passId: run.id,
    until: first,
    now: deps.now(),
    readVersion: run.before?.version ?? 0,
    record: run.record,
    home: run.stands.home,
    making: run.stands.making,
  });
  run.gate.leased(first);
  let renewal: Promise<void> | undefined;
  let isEnding = false;
  const renew = async () => {
    const now = deps.now();
    const next = leaseEnd(now);
    const renewed = await renewLease(table, { accountId, passId: run.id, until: next, now });
    run.gate.leased(renewed ? next : undefined);
  };
  heartbeat?.also(async () => {
    if (isEnding) return;
    renewal = renew();
    await renewal;
  });
  // A renewal while the status is saved would conflict with the save. The heartbeat has logged a failed renewal.
  run.gate.beforeEnd(async () => {
    isEnding = true;
    await renewal?.catch(() => undefined);
  });
}

/**
 * Why a run that was allowed to write may write no more; read again before each unit is written.
 * @throws Conflict where desired state changed since the run began: another run follows
 */
export async function suspendedSince(run: Run, deps: RunDeps): Promise<Suspension | undefined> {
  const { record } = run;
  const { record: now, control } = await loadAccount(deps.main.table, record.accountId);
  if (now && isPaused(now, control, deps.now())) return control.unreadable ?? 'Paused';
  if (now?.generation === record.generation && now.lifecycle === record.lifecycle) return undefined;
  throw new Conflict(`The desired state of account ${record.accountId} has changed since this run began.`);
}

/** The permission of a run to write. Each unit requests it before it is written or removed. */
export interface WritePermission {
  /** True if differences may be corrected. Acquires the lease at the first request. @throws Conflict */
  readonly ask: () => Promise<boolean>;
  /**
   * Why resources whose removal a person has requested may not be removed now; undefined if they may. A sweep's circuit breaker does
   * not stop removals. Acquires the lease at the first request. @throws Conflict
   */
  readonly askToRemove: () => Promise<Suspension | undefined>;
  /** Why differences may not be corrected. @throws the error that prevented the decision or the lease: nothing is saved then */
  readonly suspension: () => Suspension | undefined;
}

/** The permission of a run. A run that requests none counts towards no sweep and takes no lease. */
export function writePermission(run: Run, deps: RunDeps): WritePermission {
  let refused: Suspension | undefined;
  let failure: { readonly error: unknown } | undefined;
  let first: Promise<void> | undefined;
  let lease: Promise<void> | undefined;
  const leased = () => {
    lease ??= acquireLease(run, deps);
    return lease;
  };
  const begin = async () => {
    try {
      refused = await suspension(run, deps);
      if (!refused) await leased();
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  return {
    async ask() {
      first ??= begin();
      await first;
      if (!refused) {
        const since = await suspendedSince(run, deps);
        refused ??= since;
      }
      return !refused;
    },
    async askToRemove() {
      const suspended = suspendedBy(run);
      if (suspended) return suspended;
      await leased();
      return suspendedSince(run, deps);
    },
    suspension() {
      if (failure) throw failure.error;
      return refused;
    },
  };
}

/**
 * Counts a ready account that differs towards its sweep, before anything is written. True if the sweep has stopped writing.
 * The run that stops the sweep announces `SweepStopped`, and announces it again after a crash in between.
 */
export async function isCircuitBreakerOpen(main: Main, sweepId: string, accountId: string): Promise<boolean> {
  const sweep = await countDrifted(main.table, sweepId, accountId);
  if (!sweep) return false;
  if (sweep.stopped && sweep.announcer !== accountId) return true;
  if (!sweep.stopped && !brakeTrips(sweep)) return false;
  if (await stopSweep(main.table, sweepId, accountId)) {
    const { accounts, drifted } = sweep;
    const message =
      `${drifted} of ${accounts} accounts differ, more than drift explains: the sweep stops writing. ` +
      'Look at one of these accounts: if its differences should be corrected, sweep again; if not, pause the baseline.';
    const detail = { sweepId, accounts, drifted, reason: 'SweepStopped', message };
    await putEvents(main.bus, [{ detailType: 'SweepStopped', detail }], OUR_SOURCE);
    await stopAnnounced(main.table, sweepId);
  }
  return true;
}

/** Time reserved for verifying the role, putting its trust back, saving and announcing. */
const ENDING_MS = 35_000;

/** The call gate of a run whose function ends at `until`. */
export function openCallGate(until: Date, now: () => Date): CallGate {
  const deadline = new Date(until.getTime() - ENDING_MS);
  let lease: Date | undefined | 'none yet' = 'none yet';
  let isFinishing = false;
  const stops: (() => Promise<void>)[] = [];
  const isOver = () => !isFinishing && now() >= deadline;
  return {
    deadline,
    isOver,
    check({ writes }) {
      if (isOver())
        throw new OutOfTime(
          "The run's time was over before all units were finished; the next run continues.",
        );
      if (!writes || isFinishing || lease === 'none yet') return;
      if (!lease || now() >= lease)
        throw new Conflict('The run has lost its lease, and another run may have begun: it stops writing.');
    },
    leased(next) {
      lease = next;
    },
    hasLeased: () => lease !== 'none yet',
    beforeEnd(stop) {
      stops.push(stop);
    },
    async end() {
      for (const stop of stops) await stop();
    },
    finishing() {
      isFinishing = true;
    },
  };
}

/** How often a run reports that it is alive. A killed run stops reporting. */
const BEAT_MS = 10_000;
/** How long the message stays invisible after a beat: a little longer than the lease, so that the next run can take it. */
export const VISIBLE_SECONDS = LEASE_SECONDS + 3;

/**
 * Calls `beat` at once and every ten seconds until it is stopped, never two at once. A failure is passed to `failed`; the next beat
 * tries again.
 */
export function startHeartbeat(
  beat: () => Promise<void>,
  failed: (error: unknown) => void,
  now: () => Date,
): Heartbeat {
  const calls = [beat];
  let lastBeat = now();
  let beating = callAll();
  const timer = setInterval(() => {
    beating = beating.then(callAll);
  }, BEAT_MS);
  async function callAll(): Promise<void> {
    lastBeat = now();
    for (const call of [...calls]) await call().catch(failed);
  }
  return {
    lastBeat: () => lastBeat,
    also: (more) => void calls.unshift(more),
    async stop() {
      clearInterval(timer);
      await beating;
    },
  };
}
