import { describe, expect, test } from '@jest/globals';
import { parseBaseline } from '../../../controllers/kinds/baseline.ts';
import { kinds } from '../../../controllers/kinds/index.ts';
import { diff } from '../../../controllers/kinds/network/network.ts';
import { NetworkSection, outputNames } from '../../../controllers/kinds/network/section.ts';
import { section, wantedWith } from './samples.ts';

const POOL = { name: 'main', cidr: '10.0.0.0/8', prefix: 20 };
const pooled = (overrides: Record<string, unknown> = {}) => ({
  cidr: undefined,
  cidrPool: POOL,
  subnets: [{ name: 'a', prefix: 24, number: 3, routing: 'public' }],
  ...overrides,
});
const subnets = (...given: Record<string, unknown>[]) => ({
  subnets: given.map((one, index) => ({ name: `s${index}`, routing: 'public', ...one })),
});

function problemsOf(overrides: Record<string, unknown>): string[] {
  const parsed = NetworkSection.safeParse({ ...section, ...overrides });
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a network with an address pool', () => {
  test.each([
    ['neither block nor pool', pooled({ cidrPool: undefined }), /^cidr: give cidr or cidrPool/],
    ['both', pooled({ cidr: '10.0.0.0/16' }), /^cidr: give cidr or cidrPool/],
    ['a pool that is no block', pooled({ cidrPool: { ...POOL, cidr: 'ten' } }), /^cidrPool.cidr: /],
    [
      'a pool that begins inside a block',
      pooled({ cidrPool: { ...POOL, cidr: '10.1.0.0/8' } }),
      /^cidrPool.cidr: .*write 10.0.0.0\/8/,
    ],
    [
      'blocks larger than the pool',
      pooled({ cidrPool: { ...POOL, cidr: '10.0.0.0/22' } }),
      /^cidrPool.prefix: .*larger than the pool/,
    ],
    ['blocks larger than AWS takes', pooled({ cidrPool: { ...POOL, prefix: 12 } }), /^cidrPool.prefix: /],
    ['a subnet without a block', pooled(subnets({})), /^subnets.0.cidr: give cidr; or prefix and number/],
    ['half of a block', pooled(subnets({ prefix: 24 })), /^subnets.0.cidr: give cidr; or/],
    [
      'the same subnet in every account',
      pooled(subnets({ cidr: '10.0.0.0/24' })),
      /^subnets.0.cidr: every account has another block/,
    ],
    [
      'a block twice said',
      { ...subnets({ cidr: '10.0.0.0/24', prefix: 24, number: 0 }) },
      /^subnets.0.cidr: .*not both/,
    ],
    [
      'one number too many',
      pooled(subnets({ prefix: 24, number: 16 })),
      /^subnets.0.number: a network of \/20 has 16 blocks of \/24, counted from 0/,
    ],
    [
      'a subnet larger than the network',
      pooled(subnets({ prefix: 19, number: 0 })),
      /^subnets.0.prefix: a network of \/20 has 1 blocks of \/19/,
    ],
    [
      'subnets that overlap',
      pooled(subnets({ prefix: 24, number: 1 }, { prefix: 22, number: 0 })),
      /^subnets.1.cidr: 10.0.0.0\/22 overlaps 10.0.1.0\/24 of subnet s0/,
    ],
  ])('is refused for %s', (_, overrides, problem) => {
    expect(problemsOf(overrides)).toContainEqual(expect.stringMatching(problem));
  });

  test('has its subnets within the block of the account', () => {
    expect(problemsOf(pooled())).toEqual([]);
    const wanted = wantedWith(pooled(), { 'address.cidr': '10.7.32.0/20' });
    expect(wanted).toMatchObject({ cidr: '10.7.32.0/20', subnets: [{ name: 'a', cidr: '10.7.35.0/24' }] });
    expect(wanted.waiting.layout).toEqual([]);
  });

  test('has subnets relative to a block of its own, too', () => {
    const wanted = wantedWith(subnets({ prefix: 20, number: 15 }));
    expect(wanted.subnets[0]?.cidr).toBe('10.0.240.0/20');
  });

  test('waits, and writes nothing, while the account has no block', () => {
    const { differences, blocked } = diff(wantedWith(pooled()), undefined);
    expect(differences).toEqual([]);
    expect(blocked[0]?.message).toContain('${address.cidr}');
  });

  test('gives the block to later kinds by a name that a network without a pool does not have', () => {
    expect(outputNames(NetworkSection.parse({ ...section, ...pooled() }))).toContain('address.cidr');
    expect(outputNames(NetworkSection.parse(section))).not.toContain('address.cidr');
  });

  test('is valid in a baseline whose parameters publish the block', () => {
    const text = `name: pooled
network:
  cidrPool: { name: main, cidr: 10.0.0.0/8, prefix: 20 }
  internetGateway: true
  subnets:
    - { name: public, prefix: 24, number: 0, routing: public }
parameters:
  - { name: /orgkeeper/network/cidr, value: "\${address.cidr}" }
`;
    expect(parseBaseline(text, kinds)).toMatchObject({ baseline: { name: 'pooled' } });
    const without = text.replace(/ {2}cidrPool.*\n/, '  cidr: 10.0.0.0/16\n');
    expect(parseBaseline(without, kinds)).toMatchObject({ problems: [{ path: 'parameters[0].value' }] });
  });
});
