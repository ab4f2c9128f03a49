import fc from 'fast-check';
import type { PlainPolicy } from './arbitrary.ts';
import { actionPatterns, awsNames, resourcePatterns, values } from './names.ts';

/**
 * Two policies of which the second is the first with some things changed: values, operators, statements that
 * come or go. So they are often nearly the same, where a proof is most easily wrong.
 */
export function nearly(policy: fc.Arbitrary<PlainPolicy>): fc.Arbitrary<[PlainPolicy, PlainPolicy]> {
  return fc.tuple(policy, policy, fc.infiniteStream(fc.nat(999))).map(([one, other, numbers]) => {
    const pick = (most: number) => (numbers.next().value ?? 0) % most;
    const kept = one.Statement.filter(() => pick(6) > 0).map((each) => changed('', each, pick) as object);
    return [one, { ...one, Statement: [...kept, ...other.Statement.filter(() => pick(3) === 0)] }];
  });
}

/** Two policies of which the second names more principals in each statement that names some. */
export function naming(policy: fc.Arbitrary<PlainPolicy>): fc.Arbitrary<[PlainPolicy, PlainPolicy]> {
  const more = fc.array(fc.constantFrom(...awsNames), { minLength: 1, maxLength: 5 });
  return fc.tuple(policy, more).map(([one, names]) => {
    const named = ({ Principal, ...rest }: { Principal?: { AWS?: string | string[] } | '*' }) => {
      if (Principal === undefined) return rest;
      const { AWS = [], ...others } = Principal === '*' ? { AWS: '*' } : Principal;
      return { ...rest, Principal: { ...others, AWS: [AWS, names].flat() } };
    };
    return [one, { ...one, Statement: one.Statement.map(named) }];
  });
}

/** The part of a statement below `element`, with some of its values and operators changed. */
function changed(element: string, value: unknown, pick: (most: number) => number): unknown {
  if (Array.isArray(value)) return value.map((each) => changed(element, each, pick));
  if (typeof value === 'string') {
    const pool = pools[element];
    return pool !== undefined && pick(5) === 0 ? pool[pick(pool.length)] : value;
  }
  const entries = Object.entries(value as object).map(([name, below]) =>
    element === 'Condition'
      ? [pick(5) === 0 ? otherwise(name, value as object) : name, changed('values', below, pick)]
      : [name, changed(element === 'values' ? element : name, below, pick)],
  );
  return Object.fromEntries(entries);
}

/** The operator with IfExists or without it, unless that is there already. */
function otherwise(operator: string, all: object): string {
  const name = operator.endsWith('IfExists') ? operator.slice(0, -8) : `${operator}IfExists`;
  const taken = Object.keys(all).some((each) => each.toLowerCase() === name.toLowerCase());
  return taken || operator === 'Null' ? operator : name;
}

const pools: Readonly<Record<string, readonly string[]>> = {
  Action: actionPatterns,
  NotAction: actionPatterns,
  Resource: resourcePatterns,
  NotResource: resourcePatterns,
  AWS: awsNames,
  values,
};
