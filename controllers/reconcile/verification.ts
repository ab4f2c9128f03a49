import { AccountNotReady, NotYetConsistent } from '../../shared/errors.ts';
import type { Clock } from './eventually.ts';
import type { Findings } from './findings.ts';
import type { KindOutcome } from './kind-outcome.ts';
import type { Pass, PassDeps } from './pass-types.ts';
import { type RoleInQuestion, roleInQuestion } from './role-in-question.ts';
import { isNew, needsVerifying, PUT_BACK, type Verdict, verifyRole } from './verify.ts';

/**
 * What a pass says of access: the old condition while nothing changed, else what trying the role shows. A change of
 * the role by which the account is entered, after which the runner is refused, is put back.
 */
export async function verified(
  pass: Pass,
  deps: PassDeps,
  outcomes: readonly KindOutcome[],
  clock?: Clock,
): Promise<Pick<Findings, 'findings' | 'failures' | 'verdict' | 'admitted'>> {
  const outcome = outcomes.find(({ kind }) => kind.verifiesAccess);
  const old = pass.before?.conditions.find(({ type }) => type === 'Access');
  const role = roleOf(pass, deps, outcome);
  const putBack = outcome?.state.is === 'blocked' && outcome.state.reason === PUT_BACK;
  const due = needsVerifying(old, (outcome?.differences.length ?? 0) > 0, pass);
  if (!role || !due || putBack) return { findings: old ? [old] : [], failures: [] };
  const door = notReady(outcome);
  if (door) return { findings: [], failures: [{ type: 'Access', error: door }] };
  const wrote = wroteRole(outcome);
  if (wrote) deps.access.evict(pass.record.accountId);
  try {
    const verdict = await verifyRole(deps.access, role, {
      passId: pass.id,
      changed: wrote || isNew(pass),
      ...(clock && { clock }),
    });
    if (verdict.ok) {
      const { roleArn, externalId } = role;
      return { findings: [], failures: [], verdict, admitted: { roleArn, externalId } };
    }
    if (verdict.refused && outcome?.restore) {
      return { findings: [], failures: [], verdict: await restored(verdict, outcome.restore) };
    }
    const { reason, message, explained } = verdict;
    const unseen = !explained && (wrote || isNew(pass) || pass.before?.waiting?.for === 'consistency');
    const settling = unseen || isSettling(outcome);
    if (!settling) return { findings: [], failures: [], verdict };
    return { findings: [], failures: [{ type: 'Access', error: new NotYetConsistent(message, { reason }) }] };
  } catch (error) {
    return { findings: [], failures: [{ type: 'Access', error }] };
  }
}

/** The account could be read, by an older session, and not be entered to make the role: that is what is to be said. */
function notReady(outcome: KindOutcome | undefined): AccountNotReady | undefined {
  const error = outcome?.state.is === 'failed' ? outcome.state.error : undefined;
  return error instanceof AccountNotReady ? error : undefined;
}

/** True when what the role needs may only not be seen everywhere yet: its making is tried again. */
function isSettling(outcome: KindOutcome | undefined): boolean {
  return outcome?.state.is === 'failed' && outcome.state.error instanceof NotYetConsistent;
}

/** True when the pass changed the role, or tried to. */
export function wroteRole(outcome: KindOutcome | undefined): boolean {
  if (!outcome?.kind.verifiesAccess) return false;
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

async function restored(
  { message }: Extract<Verdict, { ok: false }>,
  restore: () => Promise<void>,
): Promise<Verdict> {
  const verdict = { ok: false, refused: true, explained: true, reason: PUT_BACK } as const;
  const why = message.replace(/\.$/, '');
  try {
    await restore();
    return {
      ...verdict,
      message: `The trust policy of the role in use was changed, then put back, because the runner was refused with it: ${why}. It is not tried again until the account is registered or assigned anew.`,
    };
  } catch (error) {
    return {
      ...verdict,
      message: `The trust policy of the role in use was changed, the runner is refused with it, and it could not be put back (${error instanceof Error ? error.message : error}): ${why}.`,
    };
  }
}
