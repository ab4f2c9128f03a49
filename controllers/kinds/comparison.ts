import { exportOf } from '../../shared/domain/imports.ts';
import type { Difference } from '../../shared/domain/status.ts';
import { type Blocked, NAME_TAG, OWNER_TAG, WAITING_FOR_OUTPUTS } from './kind.ts';

/** Differences and messages that all kinds have in common. */

/** Both values of a difference; undefined if the field is absent. */
export interface Sides {
  readonly desired?: unknown;
  readonly actual?: unknown;
}

/**
 * Returns a function that makes the differences of one kind. The default action follows from the two values: it is the one
 * that makes the actual value the desired one.
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

/** Names whose values come from the registration or the deployment; all others are outputs of kinds. */
const OF_THE_ACCOUNT = /^(account|values|main|management|organization)\./;

/** Outputs of a region that the name gives; the account may not be managed in that region. */
const OF_A_REGION = /^regions\.([^.]+)\./;

/**
 * Why a resource is not written because `${…}` names in its text have no value: the account does not have them, or they are
 * outputs that another kind has not published yet. Pure.
 * @param resource with its article: `The parameter /a`
 */
export function withoutNames(
  resource: string,
  names: readonly string[],
): Pick<Blocked, 'reason' | 'message' | 'waitsFor'> {
  const said = names.map((name) => `\${${name}}`).join(', ');
  if (names.every((name) => exportOf(name) !== undefined))
    return {
      reason: WAITING_FOR_OUTPUTS,
      message: `${resource} waits for ${said}, which no account exports.`,
    };
  return names.every((name) => OF_THE_ACCOUNT.test(name))
    ? {
        reason: 'ValueMissing',
        message: `${resource} needs ${said}, which the account does not have: register the account again with ${said}.`,
      }
    : {
        reason: WAITING_FOR_OUTPUTS,
        message: `${resource} waits for ${said}, an output that is not published yet${elsewhere(names)}.`,
        waitsFor: names,
      };
}

function elsewhere(names: readonly string[]): string {
  const regions = [...new Set(names.flatMap((name) => OF_A_REGION.exec(name)?.[1] ?? []))];
  return regions.length > 0 ? `; there is none if the account is not managed in ${regions.join(', ')}` : '';
}

/** The most unowned resources that a condition names, because it is stored with every status. */
const MOST_NAMED = 10;

/**
 * The warning about resources that have our tags but were not made by Orgkeeper, for example because somebody copied the tags.
 * One warning for all of them; no warning if there are none. Pure.
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
