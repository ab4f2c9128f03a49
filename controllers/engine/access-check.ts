import type { Access } from '../../shared/aws/access.ts';
import { saysOrganizationPolicy } from '../../shared/aws/denials.ts';
import type { Config } from '../../shared/deployment/config.ts';
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
  saw,
  staysPutBack,
} from '../../shared/domain/status.ts';
import { externalIdsIn, matchesRolePattern, trustAdmits } from '../../shared/policy/assume-role.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';
import { type AnyKind, type Blocked, conditionOf } from '../kinds/kind.ts';
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

/**
 * The check of the execution role: assume it as the runner (`verifyRole`), say what is wrong with it (`diagnose`), and put back
 * a trust policy with which the runner is refused (`putBack`).
 */

/**
 * Returns the condition `Access` after a run: the previous one if nothing changed, otherwise the result of assuming the role. If
 * the run changed the trust of the role that it enters by, and the runner is refused since, the trust is put back, and the outcome
 * of the role says so.
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
  // Without a role to verify, an older condition `Access` is dropped: the account has just been entered.
  if (!role && !outcome) return found;
  if (!role || !due || isHeldBack(outcome, run)) return { ...found, findings: old ? [old] : [] };
  const unready = notReady(outcome);
  if (unready) return failed(unready);
  const wrote = wroteRole(outcome);
  // A changed role is verified, and its trust put back if necessary, even after the run's deadline.
  if (wrote) run.gate.finishing();
  if (wrote) deps.access.evict(run.record.accountId);
  try {
    run.gate.check({ writes: false });
    const changed = wrote || !saw(run.before, run.record);
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
    const unseen =
      !explained && (wrote || !saw(run.before, run.record) || run.before?.waiting?.for === 'consistency');
    const settling = unseen || isTriedAgain(outcome);
    return settling ? failed(new NotYetConsistent(message, { reason })) : { ...found, verdict };
  } catch (error) {
    return failed(error);
  }
}

/** True if an unowned role has replaced ours: the earlier verification was of another role. */
function isForeign({ state, role }: UnitOutcome): boolean {
  return state.is === 'blocked' && state.reason === 'ForeignResource' && role === undefined;
}

/** The condition while the account has an unowned role of that name, which is never assumed. */
function untried({ kind }: UnitOutcome, old: Condition | undefined): Finding {
  const before = old?.status === 'True' ? 'Another role was verified before' : 'No role was verified';
  const message = `${before}: the condition ${conditionOf(kind)} says which role is in its place.`;
  return { type: 'Access', status: 'Unknown', reason: 'RoleReplaced', message };
}

/** True while a change of the trust is rolled back: the role is not verified, and the previous condition stays. */
function isHeldBack(outcome: UnitOutcome | undefined, { record, before }: Run): boolean {
  return staysPutBack(record, before) && (!outcome?.role || outcome.differences.some(isTrust(outcome.kind)));
}

/** The failure to enter an account in order to create the role, although an older session could still read it. */
function notReady(outcome: UnitOutcome | undefined): AccountNotReady | undefined {
  const error = outcome?.state.is === 'failed' ? outcome.state.error : undefined;
  return error instanceof AccountNotReady ? error : undefined;
}

/** True if creating or changing the role failed for a reason that passes by itself. */
function isTriedAgain(outcome: UnitOutcome | undefined): boolean {
  const error = outcome?.state.is === 'failed' ? outcome.state.error : undefined;
  return error instanceof NotYetConsistent || (error instanceof ControllerError && isRedelivered(error));
}

/** True if the run changed the role, or may have changed it. */
export function wroteRole(outcome: UnitOutcome | undefined): boolean {
  if (!outcome?.kind.entryRole) return false;
  return outcome.restore !== undefined || outcome.differences.some(({ action }) => action !== 'reported');
}

/** The role to verify; undefined if neither the baseline nor the registration names one. */
function executionRoleOf(
  { record, place }: Run,
  deps: RunDeps,
  outcome: UnitOutcome | undefined,
): RoleInQuestion | undefined {
  const recorded = deps.kinds.find(({ entryRole }) => entryRole)?.entryRole?.arnIn(place.outputs);
  const roleArn = record.executionRoleArn ?? outcome?.role?.arn ?? recorded;
  return roleArn ? roleInQuestion(record, deps.config, { roleArn, trust: outcome?.role?.trust }) : undefined;
}

/** Session policy of an attempt: it allows nothing. */
const NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}';

interface VerifyOptions {
  readonly passId: string;
  /** True if the role or its desired state changed since the last run: allow 10 s for IAM to become consistent, for grants and for denials. */
  readonly changed: boolean;
}

/**
 * Assumes the execution role as the runner. The role must accept the account's ExternalId, and refuse a call without one and a
 * call with a wrong one. Right after a change, IAM may still decide by the previous trust policy.
 * @throws AccountNotReady, Throttled … if the role could not be tried
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
  /** Retries for up to 10 s until the answer is the expected one; returns the last denial, if any. */
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
 * True if the role must be verified: the role differs, was changed or admits too much (`amiss`), the last verification failed, or
 * desired state changed since. A healthy run verifies nothing.
 */
export function needsVerifying(
  old: Condition | undefined,
  amiss: boolean,
  seen: { readonly record: AccountRecord; readonly before: AccountStatus | undefined },
): boolean {
  return amiss || old?.status !== 'True' || !saw(seen.before, seen.record);
}

/** Results of three attempts to assume a role, each undefined or the denial: with its ExternalId, without one, with a wrong one. */
interface Tried {
  readonly withIt: Error | undefined;
  readonly without: Error | undefined;
  readonly withWrong: Error | undefined;
}

/** Says what is wrong with a role, as precisely as is known; undefined if nothing is. Pure. */
export function diagnose(tried: Tried, role: RoleInQuestion): Diagnosis | undefined {
  if (tried.withIt) return diagnoseDenial(tried.withIt, role);
  // The current trust policy decides, even while STS still answers by the previous one.
  const opened = openness(role);
  const how = opened ?? admittedBy(tried);
  if (!how) return undefined;
  return {
    explained: opened !== undefined,
    refused: false,
    reason: 'AssumableWithoutExternalId',
    message: `${role.roleArn} can be assumed ${how}: ${remedy(role, 'require sts:ExternalId in its trust policy')}.`,
  };
}

type Openness = 'without an ExternalId' | 'with a wrong ExternalId';

/** How the current trust policy admits the runner although it must not; undefined if it does not. Pure. */
export function openness({
  roleArn,
  runnerRoleArn,
  organizationId,
  region,
  externalId,
  trust,
}: RoleInQuestion): Openness | undefined {
  if (!isKnown(trust)) return undefined;
  const asks = { roleArn, callerRoleArn: runnerRoleArn, organizationId, region };
  if (trustAdmits(trust, asks)) return 'without an ExternalId';
  const wrong = { ...asks, externalId: wrongExternalId(externalId) };
  return trustAdmits(trust, wrong) ? 'with a wrong ExternalId' : undefined;
}

function admittedBy({ without, withWrong }: Tried): Openness | undefined {
  if (!without) return 'without an ExternalId';
  return withWrong ? undefined : 'with a wrong ExternalId';
}

/** Says why a role cannot be assumed with its ExternalId, as precisely as is known. Pure. */
export function diagnoseDenial(denial: Error, role: RoleInQuestion): Diagnosis {
  return { ...refused(denial, role), refused: true };
}

function refused(denial: Error, role: RoleInQuestion): Omit<Diagnosis, 'refused'> {
  const { roleArn, externalId, runnerRoleArn, organizationId, region, trust, accountId } = role;
  if (saysOrganizationPolicy(denial)) {
    return {
      explained: true,
      reason: 'DeniedByOrganizationPolicy',
      message: `An organization policy denies assuming ${roleArn}: except ${runnerRoleArn} in the policy that applies to account ${accountId}.`,
    };
  }
  if (trust === 'none') {
    return {
      explained: true,
      reason: 'RoleMissing',
      message: role.entered
        ? `There is no role ${roleArn}: ${remedy(role, 'make it')}.`
        : `There is no role ${roleArn}: its own condition says why it is not made.`,
    };
  }
  if (!matchesRolePattern(roleArn, role.executionRolePattern)) {
    return {
      explained: true,
      reason: 'NameNotAllowed',
      message: `${roleArn} does not match executionRolePattern ${role.executionRolePattern}, and IAM lets Main assume only what does: rename the role in the baseline, or change the pattern and deploy the main stack.`,
    };
  }
  if (trust === undefined) {
    return {
      explained: false,
      reason: 'ExecutionRoleDenied',
      message: `${roleArn} cannot be assumed with the account's ExternalId: there is no such role, it does not trust ${runnerRoleArn}, or asks for another ExternalId; \`orgkeeper template member --account ${accountId}\` shows what it must be.`,
    };
  }
  const asks = { roleArn, callerRoleArn: runnerRoleArn, organizationId, region };
  if (trustAdmits(trust, { ...asks, externalId })) {
    return {
      explained: false,
      reason: 'NotAssumable',
      message: `${roleArn} cannot be assumed although its trust policy admits it: look for an organization policy that denies sts:AssumeRole, and at ${runnerRoleArn} in Main (${denial.message.replace(/\.$/, '')}).`,
    };
  }
  if (externalIdsIn(trust).some((other) => trustAdmits(trust, { ...asks, externalId: other }))) {
    return {
      explained: true,
      reason: 'ExternalIdDiffers',
      message: `The trust policy of ${roleArn} asks for another ExternalId than the account's: register the account again with that one, or ${remedy(role, "put the account's there")}.`,
    };
  }
  return {
    explained: true,
    reason: 'MainNotTrusted',
    message: `The trust policy of ${roleArn} does not admit ${runnerRoleArn}: ${remedy(role, 'put it there')}.`,
  };
}

/** An ExternalId that is not the account's. */
export function wrongExternalId(externalId: string): string {
  return `${externalId.slice(0, 1_000)}-wrong`;
}

function isKnown(trust: RoleInQuestion['trust']): trust is PolicyInput {
  return trust !== undefined && trust !== 'none';
}

function remedy({ entered, accountId }: RoleInQuestion, what: string): string {
  return entered
    ? `have the account's owner ${what}; \`orgkeeper template member --account ${accountId}\` shows how`
    : 'a run that may write corrects it when the baseline says so: look whether the account is observed or paused';
}

/** The execution role of an account, with its trust policy as far as it is known. Pure. */
export function roleInQuestion(
  { accountId, externalId, executionRoleArn }: AccountRecord,
  { runnerRoleArn, organizationId, region, executionRolePattern }: Config,
  known: { readonly roleArn: string; readonly trust?: PolicyInput | 'none' | undefined },
): RoleInQuestion {
  const { roleArn, trust } = known;
  const entered = executionRoleArn !== undefined;
  const caller = { runnerRoleArn, organizationId, region, externalId };
  const role = { accountId, roleArn, ...caller, executionRolePattern, entered };
  return { ...role, ...(trust !== undefined && { trust }) };
}

/** Failures after which restoring the trust is retried at once: the account is not reachable until then. */
const PASSING = ['Throttled', 'ServiceFault', 'Conflict'];

/** The observed role; its trust policy is not compared while a change of that is rolled back. Pure. */
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
 * Puts back the trust that admitted the runner before the change, so that the account stays reachable. Returns the outcome of the
 * role, and the error for the condition `Access`. If the new trust should admit the runner, IAM may only be slow, and the next run
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
