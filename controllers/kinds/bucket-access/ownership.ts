import { PolicyError, type PolicyInput, parsePolicy, samePolicy } from '../../../shared/policy/index.ts';
import type { KindContext } from '../kind.ts';
import { statementsIn, type WrittenStatement } from './policy-text.ts';
import type { Statement } from './section.ts';

/** Which statements of a bucket's policy are ours: those that were recorded, or look as Orgkeeper makes them. */

const PREFIX = 'bucketAccess.';

/** Name of the output that holds the Sids of our statements in the policy of a bucket. */
export function outputName(bucket: string): string {
  return `${PREFIX}${bucket}`;
}

/** The outputs among these that are of this kind. Pure. */
export function recordedOutputs(recorded: KindContext['recorded']): Record<string, string> {
  return Object.fromEntries(Object.entries(recorded).filter(([name]) => name.startsWith(PREFIX)));
}

/** The buckets in whose policies Orgkeeper is known to have statements. Pure. */
export function recordedBuckets(recorded: KindContext['recorded']): string[] {
  return Object.keys(recordedOutputs(recorded)).map((name) => name.slice(PREFIX.length));
}

/** The Sids of our statements that were recorded for a bucket. Pure. */
export function recordedSids(bucket: string, recorded: KindContext['recorded']): string[] {
  return recorded[outputName(bucket)]?.split(' ') ?? [];
}

/** The value of the output, for these Sids; undefined for none. Pure. */
export function recordOf(sids: readonly string[]): string | undefined {
  return sids.length === 0 ? undefined : [...new Set(sids)].sort().join(' ');
}

/** True if the statement means what is wanted. Pure. */
export function isAsWanted(written: WrittenStatement, wanted: Statement): boolean {
  return isSame(written, wanted, (document) => document);
}

/**
 * True if a statement that was not recorded is one that Orgkeeper made: it says the same of the same resource, to whatever roles. A
 * role that was made again is another principal, and the policy shows the former one by its unique id. Pure.
 */
function looksLikeOurs(written: WrittenStatement, wanted: Statement): boolean {
  return isSame(written, wanted, (document) => {
    const { Statement: statements, ...rest } = parsePolicy(document);
    const Principal = (names: readonly string[] = []) =>
      names.every((name) => /^(arn:[^:]*:iam::\d{12}:role\/|AROA)/.test(name))
        ? { AWS: ['role'] }
        : undefined;
    return {
      ...rest,
      Statement: statements.map((one) => {
        const roles = Object.keys(one.Principal ?? {}).join() === 'AWS' && Principal(one.Principal?.AWS);
        return roles ? { ...one, Principal: roles } : one;
      }),
    };
  });
}

function isSame(
  { text }: WrittenStatement,
  wanted: Statement,
  reading: (document: PolicyInput) => PolicyInput,
): boolean {
  const whole = (statement: string) => reading(`{"Version":"2012-10-17","Statement":[${statement}]}`);
  try {
    return samePolicy(whole(text), whole(JSON.stringify(wanted)));
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}

/** What a policy has under the Sids that matter. */
export interface Found {
  /** Our statements, by Sid; of two with the same Sid both. */
  readonly ours: ReadonlyMap<string, readonly WrittenStatement[]>;
  /** Wanted Sids under which somebody else has a statement. */
  readonly taken: readonly string[];
  /** The Sids of all other statements. */
  readonly others: readonly string[];
}

/**
 * Tells our statements in a policy from those of others. Pure.
 * @throws PolicyError if the policy cannot be read
 */
export function findOurs(
  policy: string | undefined,
  wanted: readonly Statement[],
  recorded: readonly string[],
): Found {
  const bySid = Map.groupBy(policy === undefined ? [] : statementsIn(policy), ({ sid }) => sid ?? '');
  bySid.delete('');
  const isOurs = (sid: string, written: readonly WrittenStatement[]) => {
    const wish = wanted.find(({ Sid }) => Sid === sid);
    return recorded.includes(sid) || (wish !== undefined && written.every((one) => looksLikeOurs(one, wish)));
  };
  const [ours, rest] = [
    [...bySid].filter((one) => isOurs(...one)),
    [...bySid].filter((one) => !isOurs(...one)),
  ];
  const isWanted = ([sid]: readonly [string, unknown]) => wanted.some(({ Sid }) => Sid === sid);
  return {
    ours: new Map(ours),
    taken: rest.filter(isWanted).map(([sid]) => sid),
    others: rest.filter((one) => !isWanted(one)).map(([sid]) => sid),
  };
}
