import type { Reading } from './canonical.ts';
import { canonicalStatement, partitionOf } from './canonical.ts';
import type { Policy, PolicyInput } from './document.ts';
import { parsePolicy } from './document.ts';
import type { Entry, Pair } from './pair.ts';
import { pairUp } from './pair.ts';

/** One place where two policies differ; `null` stands for "not there". Values are as they were written. */
export interface PolicyDifference {
  /** Counted in the left policy; in the right one when the left has no such statement. */
  readonly path: string;
  readonly left: unknown;
  readonly right: unknown;
}

/**
 * Whether two policies mean the same, however they are written: URL-encoded or not, string or list, any order,
 * account id or root ARN, action and condition-key case, duplicates, booleans and numbers as strings. A missing
 * Version is not the same as any, nor a unique id (`AROA…`) as an ARN. It is an equivalence relation. It does
 * not reason: two policies that merely allow the same are not the same. Throws PolicyError for no policy.
 */
export function samePolicy(left: PolicyInput, right: PolicyInput, reading: Reading = {}): boolean {
  return key(parsePolicy(left), reading) === key(parsePolicy(right), reading);
}

/** What differs between two policies, place by place; empty exactly when `samePolicy` holds. */
export function differences(
  left: PolicyInput,
  right: PolicyInput,
  reading: Reading = {},
): PolicyDifference[] {
  const [a, b] = [parsePolicy(left), parsePolicy(right)];
  const found: PolicyDifference[] = [];
  for (const name of ['Version', 'Id'] as const) {
    if (a[name] !== b[name]) found.push({ path: name, left: a[name] ?? null, right: b[name] ?? null });
  }
  const pairs = pairUp(entries(a, reading), entries(b, reading));
  return [...found, ...pairs.flatMap(between)];
}

function entries(policy: Policy, reading: Reading): Entry[] {
  const partition = reading.partition ?? partitionOf(policy);
  return policy.Statement.map((written, index) => {
    const meant = canonicalStatement(written, partition);
    return { index, written, meant, key: JSON.stringify(meant) };
  });
}

function key(policy: Policy, reading: Reading): string {
  const statements = new Set(entries(policy, reading).map((each) => each.key));
  return JSON.stringify([policy.Version ?? null, policy.Id ?? null, [...statements].sort()]);
}

function between({ left, right }: Pair): PolicyDifference[] {
  const path = `Statement[${(left ?? right)?.index ?? 0}]`;
  if (left === undefined || right === undefined) {
    return [{ path, left: left?.written ?? null, right: right?.written ?? null }];
  }
  const { Condition: leftConditions, ...leftRest } = left.meant;
  const { Condition: rightConditions, ...rightRest } = right.meant;
  const names = Object.keys({ ...leftRest, ...rightRest }) as (keyof typeof leftRest)[];
  const found: PolicyDifference[] = names
    .filter((name) => JSON.stringify(leftRest[name]) !== JSON.stringify(rightRest[name]))
    .map((name) => ({
      path: `${path}.${name}`,
      left: left.written[name] ?? null,
      right: right.written[name] ?? null,
    }));
  for (const operator of Object.keys({ ...leftConditions, ...rightConditions })) {
    const [a, b] = [leftConditions?.[operator], rightConditions?.[operator]];
    const [one, other] = [asWritten(left, operator), asWritten(right, operator)];
    for (const name of Object.keys({ ...a, ...b })) {
      if (JSON.stringify(a?.[name]) === JSON.stringify(b?.[name])) continue;
      const [mine, theirs] = [one.get(name), other.get(name)];
      const at = `${path}.Condition.${operator}.${mine?.[0] ?? theirs?.[0] ?? name}`;
      found.push({ path: at, left: mine?.[1] ?? null, right: theirs?.[1] ?? null });
    }
  }
  return found;
}

/** What stands under an operator, as it was written, by its key in lower case. */
function asWritten({ written }: Entry, operator: string): ReadonlyMap<string, [string, string[]]> {
  const keys = Object.entries(written.Condition?.[operator] ?? {});
  return new Map(keys.map((each) => [each[0].toLowerCase(), each]));
}
