import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { covers } from '../../shared/policy/covers.ts';
import { parsePolicy } from '../../shared/policy/document.ts';
import type { PolicyKind, PolicySet, Request } from '../../shared/policy/evaluate.ts';
import { evaluate } from '../../shared/policy/evaluate.ts';
import { differences, samePolicy } from '../../shared/policy/same.ts';
import { identityPolicy, type PlainPolicy, request, resourcePolicy, trustPolicy } from './arbitrary.ts';
import { naming, nearly } from './nearly.ts';

const anyPolicy = fc.oneof(identityPolicy, resourcePolicy, trustPolicy);

describe('same', () => {
  test('is unchanged by reordering, re-encoding and duplicating', () => {
    fc.assert(
      fc.property(anyPolicy, fc.infiniteStream(fc.nat(4)), (policy, choices) => {
        const other = rewritten(policy, () => choices.next().value ?? 0);
        for (const text of [JSON.stringify(other), encodeURIComponent(JSON.stringify(other, undefined, 1))]) {
          expect(differences(policy, text)).toEqual([]);
          expect(samePolicy(policy, text)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('is an equivalence relation, and agrees with the differences', () => {
    let equal = 0;
    const few = fc.constantFrom(...fc.sample(anyPolicy, { numRuns: 12, seed: 1 }));
    const variant = fc
      .tuple(fc.oneof(few, anyPolicy), fc.infiniteStream(fc.nat(4)))
      .map(([policy, choices]) => rewritten(policy, () => choices.next().value ?? 0));
    fc.assert(
      fc.property(variant, variant, variant, (a, b, c) => {
        expect(samePolicy(a, a)).toBe(true);
        expect(samePolicy(a, b)).toBe(samePolicy(b, a));
        if (samePolicy(a, b) && samePolicy(b, c)) expect(samePolicy(a, c)).toBe(true);
        expect(differences(a, b).length === 0).toBe(samePolicy(a, b));
        if (samePolicy(a, b)) equal++;
      }),
      { numRuns: 1000 },
    );
    expect(equal).toBeGreaterThan(20);
  });

  const kinds: [kind: PolicyKind, policy: fc.Arbitrary<PlainPolicy>][] = [
    ['identity', identityPolicy],
    ['resource', resourcePolicy],
    ['trust', trustPolicy],
  ];
  test.each(kinds)(
    'never joins policies that evaluate or covers tells apart, for %s policies',
    (kind, policy) => {
      fc.assert(
        fc.property(policy, fc.infiniteStream(fc.nat(4)), fc.array(request), (a, choices, asked) => {
          const b = rewritten(a, () => choices.next().value ?? 0);
          expect(samePolicy(a, b)).toBe(true);
          expect(covers(a, b)).toEqual({ covered: true, missing: [] });
          for (const one of asked) {
            const [left, right] = [a, b].map((each) => evaluate(one, { identity: everything, [kind]: each }));
            expect(left?.decision).toBe(right?.decision);
          }
        }),
        { numRuns: 500 },
      );
    },
  );
});

describe('a parsed policy', () => {
  test('parses to itself and means the same as its text', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const parsed = parsePolicy(policy);
        expect(parsePolicy(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
        expect(samePolicy(parsed, policy)).toBe(true);
      }),
    );
  });
});

describe('covers', () => {
  const placed: [
    place: string,
    kind: PolicyKind,
    policy: fc.Arbitrary<PlainPolicy>,
    put: (policy: PlainPolicy) => PolicySet,
  ][] = [
    ['an identity policy', 'identity', identityPolicy, (identity) => ({ identity })],
    ['a boundary', 'boundary', identityPolicy, (boundary) => ({ identity: everything, boundary })],
    ['a session policy', 'session', identityPolicy, (session) => ({ identity: everything, session })],
    ['a resource policy', 'resource', resourcePolicy, (resource) => ({ resource })],
    [
      'a resource policy beside an identity policy',
      'resource',
      resourcePolicy,
      (resource) => ({ identity: everything, resource }),
    ],
    [
      'a resource policy within limits',
      'resource',
      resourcePolicy,
      (resource) => ({ resource, boundary: reading, session: reading }),
    ],
    [
      'a resource policy within a boundary that grants nothing of it',
      'resource',
      resourcePolicy,
      (resource) => ({ resource, boundary: running }),
    ],
    ['a trust policy', 'trust', trustPolicy, (trust) => ({ trust })],
    [
      'a trust policy within a boundary',
      'trust',
      trustPolicy,
      (trust) => ({ trust, identity: everything, boundary: running }),
    ],
    [
      'a trust policy beside an identity policy',
      'trust',
      trustPolicy,
      (trust) => ({ trust, identity: everything }),
    ],
  ];
  test.each(placed)('means that evaluate allows, for %s', (_place, kind, policy, put) => {
    let covered = 0;
    let allowed = 0;
    const requests = fc.array(request, { minLength: 1, maxLength: 40, size: 'max' });
    const pair = fc.oneof(
      fc.tuple(policy, policy),
      nearly(policy),
      naming(policy),
      fc.tuple(policy, policy).map(widened),
    );
    fc.assert(
      fc.property(pair, requests, ([required, actual], asked) => {
        if (!covers(required, actual).covered) return;
        covered++;
        for (const one of asked) if (shows(kind, one, put(required), put(actual))) allowed++;
      }),
      { numRuns: 500 },
    );
    expect(covered).toBeGreaterThan(50);
    expect(allowed).toBeGreaterThan(50);
  });

  /** Whether a statement of what is required allows the request; then what is there must allow it. */
  function shows(kind: PolicyKind, one: Request, required: PolicySet, actual: PolicySet): boolean {
    const { decision, statements } = evaluate(one, required);
    if (decision !== 'Allowed' || !statements.some((each) => each.kind === kind)) return false;
    expect(evaluate(one, actual).decision).toBe('Allowed');
    return true;
  }

  /** Both, of which the second has the statements of the first too: covered, but for its Deny statements. */
  function widened([one, other]: [PlainPolicy, PlainPolicy]): [PlainPolicy, PlainPolicy] {
    return [one, { ...one, Statement: [...other.Statement, ...one.Statement] }];
  }
});

const everything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
const reading = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:Get*', Resource: '*' } };
const running = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'ec2:*', Resource: '*' } };

/** The same policy in another spelling, chosen by `pick`, which gives a number from 0 to 4. */
function rewritten(policy: PlainPolicy, pick: () => number): PlainPolicy {
  const values = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const all = [...value, ...(pick() > 2 ? value.slice(0, 1) : [])].sort(() => pick() - 2);
      return all.length === 1 && pick() > 2 ? all[0] : all;
    }
    return typeof value === 'string' && pick() > 2 ? [value] : value;
  };
  const keys = (record: object): [string, unknown][] => Object.entries(record).sort(() => pick() - 2);
  const conditions = (record: object): object =>
    Object.fromEntries(
      keys(record).map(([operator, byKey]) => [
        operator,
        Object.fromEntries(
          keys(byKey as object).map(([key, value]) => [pick() > 2 ? key.toUpperCase() : key, values(value)]),
        ),
      ]),
    );
  const cased = (value: unknown): unknown => {
    const text = JSON.stringify(value).replaceAll('"*"', pick() > 2 ? '"*:*"' : '"*"');
    return JSON.parse(pick() > 2 ? text.toUpperCase() : text);
  };
  const account = (name: unknown): unknown => {
    if (Array.isArray(name)) return name.map(account);
    const id = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(String(name))?.[1];
    if (id === undefined || !bare) return name;
    return pick() > 2 ? id : `arn:aws:iam::${id}:root`;
  };
  const principals = (value: unknown): unknown => {
    if (value === '*') return pick() > 2 ? { AWS: '*' } : '*';
    return Object.fromEntries(keys(value as object).map(([type, names]) => [type, values(account(names))]));
  };
  // A bare id is of the document's partition, which must be told by something else then.
  const bare = !JSON.stringify(policy).includes('arn:aws-cn:');
  const element = ([name, value]: [string, unknown]): [string, unknown] => {
    if (name === 'Condition') return [name, conditions(value as object)];
    if (name.endsWith('Principal')) return [name, principals(value)];
    if (name.endsWith('Action')) return [name, values(cased(value))];
    return [name, name.endsWith('Resource') ? values(value) : value];
  };
  const again = pick() > 2 ? policy.Statement.slice(0, 1) : [];
  const statements = [...policy.Statement, ...again]
    .map((each) => Object.fromEntries(keys(each).map(element)))
    .sort(() => pick() - 2);
  return { ...policy, Statement: statements };
}
