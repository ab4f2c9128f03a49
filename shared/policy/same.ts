import type { Reading } from './canonical.ts';
import { canonicalStatement, partitionOf } from './canonical.ts';
import type { Policy, PolicyInput } from './document.ts';
import { parsePolicy } from './document.ts';
import type { Entry } from './pair.ts';
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
  for (const pair of pairUp(entries(a, reading), entries(b, reading))) {
    const path = `Statement[${(pair.left ?? pair.right)?.index ?? 0}]`;
    if (pair.left !== undefined && pair.right !== undefined) {
      found.push(...within(path, pair.left, pair.right));
    } else {
      found.push({ path, left: pair.left?.written ?? null, right: pair.right?.written ?? null });
    }
  }
  return found;
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

function within(path: string, left: Entry, right: Entry): PolicyDifference[] {
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
    for (const name of Object.keys({ ...a, ...b })) {
      if (JSON.stringify(a?.[name]) === JSON.stringify(b?.[name])) continue;
      const [one, other] = [asWritten(left, operator, name), asWritten(right, operator, name)];
      const spelled = one?.[0] ?? other?.[0] ?? name;
      const at = `${path}.Condition.${operator}.${spelled}`;
      found.push({ path: at, left: one?.[1] ?? null, right: other?.[1] ?? null });
    }
  }
  return found;
}

function asWritten(entry: Entry, operator: string, lowerKey: string): [string, string[]] | undefined {
  const keys = Object.entries(entry.written.Condition?.[operator] ?? {});
  return keys.find(([each]) => each.toLowerCase() === lowerKey);
}
