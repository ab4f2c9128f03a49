import { randomUUID } from 'node:crypto';
import { putEvents } from '../../shared/aws/bus.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import {
  AccessDenied,
  InvalidDesiredState,
  NotYetConsistent,
  UnreadableItem,
} from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import type { AccountStatus, PassRecord } from '../../shared/domain/status.ts';
import { type AccountItems, loadAccount } from '../../shared/store/accounts.ts';
import { clearAnnouncements, dropStatus, saveStatus, stopLooking } from '../../shared/store/statuses.ts';
import { type AnyKind, conditionOf, resourcesOf, UNANSWERED, UNANSWERED_SECONDS } from '../kinds/kind.ts';
import { checkAccess, withoutPutBackChange, wroteRole } from './access-check.ts';
import { claimAddress, holdingsOf, withAddresses } from './addresses.ts';
import { managedKinds, regionOf } from './desired-state.ts';
import { acquireLease, isWorkedOn, openCallGate, skipReason, suspendedSince, suspension } from './gate.ts';
import { observeLeftovers, separateLeftovers } from './leftovers.ts';
import type {
  Finding,
  Findings,
  ManagedKind,
  ObservedUnit,
  Run,
  RunDeps,
  RunOutcome,
  RunRequest,
  Suspension,
  UnitOutcome,
} from './model.ts';
import { announcements, announceUnreadable, corrected } from './outbox.ts';
import { removeEverything } from './removal.ts';
import { retiredStatus, toStatus } from './report.ts';
import { isRedelivered } from './retry.ts';
import { compareUnit, differs, observeUnits, runUnit } from './run-unit.ts';
import { clientsFor, isShutOut, notYet, readingSessions, writingPolicy } from './session.ts';

/**
 * One pass over one account: observe all kinds at once, compare, mend in order, verify the execution role, save
 * once, announce. Level-triggered: the message says which account, the pass reads the world. Safe to repeat after a
 * crash at any call.
 * @throws ControllerError or whatever else kept it from saving a status
 */
export async function reconcile(request: RunRequest, deps: RunDeps): Promise<RunOutcome> {
  const startedAt = new Date();
  const { table } = deps.main;
  const items = await readItems(request, deps);
  if (items instanceof UnreadableItem) return { did: 'stopped', item: items };
  const { record, status: before, control } = items;
  const why = skipReason({ record, before, sentAt: request.sentAt, config: deps.config });
  if (why || !record) {
    if (record && !isWorkedOn(record.lifecycle) && before?.dueAt) await stopLooking(table, before);
    if (!record && before) await dropStatus(table, before);
    return { did: 'skipped', why: why ?? 'no such account' };
  }
  const stands = { home: before?.home ?? items.begun, leftovers: before?.leftovers ?? [] };
  const home = regionOf(record, deps.config);
  const holdings = await holdingsOf(items.holdings, { was: stands.home?.region, home }, deps);
  const place = { record, config: deps.config, outputs: withAddresses(before?.outputs, holdings, home) };
  const calls = { reads: 0, writes: 0 };
  const gate = openCallGate(request.until);
  const run: Run = {
    ...{ id: randomUUID(), startedAt, request, record, before, control, place, stands, gate, calls },
  };
  return finish(run, await findings(run, deps), deps);
}

/** The account's items; or the one that cannot be read, once that is said. */
async function readItems(request: RunRequest, deps: RunDeps): Promise<AccountItems | UnreadableItem> {
  try {
    return await loadAccount(deps.main.table, request.message.accountId);
  } catch (error) {
    if (!(error instanceof UnreadableItem)) throw error;
    await announceUnreadable(error, request, deps);
    return error;
  }
}

/** Everything that the pass found out and did; failures are findings, too. */
async function findings(run: Run, deps: RunDeps): Promise<Findings> {
  let managed: ManagedKind[] = [];
  try {
    managed = await desired(run, deps);
  } catch (error) {
    return { outcomes: [], findings: [], failures: [{ type: 'Baseline', error }] };
  }
  separateLeftovers(run, deps, managed);
  if (run.record.lifecycle === 'retiring') return removeEverything(run, deps, managed);
  const read = kindsToRead(run, deps, managed);
  const look = (at: Run) => clientsFor(at, deps, { policy: readingSessions(read) });
  let reading: MemberClients;
  try {
    reading = await look(run);
  } catch (error) {
    const unknown = managed.map(({ kind }) => notObserved(kind));
    return { outcomes: [], findings: unknown, failures: [{ type: 'Access', error }] };
  }
  const outcomes = await keep(run, deps, managed, reading);
  const [found, left] = await Promise.all([
    checkAccess(run, deps, outcomes.list),
    observeLeftovers(run, deps, look),
  ]);
  return { ...found, findings: [...found.findings, ...left], ...(outcomes.hold && { hold: outcomes.hold }) };
}

/** What one session looks at: what is kept, and what was and may still be there. */
function kindsToRead({ stands }: Run, deps: RunDeps, managed: readonly ManagedKind[]): AnyKind[] {
  const names = new Set([
    ...managed.map(({ kind }) => kind.name),
    ...stands.leftovers.map(({ kind }) => kind),
  ]);
  return deps.kinds.filter(({ name }) => names.has(name));
}

async function desired(run: Run, deps: RunDeps): Promise<ManagedKind[]> {
  const reference = run.record.baseline;
  const baseline = reference && (await deps.loadBaseline(reference));
  if (baseline) return managedKinds(baseline, deps.kinds);
  const name = reference ? formatBaseline(reference) : 'none';
  throw new InvalidDesiredState(`The account's baseline ${name} was never published.`, [], {
    reason: 'BaselineMissing',
    remedy: 'Publish it, or assign another with `orgkeeper baseline assign`.',
  });
}

interface Kept {
  readonly list: readonly UnitOutcome[];
  readonly hold?: Suspension;
}

async function keep(
  run: Run,
  deps: RunDeps,
  managed: readonly ManagedKind[],
  reading: MemberClients,
): Promise<Kept> {
  const unaddressed = await claimAddress(run, deps, managed);
  const observed = await observeUnits(managed, run.place, reading);
  const seen = observed.map((one) => withoutPutBackChange(one, run));
  const wantsWriting = seen.some((one) => differs(compareUnit(one, run.place)));
  let hold = wantsWriting ? await suspension(run, deps) : undefined;
  if (wantsWriting && !hold) await acquireLease(run, deps);
  const may = async () => {
    hold ??= await suspendedSince(run, deps);
    return !hold;
  };
  const list: UnitOutcome[] = [];
  const roleWasChanged = () => run.record.executionRoleArn !== undefined && list.some(wroteRole);
  // What IAM does not show within two minutes counts as real: `nextLook` says when they are over.
  const changedBefore =
    run.record.executionRoleArn !== undefined && run.before?.waiting?.for === 'consistency';
  const clients = ({ kind, account }: ObservedUnit, wanted: unknown) =>
    clientsFor(run, deps, {
      policy: writingPolicy(kind, resourcesOf(kind, wanted, account, run.place.outputs)),
      writes: true,
      patient: roleWasChanged(),
    });
  for (const one of seen) {
    const outcome =
      (unaddressed?.kind === one.kind ? unaddressed : undefined) ??
      tooEarly(one, run) ??
      (await runUnit(one, run.place, { may, clients }));
    if (isShutOut(outcome)) deps.access.evict(run.record.accountId);
    list.push(roleWasChanged() || changedBefore ? settling(outcome) : outcome);
  }
  if (list.some(wroteRole)) deps.access.evict(run.record.accountId);
  return { list, ...(hold && { hold }) };
}

/** After a create that nobody answered, nothing of that kind is created until what it may have made must show. */
function tooEarly({ kind }: ObservedUnit, run: Run): UnitOutcome | undefined {
  const old = run.before?.conditions.find(({ type }) => type === conditionOf(kind));
  if (old?.reason !== UNANSWERED) return undefined;
  const waited = (Date.now() - Date.parse(run.before?.lastPass?.finishedAt ?? '')) / 1000;
  if (!(waited < UNANSWERED_SECONDS)) return undefined;
  const error = new NotYetConsistent(old.message, {
    reason: UNANSWERED,
    retryAfterSeconds: UNANSWERED_SECONDS,
  });
  return { kind, differences: [], unowned: [], state: { is: 'failed', error } };
}

/** A denial just after the role in use was changed: IAM may not show the change everywhere yet. */
function settling(outcome: UnitOutcome): UnitOutcome {
  const { state } = outcome;
  if (state.is !== 'failed' || !(state.error instanceof AccessDenied)) return outcome;
  return { ...outcome, state: { is: 'failed', error: notYet(state.error) } };
}

function notObserved(kind: AnyKind): Finding {
  const message = 'The account could not be entered, so this was not looked at.';
  return { type: conditionOf(kind), status: 'Unknown', reason: 'NotObserved', message };
}

/** Saves the status of a pass once, and announces what changed. */
export async function finish(run: Run, found: Findings, deps: RunDeps): Promise<RunOutcome> {
  await run.gate.end();
  const now = new Date();
  const errors = [
    ...found.failures.map(({ error }) => error),
    ...found.outcomes.flatMap(({ state }) => (state.is === 'failed' ? [state.error] : [])),
  ];
  const passing = errors.find(isRedelivered);
  const { status: reached, next } = toStatus(run, found, errors, now);
  const status = found.retired ? retiredStatus(reached) : reached;
  const { lastPass } = status;
  const unannounced = [...(run.before?.unannounced ?? []), ...announcements(run.record, run.before, status)];
  const saved: AccountStatus = { ...status, ...(unannounced.length > 0 && { unannounced }) };
  const worthHistory = lastPass.differences.length > 0 || wentWrong(lastPass, run.before?.lastPass);
  await saveStatus(deps.main.table, saved, {
    passId: run.id,
    now,
    record: run.record,
    ...(worthHistory && (passing === undefined || corrected(lastPass)) && { history: lastPass }),
  });
  if (unannounced.length > 0) {
    await putEvents(deps.main.bus, unannounced, OUR_SOURCE);
    await clearAnnouncements(deps.main.table, saved);
  }
  const firstReady = saved.readySince !== undefined && run.before?.readySince === undefined;
  // Not from this message, which may only say that it is time to look again.
  const secondsToReady = (now.getTime() - Date.parse(run.record.requestedAt)) / 1000;
  return {
    did: 'ran',
    status: saved,
    ...(firstReady && { secondsToReady }),
    next,
    ...(passing !== undefined && { retry: passing }),
  };
}

/** True for a pass that failed or waits where the one before did not: worth a line of history. */
function wentWrong({ result }: PassRecord, before: PassRecord | undefined): boolean {
  return (result === 'failed' || result === 'waiting') && result !== before?.result;
}
