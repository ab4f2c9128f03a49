import { randomUUID } from 'node:crypto';
import { fresh } from '../../shared/access.ts';
import { type MemberClients, memberClients } from '../../shared/aws/member-clients.ts';
import { formatBaseline } from '../../shared/baseline.ts';
import { AccessDenied, InvalidDesiredState, NotYetConsistent } from '../../shared/errors.ts';
import type { Difference } from '../../shared/status.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { takeLease } from '../../shared/store/statuses.ts';
import type { AnyKind } from '../kinds/kind.ts';
import { brakeHolds } from './brake.ts';
import type { Finding, Hold } from './conditions.ts';
import { type KeptKind, keptKinds, regionOf } from './desired.ts';
import { type Findings, finish } from './finish.ts';
import { compareKind, differs, type KindOutcome, keepKind, observeKinds, type Seen } from './kinds-run.ts';
import type { Pass, PassDeps, PassOutcome, PassRequest } from './pass-types.ts';
import { readingPolicy, writingPolicy } from './session-policy.ts';
import { skipReason } from './skip.ts';
import { verified, wroteRole } from './verification.ts';
import { isNew, PUT_BACK } from './verify.ts';

const UNANSWERED_SECONDS = 30;

/**
 * One pass over one account: observe all kinds at once, compare, mend in order, verify the execution role, save
 * once, announce. Level-triggered: the message says which account, the pass reads the world. Safe to repeat after a
 * crash at any call.
 * @throws ControllerError or whatever else kept it from saving a status
 */
export async function runPass(request: PassRequest, deps: PassDeps): Promise<PassOutcome> {
  const startedAt = new Date();
  const { record, status: before, control } = await loadAccount(deps.main.table, request.message.accountId);
  const why = skipReason({ record, before, sentAt: request.sentAt, config: deps.config });
  if (why || !record) return { did: 'skipped', why: why ?? 'no such account' };
  const place = { record, config: deps.config, outputs: { ...before?.outputs } };
  const calls = { reads: 0, writes: 0 };
  const pass: Pass = { id: randomUUID(), startedAt, request, record, before, control, place, calls };
  return finish(pass, await findings(pass, deps), deps);
}

/** Everything that the pass found out and did; failures are findings, too. */
async function findings(pass: Pass, deps: PassDeps): Promise<Findings> {
  let kept: KeptKind[] = [];
  try {
    kept = await desired(pass, deps);
  } catch (error) {
    return { outcomes: [], findings: [], failures: [{ type: 'Baseline', error }] };
  }
  let reading: MemberClients;
  try {
    reading = await clientsFor(pass, deps, readingPolicy(kept.map(({ kind }) => kind)));
  } catch (error) {
    const unknown = kept.map(({ kind }) => notObserved(kind));
    return { outcomes: [], findings: unknown, failures: [{ type: 'Access', error }] };
  }
  const outcomes = await keep(pass, deps, kept, reading);
  const access = await verified(pass, deps, outcomes.list);
  return { outcomes: outcomes.list, ...(outcomes.hold && { hold: outcomes.hold }), ...access };
}

async function desired(pass: Pass, deps: PassDeps): Promise<KeptKind[]> {
  const reference = pass.record.baseline;
  const baseline = reference && (await deps.loadBaseline(reference));
  if (baseline) return keptKinds(baseline, deps.kinds);
  const name = reference ? formatBaseline(reference) : 'none';
  throw new InvalidDesiredState(`The account's baseline ${name} was never published.`, [], {
    reason: 'BaselineMissing',
    remedy: 'Publish it, or assign another with `orgkeeper baseline assign`.',
  });
}

interface Kept {
  readonly list: readonly KindOutcome[];
  readonly hold?: Hold;
}

async function keep(
  pass: Pass,
  deps: PassDeps,
  kept: readonly KeptKind[],
  reading: MemberClients,
): Promise<Kept> {
  const seen = await observeKinds(kept, pass.place, reading);
  const wantsWriting = seen.some((one) => differs(compareKind(one, pass.place)));
  const hold = wantsWriting ? await holdReason(pass, deps) : undefined;
  if (wantsWriting && !hold) await lease(pass, deps);
  const clients = ({ kind, account }: Seen, wanted: unknown) =>
    clientsFor(pass, deps, writingPolicy(kind, kind.resources(wanted, account)));
  const list: KindOutcome[] = [];
  for (const one of seen) {
    const outcome =
      tooEarly(one, pass) ??
      putBackBefore(one, pass) ??
      (await keepKind(one, pass.place, { held: hold !== undefined, clients }));
    list.push(pass.record.executionRoleArn && list.some(wroteRole) ? settling(outcome) : outcome);
  }
  return { list, ...(hold && { hold }) };
}

/** After a create that nobody answered, nothing of that kind is created until what it may have made must show. */
function tooEarly({ kind }: Seen, pass: Pass): KindOutcome | undefined {
  const old = pass.before?.conditions.find(({ type }) => type === kind.condition);
  if (old?.reason !== 'UnansweredCreate') return undefined;
  const waited = (Date.now() - Date.parse(pass.before?.lastPass?.finishedAt ?? '')) / 1000;
  if (!(waited < UNANSWERED_SECONDS)) return undefined;
  const error = new NotYetConsistent(old.message, {
    reason: 'UnansweredCreate',
    retryAfterSeconds: UNANSWERED_SECONDS,
  });
  return { kind, differences: [], foreign: [], state: { is: 'failed', error } };
}

async function holdReason(pass: Pass, deps: PassDeps): Promise<Hold | undefined> {
  const { record, control, before, request } = pass;
  if (record.mode === 'observe') return 'Observed';
  const baselinePaused = record.baseline && control.pausedBaselines.includes(record.baseline.name);
  if (record.paused || control.fleetPaused || baselinePaused) return 'Paused';
  const { sweepId } = request.message;
  const braked = sweepId && before?.readySince && (await brakeHolds(deps.main, sweepId, record.accountId));
  return braked ? 'SweepStopped' : undefined;
}

function lease(pass: Pass, deps: PassDeps): Promise<void> {
  return takeLease(deps.main.table, {
    accountId: pass.record.accountId,
    passId: pass.id,
    until: pass.request.until,
    now: new Date(),
    readVersion: pass.before?.version ?? 0,
  });
}

async function clientsFor(pass: Pass, deps: PassDeps, policy: string): Promise<MemberClients> {
  const { record } = pass;
  try {
    const credentials = await deps.access.enter(record, { name: pass.id, policy });
    const region = regionOf(record, deps.config);
    return (deps.clients ?? memberClients)({
      credentials,
      region,
      onCall: ({ writes }) => {
        if (writes) pass.calls.writes += 1;
        else pass.calls.reads += 1;
      },
    });
  } catch (error) {
    if (error instanceof AccessDenied) deps.access.evict(record.accountId);
    const fromOutside = record.executionRoleArn !== undefined && error instanceof AccessDenied;
    if (fromOutside && (isNew(pass) || pass.before?.waiting?.for === 'consistency')) throw notYet(error);
    const neverReady = record.origin !== 'invited' && !pass.before?.readySince;
    throw neverReady ? fresh(error) : error;
  }
}

/** A change of the role in use that had to be put back is not made again before something else is desired. */
function putBackBefore(seen: Seen, pass: Pass): KindOutcome | undefined {
  const old = pass.before?.conditions.find(({ type }) => type === 'Access');
  if (!seen.kind.verifiesAccess || old?.reason !== PUT_BACK || isNew(pass)) return undefined;
  const compared = compareKind(seen, pass.place);
  if (!('comparison' in compared) || compared.comparison.differences.length === 0) return undefined;
  const { differences, blocked, foreign } = compared.comparison;
  const all = [...differences, ...blocked.map(({ difference }) => difference)];
  return {
    kind: seen.kind,
    differences: all.map((difference): Difference => ({ ...difference, action: 'reported' })),
    foreign,
    state: { is: 'blocked', reason: PUT_BACK, message: old.message },
  };
}

/** A denial just after the role in use was changed: IAM may not show the change everywhere yet. */
function settling(outcome: KindOutcome): KindOutcome {
  const { state } = outcome;
  if (state.is !== 'failed' || !(state.error instanceof AccessDenied)) return outcome;
  return { ...outcome, state: { is: 'failed', error: notYet(state.error) } };
}

function notYet(denial: AccessDenied): NotYetConsistent {
  const { reason, remedy } = denial;
  return new NotYetConsistent(denial.message, { cause: denial, reason, ...(remedy && { remedy }) });
}

function notObserved(kind: AnyKind): Finding {
  const message = 'The account could not be entered, so this was not looked at.';
  return { type: kind.condition, status: 'Unknown', reason: 'NotObserved', message };
}
