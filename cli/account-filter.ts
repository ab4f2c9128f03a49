import { isMissing } from '../shared/domain/account-view.ts';
import { foundDifferences, obstacles } from '../shared/domain/status.ts';
import type { ListedAccount } from '../shared/store/listed-accounts.ts';
import { isChosen, readBaselineReference } from './fleet.ts';

/** What `accounts` lists: an account that meets every filter. */
export interface AccountFilters {
  readonly notReady?: boolean;
  readonly drifted?: boolean;
  readonly state?: string;
  /** `name` or `name@version`. */
  readonly baseline?: string;
  /** Id of an organizational unit: the account is in the unit itself. */
  readonly ou?: string;
  /** `key` or `key=value`. */
  readonly tag?: string;
  /** Reason of a condition that is not `True`. */
  readonly reason?: string;
  /** Kind of a condition that is not `True`: `network`. */
  readonly kind?: string;
}

/** Tells whether an account is listed. @throws Failure if a filter makes no sense */
export function accountFilter(filters: AccountFilters): (account: ListedAccount) => boolean {
  const { state, ou, reason, kind } = filters;
  const baseline = filters.baseline === undefined ? undefined : readBaselineReference(filters.baseline);
  const [tag, value] = splitTag(filters.tag);
  return ({ view, record }) =>
    (!filters.notReady || isMissing(view)) &&
    (!filters.drifted || foundDifferences(view)) &&
    (state === undefined || view.state === state) &&
    (!baseline || isChosen(view.baseline, baseline)) &&
    (ou === undefined || record?.unit === ou) &&
    (tag === undefined ||
      (Object.hasOwn(record?.tags ?? {}, tag) && (value === undefined || record?.tags[tag] === value))) &&
    ((reason === undefined && kind === undefined) ||
      obstacles(view.conditions).some(
        (one) =>
          (reason === undefined || one.reason === reason) &&
          (kind === undefined || one.type.toLowerCase() === kind.toLowerCase()),
      ));
}

/** Splits `key=value`; a key alone has no value. */
function splitTag(text: string | undefined): [string | undefined, string | undefined] {
  if (text === undefined) return [undefined, undefined];
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
