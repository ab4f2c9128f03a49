import { describe, expect, it } from '@jest/globals';
import { partExcepted } from '../../controllers/engine/exceptions.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import { network } from '../../controllers/kinds/network/kind.ts';
import { parameters } from '../../controllers/kinds/parameters/kind.ts';
import { ParametersSection } from '../../controllers/kinds/parameters/wanted.ts';
import { publicAccessBlock } from '../../controllers/kinds/public-access-block/kind.ts';
import { roles } from '../../controllers/kinds/roles/kind.ts';
import { RolesSection } from '../../controllers/kinds/roles/section.ts';
import { differenceName } from '../../shared/domain/exceptions.ts';
import type { Difference } from '../../shared/domain/status.ts';
import { kindContext, memberAccount } from '../kit/kind-context.ts';
import { onEach } from '../kit/sdk.ts';
import { actualOf, healthy, wantedWith, withTable } from './network/samples.ts';

/** A kind, and an account in which many of its fields differ, so that each difference can be left alone. */
interface Drifted {
  readonly kind: AnyKind;
  readonly wanted: unknown;
  readonly actual: unknown;
}

const { vpc, gateway, subnets, endpoints } = healthy;
const trust = (AWS: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
});
const allowing = (Action: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
});
const boundary = (name: string) => `arn:aws:iam::${memberAccount.accountId}:policy/${name}`;
const analyst = {
  trustPolicy: trust('999999999999'),
  description: 'analyses',
  maxSessionDuration: 7_200,
  permissionsBoundary: boundary('wanted'),
  inlinePolicies: { Work: allowing('s3:GetObject'), More: allowing('s3:ListBucket') },
  managedPolicies: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
  tags: { team: 'genomics', cost: 'a' },
};

const drifted: readonly Drifted[] = [
  {
    kind: network,
    wanted: wantedWith(),
    actual: actualOf({
      ...healthy,
      ...withTable({ routes: [], tags: { ...withTable({}).tables.public?.tags, Name: 'theirs' } }),
      vpc: vpc && { ...vpc, dnsSupport: false, dnsHostnames: false, tags: { ...vpc.tags, Name: 'theirs' } },
      gateway: gateway && { ...gateway, attachedTo: undefined },
      subnets: Object.fromEntries(
        Object.entries(subnets).map(([name, one]) => [
          name,
          { ...one, mapPublicIpOnLaunch: false, tags: {} },
        ]),
      ),
      endpoints: Object.fromEntries(
        Object.entries(endpoints).map(([name, one]) => [
          name,
          { ...one, tableIds: [], policy: JSON.stringify({ Statement: [] }) },
        ]),
      ),
    }),
  },
  {
    kind: roles,
    wanted: roles.render(RolesSection.parse({ analyst }), () => undefined, memberAccount),
    actual: {
      former: [],
      found: {
        analyst: {
          role: {
            ...{ arn: `arn:aws:iam::${memberAccount.accountId}:role/analyst`, name: 'analyst', path: '/' },
            ...{ description: 'old', maxSessionDuration: 3_600, permissionsBoundary: boundary('theirs') },
            trustPolicy: JSON.stringify(trust('888888888888')),
            inlinePolicies: { Work: JSON.stringify(allowing('*')), Extra: undefined },
            managedPolicies: ['arn:aws:iam::aws:policy/AdministratorAccess'],
            ...{ tags: { team: 'physics', stale: 'x' }, isOurs: true },
          },
        },
      },
    },
  },
  {
    kind: parameters,
    wanted: parameters.render(
      ParametersSection.parse([
        { name: '/a', value: 'x', description: 'new', tags: { team: 'genomics', cost: 'a' } },
        { name: '/b', value: 'y' },
      ]),
      () => undefined,
      memberAccount,
    ),
    actual: {
      ...{ dropped: [], lookalikes: [] },
      found: Object.fromEntries(
        ['/a', '/b'].map((name) => [
          name,
          {
            ...{ name, arn: `arn:aws:ssm:eu-west-1:${memberAccount.accountId}:parameter${name}` },
            ...{ value: 'changed', type: 'String', tier: 'Standard', description: 'old', whose: 'ours' },
            tags: { 'orgkeeper:owner': memberAccount.owner, 'orgkeeper:name': name, team: 'theirs' },
          },
        ]),
      ),
    },
  },
  {
    kind: publicAccessBlock,
    wanted: publicAccessBlock.section.parse({}),
    actual: {
      configured: true,
      switches: {
        ...{ blockPublicAcls: false, ignorePublicAcls: false },
        ...{ blockPublicPolicy: false, restrictPublicBuckets: false },
      },
    },
  },
];

/** What is sent to write these differences; a call about several tags as one for each. */
async function sentFor(
  { kind, wanted, actual }: Drifted,
  differences: readonly Difference[],
): Promise<string[]> {
  const { context, sent } = kindContext(
    onEach([...kind.permissions.read, ...kind.permissions.write], () => undefined),
  );
  if (differences.length > 0) await kind.apply({ wanted, actual, differences }, context);
  return sent.flatMap(({ name, input }) => {
    const { Tags, TagKeys, ...rest } = input as { Tags?: unknown[]; TagKeys?: unknown[] };
    const tags = Tags ?? TagKeys;
    return (tags ?? [undefined]).map((tag) => JSON.stringify([name, rest, tag]));
  });
}

describe.each(drifted)('A difference of $kind.name that is left', ({ kind, ...given }) => {
  const all: readonly Difference[] = kind.diff(given.wanted, given.actual).differences;
  const one = { kind, ...given };
  const part = (left: Difference) => {
    const exception = {
      ...{ path: differenceName(left), until: '2027-01-31T00:00:00.000Z', because: 'a test' },
      ...{ request: 'event-5', at: '', iKnow: true as const },
    };
    const { comparison, excepted } = partExcepted({ differences: all, blocked: [], unowned: [] }, kind, [
      exception,
    ]);
    return { rest: comparison.differences, excepted };
  };
  const mayBeLeft = all.filter((left) => part(left).excepted.length > 0);

  it('is there for this test', () => {
    expect(mayBeLeft.length).toBeGreaterThan(3);
  });

  it.each(mayBeLeft.map((left) => ({ name: differenceName(left), left })))(
    'is not written, and the others are written as without it: $name',
    async ({ left }) => {
      const { rest, excepted } = part(left);
      const [whole, without, alone] = await Promise.all([
        sentFor(one, all),
        sentFor(one, rest),
        sentFor(
          one,
          all.filter((each) => !rest.includes(each)),
        ),
      ]);
      expect(rest.length + excepted.length).toBe(all.length);
      // Nothing else is sent than before, and what would write the difference is not.
      expect(without.filter((call) => !whole.includes(call))).toEqual([]);
      expect(without.filter((call) => alone.includes(call))).toEqual([]);
      expect(without.length + alone.length).toBe(whole.length);
    },
  );
});
