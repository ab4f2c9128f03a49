import { type KindAccount, type KindContext, NAME_TAG, OWNER_TAG } from '../kind.ts';
import type { Parameter } from './wanted.ts';

/** Whose a parameter is, by its tags and by what was recorded; and how one of ours is named and tagged. */

/** Tags by key. */
export type TagRecord = Readonly<Record<string, string>>;

/**
 * `ours`: made by Orgkeeper. `adopted`: existed before. `lookalike`: somebody added our owner tag to the parameter; it is managed
 * like an adopted one. `unowned`: managed by another Orgkeeper.
 */
export type Whose = 'ours' | 'adopted' | 'lookalike' | 'unowned';

const PREFIX = 'parameter.';

type Known = Pick<KindContext, 'account' | 'recorded'>;

/** Name of the output, an ARN, that says: this parameter was made by Orgkeeper. */
export function outputName(name: string): string {
  return `${PREFIX}${name}`;
}

/** ARN of a parameter: with or without a leading slash in the name, one follows `parameter`. */
export function arnOf(name: string, { partition, region, accountId }: KindAccount): string {
  return `arn:${partition}:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, '')}`;
}

/** Names of the parameters that were recorded as made in this region of the account. */
export function recordedNames({ account, recorded }: Known): string[] {
  return Object.keys(recorded)
    .filter((output) => output.startsWith(PREFIX))
    .map((output) => output.slice(PREFIX.length))
    .filter((name) => isRecorded(name, { account, recorded }));
}

/**
 * A parameter is ours if it was recorded as made, or if it carries both of our tags. (In tags copied from another parameter, the
 * name tag is of that parameter.) The tag of another Orgkeeper has precedence. Pure.
 */
export function whose(name: string, tags: TagRecord, known: Known): Whose {
  const owner = tags[OWNER_TAG];
  const isOwn = owner === known.account.owner;
  if (owner !== undefined && !isOwn && /^\d{12}$/.test(owner)) return 'unowned';
  if (isRecorded(name, known)) return 'ours';
  if (isOwn) return tags[NAME_TAG] === nameTag(name) ? 'ours' : 'lookalike';
  return owner === undefined ? 'adopted' : 'unowned';
}

function isRecorded(name: string, { account, recorded }: Known): boolean {
  return recorded[outputName(name)] === arnOf(name, account);
}

/** The value of the name tag, at most 256 characters. */
function nameTag(name: string): string {
  return name.slice(0, 256);
}

/**
 * The tags that a parameter must have; others stay. An adopted parameter gets no owner tag: it is managed, but never removed.
 * The name tag of a lookalike is not corrected, because it shows that the parameter is not ours. Pure.
 */
export function managedTags(
  parameter: Pick<Parameter, 'name' | 'tags'>,
  owner: string,
  whose: Whose,
): Record<string, string> {
  return {
    ...parameter.tags,
    ...(whose === 'lookalike' ? {} : { [NAME_TAG]: nameTag(parameter.name) }),
    ...(whose === 'ours' ? { [OWNER_TAG]: owner } : {}),
  };
}
