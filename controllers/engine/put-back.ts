import { AccessDenied, type ControllerError, NotYetConsistent } from '../../shared/domain/errors.ts';
import { type Difference, PUT_BACK, staysPutBack } from '../../shared/domain/status.ts';
import type { AnyKind, Blocked } from '../kinds/kind.ts';
import type { Diagnosis } from './diagnose.ts';
import { type Clock, eventually } from './eventually.ts';
import type { KindOutcome } from './kind-outcome.ts';
import type { Seen } from './observe-kinds.ts';
import type { Pass } from './pass-types.ts';

/** What may stand between a change and its putting back for a moment: nothing else keeps the account open. */
const PASSING = ['Throttled', 'ServiceFault', 'Conflict'];

/** The difference that decides whom a role admits. Pure. */
export function isTrust({ entryRole }: AnyKind): (difference: Difference) => boolean {
  return ({ path }) => path === entryRole?.trustPath;
}

/** What was seen, its trust left as it stands where a change of it stays put back; all else is compared as ever. Pure. */
export function holdingBack(seen: Seen, { record, before }: Pick<Pass, 'record' | 'before'>): Seen {
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
 * Puts the trust back that admitted us before a change after which the runner is refused: the account must stay one
 * that can be entered. Gives what became of the role, and what is to be said of access: where the new trust should
 * admit, IAM may only be slow, and the change is tried again when due.
 */
export async function putBack(
  outcome: KindOutcome,
  restore: () => Promise<void>,
  refusal: Diagnosis,
  { accountId, clock }: { readonly accountId: string; readonly clock?: Clock | undefined },
): Promise<{ readonly outcome: KindOutcome; readonly error: ControllerError }> {
  const Refused = refusal.explained ? AccessDenied : NotYetConsistent;
  const why = refusal.message.replace(/\.$/, '');
  try {
    await eventually(restore, PASSING, clock);
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
