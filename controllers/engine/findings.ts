import { AccessDenied, ControllerError } from '../../shared/domain/errors.ts';
import type { PassResult } from '../../shared/domain/status.ts';
import { WAITING_FOR_OUTPUTS } from '../kinds/kind.ts';
import { type Finding, type Hold, isWaiting } from './conditions.ts';
import type { KindOutcome } from './kind-outcome.ts';
import type { Verdict } from './verify.ts';

/** What a pass found out and did. */
export interface Findings {
  readonly outcomes: readonly KindOutcome[];
  readonly hold?: Hold;
  /** What the role admits, when it was tried. */
  readonly verdict?: Verdict;
  /** The role that was verified, and the ExternalId that it takes. */
  readonly admitted?: { readonly roleArn: string; readonly externalId: string };
  /** Conditions that no kind's outcome stands for. */
  readonly findings: readonly Finding[];
  /** Nothing of ours is in the account any more, and it was asked for. */
  readonly retired?: boolean;
  /** Failures outside the kinds, each with the condition that it is about. */
  readonly failures: readonly { readonly type: string; readonly error: unknown }[];
}

/** What wants another look without being asked, and when: seconds, or the error that stands in the way. */
export function wants(
  found: Findings,
  errors: readonly unknown[],
  lastReceive: boolean,
): (number | ControllerError)[] {
  const settling = found.outcomes.flatMap(({ state }) =>
    state.is === 'pending' ? [state.retryAfterSeconds] : [],
  );
  const known = errors.filter((error) => error instanceof ControllerError);
  const due = known.filter(({ retry }) => retry !== 'again' || lastReceive);
  const { verdict } = found;
  const refused = verdict?.ok === false && isRefused(found) ? [new AccessDenied(verdict.message)] : [];
  return [...settling, ...due, ...refused];
}

/** True when the role does not admit us and it is not merely left so: a pause says nothing about access. */
function isRefused({ verdict, hold }: Findings): boolean {
  return verdict?.ok === false && !hold;
}

/** What a pass came to, in a word. */
export function result(found: Findings, errors: readonly unknown[]): PassResult {
  const states = found.outcomes.map(({ state }) => state.is);
  const broken = errors.some((error) => !isWaiting(error));
  if (broken || isBlocked(found.outcomes) || isRefused(found)) return 'failed';
  if (errors.length > 0 || states.includes('pending')) return 'waiting';
  if (states.includes('held')) return 'drifted';
  const wrote = found.outcomes.some(({ differences }) =>
    differences.some(({ action }) => action !== 'reported'),
  );
  return wrote ? 'corrected' : 'unchanged';
}

/** True when something stands in the way that is not merely another kind's being unfinished. */
function isBlocked(outcomes: readonly KindOutcome[]): boolean {
  const blocked = outcomes.filter(({ state }) => state.is === 'blocked');
  const unfinished = outcomes.some(({ state }) => state.is !== 'blocked' && state.is !== 'inDesiredState');
  return blocked.some(
    ({ state }) => !unfinished || (state.is === 'blocked' && state.reason !== WAITING_FOR_OUTPUTS),
  );
}
