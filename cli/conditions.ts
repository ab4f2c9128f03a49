import type { AccountView } from '../shared/domain/account-view.ts';
import { type Condition, obstacles, typeOf } from '../shared/domain/status.ts';
import type { Told } from './terminal.ts';

/**
 * Whether the account failed for another reason than that something is unknown yet, as while AWS is slow to show a change: then
 * Orgkeeper runs again by itself. Pure.
 */
export function hasFailed({ state, conditions }: Pick<AccountView, 'state' | 'conditions'>): boolean {
  const unmet = obstacles(conditions);
  return state === 'failed' && !(unmet.length > 0 && unmet.every(({ status }) => status === 'Unknown'));
}

/** A sentence followed by why an account is not ready; several reasons get a line each. Pure. */
export function inTheWay(
  sentence: string,
  { conditions, lastPass }: Pick<AccountView, 'conditions' | 'lastPass'>,
): Told {
  const all = obstacles(conditions).map(inWords);
  if (all.length > 1) return { sentence: `${sentence}:`, lines: all };
  const none = lastPass
    ? `the result of its last run is ${lastPass.result}`
    : 'its first run is not finished';
  return `${sentence}: ${all[0] ?? none}`;
}

/** `Network InUse: It is still used.` */
export function inWords({ reason, message, ...condition }: Condition): string {
  return `${typeOf(condition)} ${reason}: ${message}`;
}

/** The final state of an account that was followed. Pure. */
export function ended(view: AccountView): Told {
  if (view.ready) return `Account ${view.accountId} is ready.`;
  return inTheWay(`Account ${view.accountId} is ${view.state} and not ready`, view);
}
