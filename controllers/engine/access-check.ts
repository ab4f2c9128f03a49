import type { Access } from '../../shared/aws/access.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import {
  AccessDenied,
  AccountNotReady,
  ControllerError,
  NotYetConsistent,
} from '../../shared/domain/errors.ts';
import {
  type AccountStatus,
  type Condition,
  type Difference,
  PUT_BACK,
  staysPutBack,
} from '../../shared/domain/status.ts';
import { type AnyKind, type Blocked, conditionOf } from '../kinds/kind.ts';
import { diagnose, openness, roleInQuestion, wrongExternalId } from './access-diagnosis.ts';
import type {
  Clock,
  Diagnosis,
  Finding,
  Findings,
  ObservedUnit,
  RoleInQuestion,
  Run,
  RunDeps,
  UnitOutcome,
  Verdict,
} from './model.ts';
import { eventually, isRedelivered } from './retry.ts';
import { isTrust } from './run-unit.ts';
import { isNew } from './session.ts';

/**
 * The condition `Access` after a run: the previous one while nothing changed, else the result of assuming the role. If the run
 * changed the trust of the role by which the account is entered, and the runner is refused with it, the trust is put back, and
 * the outcome of the role says so.
 */
export async function checkAccess(
  run: Run,
  deps: RunDeps,
  outcomes: readonly UnitOutcome[],
): Promise<Omit<Findings, 'hold' | 'retired'>> {
  const outcome = outcomes.find(({ kind }) => kind.entryRole);
  const old = run.before?.conditions.find(({ type }) => type === 'Access');
  if (outcome && isForeign(outcome)) return { outcomes, findings: [untried(outcome, old)], failures: [] };
  const role = executionRoleOf(run, deps, outcome);
  const found = { outcomes, findings: [], failures: [] };
  const failed = (error: unknown) => ({ ...found, failures: [{ type: 'Access', error }] });
  const amiss = (outcome?.differences.length ?? 0) > 0 || (role && openness(role)) !== undefined;
  const due = needsVerifying(old, amiss, run);
  if (!role || !due || isHeldBack(outcome, run)) return { ...found, findings: old ? [old] : [] };
  const unready = notReady(outcome);
  if (unready) return failed(unready);
  const wrote = wroteRole(outcome);
  // A changed role is verified, and its trust put back if need be, even when the run's time is over.
  if (wrote) run.gate.finishing();
  if (wrote) deps.access.evict(run.record.accountId);
  try {
    run.gate.check({ writes: false });
    const changed = wrote || isNew(run);
    const verdict = await verifyRole(role, { passId: run.id, changed }, deps);
    if (verdict.ok) {
      const { roleArn, externalId } = role;
      return { ...found, verdict, admitted: { roleArn, externalId } };
    }
    if (verdict.refused && outcome?.restore) {
      const { accountId } = run.record;
      const undone = await putBack(outcome, outcome.restore, verdict, { accountId, clock: deps });
      const list = outcomes.map((one) => (one === outcome ? undone.outcome : one));
      return { ...failed(undone.error), outcomes: list };
    }
    const { reason, message, explained } = verdict;
    const unseen = !explained && (wrote || isNew(run) || run.before?.waiting?.for === 'consistency');
    const settling = unseen || isTriedAgain(outcome);
    return settling ? failed(new NotYetConsistent(message, { reason })) : { ...found, verdict };
  } catch (error) {
    return failed(error);
  }
}

/** True when a role of somebody else stands where ours was: an earlier verification was of another role. */
function isForeign({ state, role }: UnitOutcome): boolean {
  return state.is === 'blocked' && state.reason === 'ForeignResource' && role === undefined;
}

/** The condition while a role of somebody else stands there: nothing is known of that one. */
function untried({ kind }: UnitOutcome, old: Condition | undefined): Finding {
  const before = old?.status === 'True' ? 'What was verified before was another role' : 'It was not tried';
  const message = `${before}: the condition ${conditionOf(kind)} says what stands in its place.`;
  return { type: 'Access', status: 'Unknown', reason: 'RoleReplaced', message };
}

/** True while a change of the trust stays put back: the role is not verified, and the previous condition stays. */
function isHeldBack(outcome: UnitOutcome | undefined, { record, before }: Run): boolean {
  return staysPutBack(record, before) && (!outcome?.role || outcome.differences.some(isTrust(outcome.kind)));
}

/** The error of an account that an older session could still read, but that could not be entered to make the role. */
function notReady(outcome: UnitOutcome | undefined): AccountNotReady | undefined {
  const error = outcome?.state.is === 'failed' ? outcome.state.error : undefined;
  return error instanceof AccountNotReady ? error : undefined;
}

/** True when making or changing the role failed for a reason that time corrects. */
function isTriedAgain(outcome: UnitOutcome | undefined): boolean {
  const error = outcome?.state.is === 'failed' ? outcome.state.error : undefined;
  return error instanceof NotYetConsistent || (error instanceof ControllerError && isRedelivered(error));
}

/** True when the run changed the role, or may have. */
export function wroteRole(outcome: UnitOutcome | undefined): boolean {
  if (!outcome?.kind.entryRole) return false;
  return outcome.restore !== undefined || outcome.differences.some(({ action }) => action !== 'reported');
}

/** The role to verify; undefined when the baseline has none and the registration names none. */
function executionRoleOf(
  { record, place }: Run,
  deps: RunDeps,
  outcome: UnitOutcome | undefined,
): RoleInQuestion | undefined {
  const recorded = deps.kinds.find(({ entryRole }) => entryRole)?.entryRole?.arnIn(place.outputs);
  const roleArn = record.executionRoleArn ?? outcome?.role?.arn ?? recorded;
  return roleArn ? roleInQuestion(record, deps.config, { roleArn, trust: outcome?.role?.trust }) : undefined;
}

/** The session of a probe may do nothing. */
const NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}';

interface VerifyOptions {
  readonly passId: string;
  /** True if the role or its desired state changed since the last run: IAM has 10 s to show it, for grants and for denials. */
  readonly changed: boolean;
}

/**
 * Assumes the execution role as the runner: it must admit the account's ExternalId, and refuse none and a wrong one. Right after
 * a change, IAM may still answer by the previous trust policy.
 * @throws AccountNotReady, Throttled … when it could not be tried
 */
export async function verifyRole(
  role: RoleInQuestion,
  { passId, changed }: VerifyOptions,
  { access, ...clock }: { readonly access: Pick<Access, 'tryRole'> } & Clock,
): Promise<Verdict> {
  const session = { name: passId, policy: NOTHING };
  const attempt = async (externalId: string | undefined): Promise<AccessDenied | undefined> => {
    try {
      await access.tryRole(role.roleArn, session, externalId);
      return undefined;
    } catch (error) {
      if (error instanceof AccessDenied) return error;
      throw error;
    }
  };
  /** Tries until the answer is the expected one, or 10 s are over; returns the last denial, if any. */
  const expect = async (externalId: string | undefined, admitted: boolean) => {
    let denial: AccessDenied | undefined;
    const once = async () => {
      denial = await attempt(externalId);
      if (changed && admitted !== !denial) throw new NotYetConsistent('not yet as the trust policy says');
    };
    await eventually(once, clock).catch((error: unknown) => {
      if (!(error instanceof NotYetConsistent)) throw error;
    });
    return denial;
  };
  const [withIt, without, withWrong] = await Promise.all([
    expect(role.externalId, true),
    expect(undefined, false),
    expect(wrongExternalId(role.externalId), false),
  ]);
  const diagnosis = diagnose({ withIt, without, withWrong }, role);
  return diagnosis ? { ok: false, ...diagnosis } : { ok: true };
}

/**
 * True when the role must be verified: it differs, was changed, or admits too much (`amiss`), the last verification failed, or
 * desired state changed since. A healthy run verifies nothing.
 */
export function needsVerifying(
  old: Condition | undefined,
  amiss: boolean,
  seen: { readonly record: AccountRecord; readonly before: AccountStatus | undefined },
): boolean {
  return amiss || old?.status !== 'True' || isNew(seen);
}

/** Failures after which putting the trust back is tried again at once: nothing else keeps the account reachable. */
const PASSING = ['Throttled', 'ServiceFault', 'Conflict'];

/** The role as observed, compared without its trust policy while a change of that stays put back. Pure. */
export function withoutPutBackChange(
  seen: ObservedUnit,
  { record, before }: Pick<Run, 'record' | 'before'>,
): ObservedUnit {
  if (!seen.kind.entryRole || !staysPutBack(record, before)) return seen;
  const message = before?.conditions.find(({ reason }) => reason === PUT_BACK)?.message ?? '';
  const diff: AnyKind['diff'] = (wanted, actual) => {
    const compared = seen.kind.diff(wanted, actual);
    const held = compared.differences
      .filter(isTrust(seen.kind))
      .map((difference): Blocked => ({ reason: PUT_BACK, message, difference: reported(difference) }));
    const differences = compared.differences.filter((one) => !isTrust(seen.kind)(one));
    return { ...compared, differences, blocked: [...held, ...compared.blocked] };
  };
  return { ...seen, kind: { ...seen.kind, diff } };
}

/**
 * Puts back the trust that admitted the runner before the change: the account must stay reachable. Returns the role's outcome,
 * and the error for the condition `Access`. Where the new trust should admit the runner, IAM may only be slow, and the next run
 * tries the change again.
 */
export async function putBack(
  outcome: UnitOutcome,
  restore: () => Promise<void>,
  refusal: Diagnosis,
  { accountId, clock }: { readonly accountId: string; readonly clock: Clock },
): Promise<{ readonly outcome: UnitOutcome; readonly error: ControllerError }> {
  const Refused = refusal.explained ? AccessDenied : NotYetConsistent;
  const why = refusal.message.replace(/\.$/, '');
  try {
    await eventually(restore, clock, PASSING);
  } catch (error) {
    const said = error instanceof Error ? error.message : error;
    const message =
      `The trust policy of the role in use was changed, the runner is refused with it, and it could not be put back (${said}): ${why}. ` +
      `Have the account's owner correct it; \`orgkeeper template member --account ${accountId}\` shows what it must be.`;
    return { outcome, error: new Refused(message, { cause: error, reason: 'PutBackFailed' }) };
  }
  const next = refusal.explained ? 'It waits' : 'It is tried again for two minutes; then it waits';
  const message =
    `The trust policy of the role in use was changed, then put back, because the runner was refused with it: ${why}. ` +
    `${next} until the account is registered again, with the same content or other, or assigned another version.`;
  const error = new Refused(message, { reason: PUT_BACK });
  const differences = outcome.differences.map((one) => (isTrust(outcome.kind)(one) ? reported(one) : one));
  const state = outcome.state.is === 'failed' ? outcome.state : ({ is: 'failed', error } as const);
  return { outcome: { ...outcome, differences, state }, error };
}

function reported(difference: Difference): Difference {
  return { ...difference, action: 'reported' };
}
