import { AccountNotReady, ControllerError, NotYetConsistent } from '../../shared/domain/errors.ts';
import { type Condition, staysPutBack } from '../../shared/domain/status.ts';
import type { Finding } from './conditions.ts';
import { openness } from './diagnose.ts';
import type { Clock } from './eventually.ts';
import type { Findings } from './findings.ts';
import type { KindOutcome } from './kind-outcome.ts';
import type { Pass, PassDeps } from './pass-types.ts';
import { isTrust, putBack } from './put-back.ts';
import { type RoleInQuestion, roleInQuestion } from './role-in-question.ts';
import { isNew, needsVerifying, verifyRole } from './verify.ts';

/**
 * What a pass says of access: the old condition while nothing changed, else what trying the role shows. A change of
 * the role by which the account is entered, after which the runner is refused, is put back, and its outcome says so.
 */
export async function verified(
  pass: Pass,
  deps: PassDeps,
  outcomes: readonly KindOutcome[],
  clock?: Clock,
): Promise<Omit<Findings, 'hold' | 'retired'>> {
  const outcome = outcomes.find(({ kind }) => kind.entryRole);
  const old = pass.before?.conditions.find(({ type }) => type === 'Access');
  if (outcome && isForeign(outcome)) return { outcomes, findings: [untried(outcome, old)], failures: [] };
  const role = roleOf(pass, deps, outcome);
  const found = { outcomes, findings: [], failures: [] };
  const failed = (error: unknown) => ({ ...found, failures: [{ type: 'Access', error }] });
  const amiss = (outcome?.differences.length ?? 0) > 0 || (role && openness(role)) !== undefined;
  const due = needsVerifying(old, amiss, pass);
  if (!role || !due || isHeldBack(outcome, pass)) return { ...found, findings: old ? [old] : [] };
  const door = notReady(outcome);
  if (door) return failed(door);
  const wrote = wroteRole(outcome);
  // A role that was changed is tried, and put back where need be, whatever the time.
  if (wrote) pass.turn.finishing();
  if (wrote) deps.access.evict(pass.record.accountId);
  try {
    pass.turn.check({ writes: false });
    const verdict = await verifyRole(deps.access, role, {
      passId: pass.id,
      changed: wrote || isNew(pass),
      ...(clock && { clock }),
    });
    if (verdict.ok) {
      const { roleArn, externalId } = role;
      return { ...found, verdict, admitted: { roleArn, externalId } };
    }
    if (verdict.refused && outcome?.restore) {
      const undone = await putBack(outcome, outcome.restore, verdict, {
        accountId: pass.record.accountId,
        clock,
      });
      const list = outcomes.map((one) => (one === outcome ? undone.outcome : one));
      return { ...failed(undone.error), outcomes: list };
    }
    const { reason, message, explained } = verdict;
    const unseen = !explained && (wrote || isNew(pass) || pass.before?.waiting?.for === 'consistency');
    const settling = unseen || isTriedAgain(outcome);
    return settling ? failed(new NotYetConsistent(message, { reason })) : { ...found, verdict };
  } catch (error) {
    return failed(error);
  }
}

/** Somebody else's role stands where ours was: what was tried was another. */
function isForeign({ state, role }: KindOutcome): boolean {
  return state.is === 'blocked' && state.reason === 'ForeignResource' && role === undefined;
}

/** What was seen of the role before says nothing of the one that is there now. */
function untried({ kind }: KindOutcome, old: Condition | undefined): Finding {
  const before = old?.status === 'True' ? 'What was verified before was another role' : 'It was not tried';
  const message = `${before}: the condition ${kind.condition} says what stands in its place.`;
  return { type: 'Access', status: 'Unknown', reason: 'RoleReplaced', message };
}

/** A change of the role that stays put back is not tried; what was said of it stays, until the trust is as desired. */
function isHeldBack(outcome: KindOutcome | undefined, { record, before }: Pass): boolean {
  return staysPutBack(record, before) && (!outcome?.role || outcome.differences.some(isTrust(outcome.kind)));
}

/** The account could be read, by an older session, and not be entered to make the role: that is what is to be said. */
function notReady(outcome: KindOutcome | undefined): AccountNotReady | undefined {
  const error = outcome?.state.is === 'failed' ? outcome.state.error : undefined;
  return error instanceof AccountNotReady ? error : undefined;
}

/** True when the role could not be made or changed for now: that is tried again. */
function isTriedAgain(outcome: KindOutcome | undefined): boolean {
  const error = outcome?.state.is === 'failed' ? outcome.state.error : undefined;
  return error instanceof NotYetConsistent || (error instanceof ControllerError && error.retry === 'again');
}

/** True when the pass changed the role, or may have. */
export function wroteRole(outcome: KindOutcome | undefined): boolean {
  if (!outcome?.kind.entryRole) return false;
  return outcome.restore !== undefined || outcome.differences.some(({ action }) => action !== 'reported');
}

/** The role that the account is to have; undefined when its baseline keeps none and nobody named one. */
function roleOf(
  { record, place }: Pass,
  { config }: PassDeps,
  outcome: KindOutcome | undefined,
): RoleInQuestion | undefined {
  const roleArn = record.executionRoleArn ?? outcome?.role?.arn ?? place.outputs['role.arn'];
  return roleArn ? roleInQuestion(record, config, { roleArn, trust: outcome?.role?.trust }) : undefined;
}
