import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { conditionsHold } from '../../shared/policy/conditions.ts';
import { contradict, implies, singlesOf } from '../../shared/policy/implies.ts';
import { includes, itemOf, meets, overlap, within } from '../../shared/policy/inclusion.ts';
import { matches, parsePattern, replaceVariables, type Syntax } from '../../shared/policy/pattern.ts';
import { bases } from './names.ts';

const runs = { numRuns: 3000 };
const enough = () => ({ left: 1e9 });
const wildcards = fc.constantFrom<Syntax['wildcards']>('text', 'resource', 'arn');
const strings = (...of: string[]) =>
  fc.array(fc.constantFrom(...of), { maxLength: 8 }).map((all) => all.join(''));
const texts = strings('a', 'b', ':', '😀', '*', 'z');
const some = fc.oneof(
  strings('a', 'b', ':', '*', '?', '*', '😀', '${v}', "${v, 'a'}", '${*}'),
  strings('a', ':', '*', '?'),
);
/** Two patterns, often nearly the same. */
const patterns = fc
  .tuple(some, some, fc.constantFrom('', '*', '?'))
  .map(([one, other, wild]) => [wild === '' ? one : other.replace(/\$\{v\}|[ab]/, wild), other] as const);
/** Texts that are likely to be what the pattern stands for. */
const filled = (pattern: string, fillers: readonly string[]) =>
  [...pattern].map((char, n) => (/[*?]/.test(char) ? (fillers[n % fillers.length] ?? '') : char)).join('');
const fillers = fc.array(fc.constantFrom('', 'a', ':', 'ba', '😀'), { minLength: 1, maxLength: 8 });

describe('matching of a pattern', () => {
  test('is that of the equivalent regular expression', () => {
    const plain = strings('a', 'b', ':', ':', '*', '*', '?', '😀');
    fc.assert(
      fc.property(plain, wildcards, texts, fillers, (pattern, kind, text, fill) => {
        const parsed = parsePattern(pattern, { variables: false, wildcards: kind });
        for (const each of [text, filled(pattern, fill)])
          expect([pattern, each, matches(parsed, each)]).toEqual([
            pattern,
            each,
            expression(pattern, kind).test(each),
          ]);
      }),
      runs,
    );
  });

  test('within another pattern, or apart from it, holds for every text and value if it is proven', () => {
    let [inside, apart] = [0, 0];
    const variable = fc.constantFrom(undefined, '', 'a', ':', 'b:', '*');
    fc.assert(
      fc.property(patterns, wildcards, fc.array(fc.tuple(texts, fillers)), variable, (...given) => {
        const [[one, other], kind, samples, value] = given;
        const [a, b] = [one, other].map((each) => itemOf(each, { variables: true, wildcards: kind }));
        if (a === undefined || b === undefined) return;
        const [isWithin, mayMeet] = [within(a, b, enough()), meets(a, b, enough())];
        expect([isWithin, mayMeet]).toEqual([
          includes(a.pattern, b.pattern, enough()),
          overlap(a.pattern, b.pattern, enough()),
        ]);
        if (isWithin) inside++;
        if (!mayMeet) apart++;
        const [outer, inner] = [a, b].map((each) => replaceVariables(each.pattern, () => value));
        for (const text of samples.flatMap(([any, fill]) => [any, filled(one, fill), filled(other, fill)])) {
          const found = [outer, inner].map((each) => each !== undefined && matches(each, text));
          if (isWithin && found[1]) expect([one, other, text, found[0]]).toEqual([one, other, text, true]);
          if (!mayMeet) expect([one, other, text, found]).not.toEqual([one, other, text, [true, true]]);
        }
      }),
      runs,
    );
    expect(Math.min(inside, apart)).toBeGreaterThan(100);
  });
});

describe('a proof about a condition', () => {
  const pools = [
    ['a', 'A', 'a*', '*', '?', '', '${b:k}', "${b:k, 'a'}", '${*}', 'ab'],
    ['1', '1.0', '2', 'x', '-1', '1e0'],
    ['2026-01-01', '1767225600', '2027', '2026-02-31', 'x'],
    ['true', 'False', 'x'],
    ['10.0.0.0/8', '10.0.0.1', '10.0.0.0/16', '10.1.0.1', '::/0', '2001:db8::/32', 'x'],
    ['arn:aws:s3:::a', 'arn:aws:s3:::*', 'arn:*:s3:::a', 'arn:aws:s3:*', '*', 'arn:aws:s3:::${b:k}', 'x'],
    ['QQ==', 'QQ', 'Qg==', 'x'],
  ];
  const words = [/^String/, /^Numeric/, /^Date/, /Bool|Null/, /Ip/, /^Arn/, /^Binary/];
  const one = (pool: number) =>
    fc.tuple(
      fc.constantFrom('', '', 'ForAllValues:', 'ForAnyValue:'),
      fc.constantFrom(...[...bases, 'Null'].filter((each) => words[pool]?.test(each))),
      fc.constantFrom('', '', 'IfExists'),
      fc.array(fc.constantFrom(...(pools[pool] ?? [])), { maxLength: 3 }),
      fc.boolean(),
    );
  const cases = fc.nat(pools.length - 1).chain((pool) =>
    fc.tuple(
      one(pool),
      fc.oneof(one(pool), fc.constant(undefined)),
      fc.array(fc.array(fc.constantFrom(...(pools[pool] ?? [])), { maxLength: 2 }), {
        minLength: 10,
        maxLength: 20,
        size: 'max',
      }),
      fc.constantFrom([], ['a'], [''], ['a', 'b']),
    ),
  );

  test('that it follows from another or excludes it holds in every context', () => {
    let [followed, ruledOut] = [0, 0];
    fc.assert(
      fc.property(cases, ([first, second, actual, other]) => {
        const [a, b] = [conditionOf(first), conditionOf(second ?? first)];
        const [one, two] = [a, b].map((each) => singlesOf(each.conditions, each.variables));
        if (one === undefined || two === undefined) return;
        const [follows, never] = [implies(one, two, enough()), contradict(one, two, enough())];
        if (second === undefined) expect(follows).toBe(true);
        for (const k of actual) {
          const context = new Map<string, readonly string[]>([
            ['a:k', k],
            ['b:k', other],
          ]);
          const [x, y] = [a, b].map((each) => conditionsHold(each.conditions, context, each.variables));
          if (follows && x) expect([first, second, k, other, y]).toEqual([first, second, k, other, true]);
          if (never) expect([first, second, k, other, x && y]).toEqual([first, second, k, other, false]);
          if (follows && x) followed++;
          if (never && (x || y)) ruledOut++;
        }
      }),
      runs,
    );
    expect(Math.min(followed, ruledOut)).toBeGreaterThan(100);
  });

  function conditionOf([set, base, exists, values, variables]: [string, string, string, string[], boolean]) {
    const operator = base === 'Null' ? base : `${set}${base}${exists}`;
    return { conditions: { [operator]: { 'a:k': values } }, variables };
  }
});

/** The same pattern as a regular expression: within a segment of an ARN, or beyond. */
function expression(pattern: string, kind: Syntax['wildcards']): RegExp {
  let colons = 0;
  const parts = pattern.match(/\*+|[^*]/gu)?.map((part, n, all) => {
    if (part === ':') colons++;
    const free = kind === 'text' || colons >= 5;
    if (part === '?') return free ? '[^]' : '[^:]';
    if (!part.startsWith('*')) return part;
    const [next, last] = [all[n + 1], n + 1 === all.length];
    return free || last || (kind === 'resource' && next === ':') ? '[^]*' : '[^:]*';
  });
  return new RegExp(`^${parts?.join('') ?? ''}$`, 'u');
}
