import { type KindAccount, type KindContext, OWNER_TAG } from '../kind.ts';
import type { ActualParameter } from './actual.ts';
import { readTags, type Tags } from './read.ts';

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
 * Ours by its owner tag or, when somebody took that off, because we recorded that we made it; the tag of another
 * Orgkeeper goes before that.
 */
export function whose(name: string, tags: Tags, known: Known): ActualParameter['whose'] {
  const owner = tags[OWNER_TAG];
  if (owner === known.account.owner) return 'ours';
  if (owner !== undefined && /^\d{12}$/.test(owner)) return 'foreign';
  if (isRecorded(name, known)) return 'ours';
  return owner === undefined ? 'adopted' : 'foreign';
}

/** Those of the names that exist and are ours, as each parameter itself says. */
export async function ours(names: readonly string[], context: KindContext): Promise<string[]> {
  const tags = await Promise.all(names.map((name) => readTags(name, context)));
  return names.filter((name, index) => {
    const its = tags[index];
    return its !== undefined && whose(name, its, context) === 'ours';
  });
}

function isRecorded(name: string, { account, recorded }: Known): boolean {
  return recorded[outputName(name)] === arnOf(name, account);
}
