import { canonicalStatement, partitionOfPrincipals, type Reading } from './canonical.ts';
import { type Policy, type PolicyInput, parsePolicy } from './document.ts';
import type { Statement } from './statement.ts';

/** One place where two policies differ; `null` means "absent". Values are as written. */
export interface PolicyDifference {
  /** A path in the left policy; in the right one if the left has no such statement. */
  readonly path: string;
  readonly left: unknown;
  readonly right: unknown;
}

/**
 * Whether two policies mean the same, whatever their spelling: URL-encoding, string or list, order, account id or root ARN, case of
 * actions and condition keys, duplicates, booleans and numbers as strings. A missing Version differs from every version, and a
 * unique id (`AROA…`) from an ARN. An equivalence relation. Does not reason: two policies that only grant the same are not the same.
 * @throws PolicyError if a document is not a policy
 */
export function samePolicy(left: PolicyInput, right: PolicyInput, reading: Reading = {}): boolean {
  return key(parsePolicy(left), reading) === key(parsePolicy(right), reading);
}

/** The differences between two policies, by place; empty if and only if `samePolicy` holds. */
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
  const partition = reading.partition ?? partitionOfPrincipals(policy);
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

/** The conditions of an operator, as written, by key in lower case. */
function asWritten({ written }: Entry, operator: string): ReadonlyMap<string, [string, string[]]> {
  const keys = Object.entries(written.Condition?.[operator] ?? {});
  return new Map(keys.map((each) => [each[0].toLowerCase(), each]));
}

/** A statement with its meaning. */
interface Entry {
  readonly index: number;
  readonly written: Statement;
  readonly meant: Statement;
  readonly key: string;
}

/** A pair of statements, one from each side, or a statement without a partner. */
interface Pair {
  readonly left?: Entry;
  readonly right?: Entry;
}

const mostCompared = 200;

/**
 * Pairs the differing statements, so that differences can be listed by element. Statements that mean the same are left out, also
 * duplicates; then statements with the same Sid are paired, then the most similar ones with the same effect.
 */
function pairUp(left: readonly Entry[], right: readonly Entry[]): Pair[] {
  const leftOver = without(left, right);
  const rightOver = without(right, left);
  const pairs: Pair[] = [];
  const open = new Map(rightOver.map((each) => [each.index, each]));
  const bySid = new Map(
    rightOver.flatMap((each) => (each.meant.Sid ? [[each.meant.Sid, each] as const] : [])),
  );
  const loose: Entry[] = [];
  for (const one of leftOver) {
    const other = one.meant.Sid === undefined ? undefined : bySid.get(one.meant.Sid);
    if (other !== undefined && open.delete(other.index)) pairs.push({ left: one, right: other });
    else loose.push(one);
  }
  const elements = new Map([...loose, ...open.values()].map((each) => [each, elementsOf(each)]));
  for (const one of loose) {
    const other = mostAlike(one, open.values(), elements);
    if (other !== undefined) open.delete(other.index);
    pairs.push(other === undefined ? { left: one } : { left: one, right: other });
  }
  for (const other of open.values()) pairs.push({ right: other });
  return pairs.sort((a, b) => index(a) - index(b));
}

/** The statements whose meaning the other side lacks, each meaning once. */
function without(entries: readonly Entry[], others: readonly Entry[]): Entry[] {
  const known = new Set(others.map((each) => each.key));
  return entries.filter((each) => !known.has(each.key) && known.add(each.key));
}

/** Compares only the first `mostCompared`, so that long policies are not slow. */
function mostAlike(
  one: Entry,
  others: Iterable<Entry>,
  elements: ReadonlyMap<Entry, readonly string[]>,
): Entry | undefined {
  let best: { entry: Entry; score: number } | undefined;
  let compared = 0;
  for (const entry of others) {
    if (compared++ === mostCompared) break;
    if (entry.meant.Effect !== one.meant.Effect) continue;
    const known = elements.get(entry) ?? [];
    const score = (elements.get(one) ?? []).filter((each) => known.includes(each)).length;
    if (score > (best?.score ?? 0)) best = { entry, score };
  }
  return best?.entry;
}

/** The elements by which statements are similar, each as text. */
function elementsOf({ meant }: Entry): string[] {
  const { Effect: _effect, Sid: _sid, ...rest } = meant;
  return Object.entries(rest).map((each) => JSON.stringify(each));
}

function index(pair: Pair): number {
  return (pair.left ?? pair.right)?.index ?? 0;
}
