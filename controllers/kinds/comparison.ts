import type { Difference } from '../../shared/domain/status.ts';
import { type Blocked, NAME_TAG, OWNER_TAG, WAITING_FOR_OUTPUTS } from './kind.ts';

/** What the comparisons of all kinds say in the same words. */

/** Both sides of a difference; one that is undefined is not there. */
export interface Sides {
  readonly desired?: unknown;
  readonly actual?: unknown;
}

/**
 * A function that makes the differences of one kind. Its action is, unless it is named, what makes the actual side the
 * desired one.
 */
export function differencesOf(kind: string) {
  return (resource: string, path: string, sides: Sides, action = actionFor(sides)): Difference => ({
    kind,
    resource,
    path,
    ...(sides.desired === undefined ? {} : { desired: sides.desired }),
    ...(sides.actual === undefined ? {} : { actual: sides.actual }),
    action,
  });
}

function actionFor({ desired, actual }: Sides): Difference['action'] {
  if (desired === undefined) return 'removed';
  return actual === undefined ? 'created' : 'updated';
}

/** Names that an account has from its registration and its deployment; all others are outputs of kinds. */
const OF_THE_ACCOUNT = /^(account|values|main|management|organization)\./;

/** Outputs of a region that the name says; the account may not be managed there. */
const OF_A_REGION = /^regions\.([^.]+)\./;

/**
 * Why a resource is not written whose text names `${…}` that have no value: the account lacks them, or the kind whose
 * outputs they are has not made them yet. Pure.
 * @param resource with its article: `The parameter /a`
 */
export function withoutNames(
  resource: string,
  names: readonly string[],
): Pick<Blocked, 'reason' | 'message'> {
  const said = names.map((name) => `\${${name}}`).join(', ');
  return names.every((name) => OF_THE_ACCOUNT.test(name))
    ? {
        reason: 'ValueMissing',
        message: `${resource} needs ${said}, which the account does not have: register it again with that.`,
      }
    : {
        reason: WAITING_FOR_OUTPUTS,
        message: `${resource} waits for ${said}, which is not known before what gives it is made${elsewhere(names)}.`,
      };
}

function elsewhere(names: readonly string[]): string {
  const regions = [...new Set(names.flatMap((name) => OF_A_REGION.exec(name)?.[1] ?? []))];
  return regions.length > 0 ? `, and never where the account is not managed in ${regions.join(', ')}` : '';
}

/** How many unowned resources a condition names: it is stored with every status. */
const MOST_NAMED = 10;

/**
 * The warning about resources that carry our tags and that Orgkeeper did not make, such as copies of the tags of ours: one
 * for all of them, none where there are none. Pure.
 */
export function taggedLikeOurs(resources: readonly string[]): string[] {
  if (resources.length === 0) return [];
  const more = resources.length > MOST_NAMED ? ` and ${resources.length - MOST_NAMED} more` : '';
  const carry = resources.length === 1 ? 'carries' : 'carry';
  return [
    `TaggedLikeOurs: ${resources.slice(0, MOST_NAMED).join(', ')}${more} ${carry} the tags ` +
      'of what Orgkeeper makes, is not known to be made by it, and stays; ' +
      `take the tags ${OWNER_TAG} and ${NAME_TAG} off, or delete it if nobody uses it`,
  ];
}
