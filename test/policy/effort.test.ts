import { describe, expect, test } from '@jest/globals';
import { covers } from '../../shared/policy/covers.ts';

/** So many statements, each about something else. */
const long = (count: number, each: (n: number) => object) => ({
  Version: '2012-10-17',
  Statement: range(count, (n) => ({ Effect: 'Allow', ...each(n) })),
});
/** One statement as a policy. */
const allow = (changes: object = {}) =>
  long(1, () => ({ Action: 's3:GetObject', Resource: '*', ...changes }));
const when = (Condition: object) => ({ Condition });

const range = <T>(count: number, each: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => each(n));
const actions = (count: number) => range(count, (n) => `a:b${n}`);
const deny = (count: number, each: (n: number) => object) =>
  long(count, (n) => ({ Effect: 'Deny', ...each(n) }));
/** Two policies together. */
const both = (one: { Statement: object[] }, other: { Statement: object[] }) => ({
  ...one,
  Statement: [...one.Statement, ...other.Statement],
});
const asking = (operator: string, count: number, key: (n: number) => string) =>
  when({ [operator]: Object.fromEntries(range(count, (n) => [key(n), ''])) });
const everyone = { Principal: '*', Action: '*', Resource: undefined };
const people = { AWS: range(400, (n) => `p${n}`) };
/** Seconds of work so far: less than the clock's on a busy machine, but still several times those of a quiet one. */
const busy = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;

describe('covers', () => {
  const tiring: [reason: string, required: object, actual: object, missing: number, why?: RegExp][] = [
    [
      'as many condition keys in another order',
      allow({ Action: actions(300), ...asking('StringEquals', 12_000, (n) => `a:k${n}`) }),
      allow({ Action: '*', ...asking('StringEquals', 12_000, (n) => `a:k${11_999 - n}`) }),
      0,
    ],
    [
      'as many condition keys, of which a Deny names none',
      allow({ Action: actions(300), ...asking('StringEquals', 12_000, (n) => `a:k${n}`) }),
      both(
        allow({ Action: '*' }),
        deny(1, () => ({
          Action: '*',
          Resource: '*',
          ...asking('StringNotEquals', 12_000, (n) => `a:q${n}`),
        })),
      ),
      300,
      /denies it, or may/,
    ],
    [
      'a principal whom thousands of statements do not admit',
      allow({ Principal: people, Action: actions(480), Resource: undefined }),
      long(6000, () => ({ Principal: { AWS: 'q' }, Action: 'c:d' })),
      192_000,
      /No Allow admits this principal/,
    ],
    [
      'Deny statements that deny the same, all but one',
      both(
        deny(8000, () => ({ Principal: { AWS: 'z' }, Action: 'a:b' })),
        allow(everyone),
      ),
      both(
        allow(everyone),
        deny(1, () => ({ Principal: { AWS: range(60_000, (n) => `${n}`) }, Action: 'a:b' })),
      ),
      1,
      /denies it, or may/,
    ],
    [
      'a pattern of 100 KB',
      allow({ Action: '*', Resource: range(10_000, (n) => `xc${n}`) }),
      allow({ Action: '*', Resource: `?${'b'.repeat(100_000)}*` }),
      500,
      /too large/,
    ],
    [
      'a Deny that names 60,000 services',
      allow({ Principal: { Service: people.AWS }, Action: actions(450), Resource: undefined }),
      both(
        allow({ Principal: { Service: people.AWS }, Action: '*', Resource: undefined }),
        deny(1, () => ({ Principal: { Service: range(60_000, (n) => `${n}`) }, Action: '*' })),
      ),
      1,
      /too large/,
    ],
    [
      'all but 30,000 principals, 30,000 times',
      allow({ NotPrincipal: { AWS: range(30_000, String) }, Action: actions(30_000), Resource: undefined }),
      allow({ NotPrincipal: { AWS: range(30_000, String) }, Action: '*', Resource: undefined }),
      1,
      /too large/,
    ],
    [
      '9,000 patterns that nearly fit',
      allow({ Action: actions(430), Resource: range(450, (n) => `r${n}`) }),
      long(9000, (n) => ({ Action: `*:b${n}`, Resource: '*' })),
      1,
      /too large/,
    ],
    [
      '7,000 Deny statements that take nothing back',
      both(
        deny(7000, (n) => ({ Action: `b:${n}`, Resource: '*' })),
        allow({ Action: actions(15_000), Resource: range(10, (n) => `r${n}`) }),
      ),
      allow({ Action: '*' }),
      1,
      /too large/,
    ],
    [
      '12,000 Deny statements beside 12,000 others',
      both(
        deny(12_000, (n) => ({ Action: `a:${n}`, Resource: '*' })),
        allow(),
      ),
      both(
        deny(12_000, (n) => ({ Action: `b:${n}`, Resource: '*' })),
        allow(),
      ),
      1,
      /too large/,
    ],
  ];
  test.each(tiring)(
    'needs no long time for %s',
    (_reason, required, actual, missing, why = /^/) => {
      const start = busy();
      const found = covers(required, actual);
      expect(busy() - start).toBeLessThan(40);
      expect(found.missing).toHaveLength(missing);
      expect(found.missing.at(-1)?.reason ?? '').toMatch(why);
    },
    180_000,
  );

  test('proves 1,523 policies of the length of those that AWS publishes by themselves in 10 s', () => {
    const statement = (n: number) => {
      const [service, size] = [`s${n % 211}`, 1 + ((n * 7919) % 40)];
      const verbs = ['Describe', 'Get', 'List', 'Create*', 'Delete', 'Tag'];
      const names = range(
        size,
        (m) => `${service}:${verbs[m % verbs.length]}${n % 5 === 0 ? '' : `Thing${m}`}`,
      );
      const arns = range(
        1 + (size % 24),
        (m) => `arn:*:${service}:*:*:thing${m}/aws-*${m % 3 === 0 ? '/*' : ''}`,
      );
      const asks = { StringLike: { 'aws:ResourceTag/Owner': range(1 + (n % 9), (m) => `*team${m}*`) } };
      return { Action: names, Resource: n % 3 === 0 ? '*' : arns, ...(n % 4 === 0 && when(asks)) };
    };
    const published = range(1523, (n) => long(1 + (n % 7), (m) => statement(n * 7 + m)));
    const start = busy();
    expect(published.filter((each) => !covers(each, each).covered)).toEqual([]);
    expect(busy() - start).toBeLessThan(10);
  });

  test('out of effort, keeps what it found missing and says that everything else is not proven', () => {
    const stars = (n: number) => `arn:aws:s3:::*a${n}${'?'.repeat(80)}b*`;
    const hard = long(1600, (n) => ({ Action: 'c:d', Resource: stars(n + 1) }));
    const wanted = ['e:f', ['g:h', 'c:d'], 'c:d'];
    const required = long(3, (n) => ({ Action: wanted[n], Resource: stars(0) }));
    expect(covers(required, hard).missing.map(({ action, reason }) => [action, reason])).toEqual([
      ['e:f', 'No Allow is proven to include this action.'],
      ['g:h', 'No Allow is proven to include this action.'],
      ['*', 'Statement[1] of what is required is too large to be proven.'],
      ['*', 'Statement[2] of what is required is too large to be proven.'],
    ]);
  });
});
