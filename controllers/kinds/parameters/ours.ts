import { type KindAccount, type KindContext, NAME_TAG, OWNER_TAG } from '../kind.ts';
import type { Whose } from './actual.ts';
import { readTags, type Tags } from './read.ts';
import { nameTag } from './tags.ts';

const PREFIX = 'parameter.';

type Known = Pick<KindContext, 'account' | 'recorded'>;

/** Name of the output, an ARN, that says: this parameter was made by Orgkeeper. */
export function outputName(name: string): string {
  return `${PREFIX}${name}`;
}

/** Its ARN: with or without a leading slash in the name, one follows `parameter`. */
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
 * Ours because we recorded that we made it, or else by both of our tags: a copy of another one's tags has the name of
 * that other one. The tag of another Orgkeeper goes before that.
 */
export function whose(name: string, tags: Tags, known: Known): Whose {
  const owner = tags[OWNER_TAG];
  const isOwn = owner === known.account.owner;
  if (owner !== undefined && !isOwn && /^\d{12}$/.test(owner)) return 'foreign';
  if (isRecorded(name, known)) return 'ours';
  if (isOwn) return tags[NAME_TAG] === nameTag(name) ? 'ours' : 'lookalike';
  return owner === undefined ? 'adopted' : 'foreign';
}

/** Whose each of these is, as the parameter itself says; those that do not exist are left out. */
export async function whoseAre(
  names: readonly string[],
  context: KindContext,
): Promise<{ name: string; whose: Whose }[]> {
  const each = await Promise.all(
    names.map(async (name) => {
      const tags = await readTags(name, context);
      return tags && { name, whose: whose(name, tags, context) };
    }),
  );
  return each.filter((one) => one !== undefined);
}

function isRecorded(name: string, { account, recorded }: Known): boolean {
  return recorded[outputName(name)] === arnOf(name, account);
}
