import type { AccountView } from '../shared/domain/account-view.ts';
import type { Condition } from '../shared/domain/status.ts';
import type { Told } from './terminal.ts';

/**
 * The conditions that stand in the way, the one to look at first before the others: who can get in before what is kept,
 * and what does not hold before what is not known. Pure.
 */
export function obstacles(conditions: readonly Condition[]): Condition[] {
  const rank = ({ type, status }: Condition) => (type === 'Access' ? 0 : 2) + (status === 'False' ? 0 : 1);
  return conditions.filter(({ status }) => status !== 'True').toSorted((a, b) => rank(a) - rank(b));
}

/**
 * Whether time alone will not do: the account failed, and not only because something is not known yet, as while AWS is
 * to show a change. Then it is looked at again by itself. Pure.
 */
export function hasFailed({ state, conditions }: Pick<AccountView, 'state' | 'conditions'>): boolean {
  const unmet = obstacles(conditions);
  return state === 'failed' && !(unmet.length > 0 && unmet.every(({ status }) => status === 'Unknown'));
}

/** A sentence, and after a colon what stands in the way of an account: several things a line each. Pure. */
export function inTheWay(
  sentence: string,
  { conditions, lastPass }: Pick<AccountView, 'conditions' | 'lastPass'>,
): Told {
  const all = obstacles(conditions).map(inWords);
  if (all.length > 1) return { sentence: `${sentence}:`, lines: all };
  const none = lastPass ? `its last pass is ${lastPass.result}` : 'its first pass is not over';
  return `${sentence}: ${all[0] ?? none}`;
}

/** `Network`, or `Network (us-west-2)` of what stands in another region than the account's. Pure. */
export function typeOf({ type, region }: Pick<Condition, 'type' | 'region'>): string {
  return region === undefined ? type : `${type} (${region})`;
}

/** `Network InUse: It is still used.` */
export function inWords({ reason, message, ...condition }: Condition): string {
  return `${typeOf(condition)} ${reason}: ${message}`;
}

/** How following an account ended, in words. Pure. */
export function ended(view: AccountView): Told {
  if (view.ready) return `Account ${view.accountId} is ready.`;
  return inTheWay(`Account ${view.accountId} is ${view.state}, and not ready`, view);
}
