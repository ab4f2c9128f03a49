import {
  GetAccountAuthorizationDetailsCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from '@jest/globals';
import { observe } from '../../../controllers/kinds/roles/observe.ts';
import { RolesSection, render } from '../../../controllers/kinds/roles/section.ts';
import { NOW } from '../../kit/clock.ts';
import { kindContext, memberAccount } from '../../kit/kind-context.ts';
import { type Answer, awsError, on } from '../../kit/sdk.ts';

const trustPolicy = {
  Statement: [{ Effect: 'Allow', Principal: { AWS: '999999999999' }, Action: 'sts:AssumeRole' }],
};
const lake = { Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] };
const encoded = (document: unknown) => encodeURIComponent(JSON.stringify(document));
const arnOf = (name: string) => `arn:aws:iam::${memberAccount.accountId}:role/${name}`;
const ours = [
  { Key: 'orgkeeper:owner', Value: memberAccount.owner },
  { Key: 'orgkeeper:name', Value: 'roles.x' },
];

/** What is seen of an account that has these roles. */
async function seen(
  section: object,
  there: readonly string[],
  { recorded = {}, list = [] }: { recorded?: Record<string, string>; list?: readonly Answer[] } = {},
) {
  const wanted = render(RolesSection.parse(section), () => undefined, memberAccount);
  const unlessGone = <T>(name: string | undefined, answer: T): T => {
    if (name === undefined || !there.includes(name)) throw awsError('NoSuchEntityException');
    return answer;
  };
  const { context, sent, outputs } = kindContext(
    [
      on(GetRoleCommand, ({ RoleName = '' }) =>
        unlessGone(RoleName, {
          Role: {
            ...{ RoleName, RoleId: 'AROA', Path: '/', CreateDate: NOW, Arn: arnOf(RoleName), Tags: ours },
            AssumeRolePolicyDocument: encoded(trustPolicy),
          },
        }),
      ),
      on(ListRolePoliciesCommand, ({ RoleName }) => unlessGone(RoleName, { PolicyNames: ['lake'] })),
      on(ListAttachedRolePoliciesCommand, ({ RoleName }) => unlessGone(RoleName, { AttachedPolicies: [] })),
      on(GetRolePolicyCommand, ({ RoleName, PolicyName }) =>
        unlessGone(RoleName, { RoleName, PolicyName, PolicyDocument: encoded(lake) }),
      ),
      on(GetInstanceProfileCommand, ({ InstanceProfileName }) =>
        unlessGone(`${InstanceProfileName}-profile`, undefined),
      ),
      ...list,
    ],
    { recorded },
  );
  const observation = await observe(wanted, context);
  return { observation, sent, outputs };
}

test('a healthy role costs four reads with a policy, all of them in one step, whatever the number of roles', async () => {
  const role = { trustPolicy, inlinePolicies: { lake } };
  const { observation, sent } = await seen({ a: role, b: role, c: role }, ['a', 'b', 'c']);
  expect(observation.state).toBe('present');
  expect(sent).toHaveLength(12);
  expect(new Set(sent.map(({ step }) => step))).toEqual(new Set([1]));
});

test('an instance profile is read only where one is asked for, or was made', async () => {
  const profiles = async (section: object, recorded = {}) =>
    (await seen({ a: section }, ['a'], { recorded })).sent.filter(({ name }) => name === 'GetInstanceProfile')
      .length;
  expect(await profiles({ trustPolicy })).toBe(0);
  expect(await profiles({ trustPolicy, instanceProfile: true })).toBe(1);
  expect(await profiles({ trustPolicy }, { 'roles.a.instanceProfile.arn': 'arn' })).toBe(1);
});

test('a role that the baseline no longer names is kept apart while it exists, and then forgotten', async () => {
  const recorded = { 'roles.old.arn': arnOf('old'), 'roles.old.name': 'old' };
  const still = await seen({ a: { trustPolicy } }, ['a', 'old'], { recorded });
  expect(still.observation).toMatchObject({ actual: { former: [arnOf('old')] } });
  expect(still.outputs).toMatchObject({ 'roles.former': arnOf('old'), 'roles.old.arn': undefined });
  const gone = await seen({ a: { trustPolicy } }, ['a'], {
    recorded: { 'roles.former': arnOf('old') },
  });
  expect(gone.observation).toMatchObject({ actual: { former: [] } });
  expect(gone.outputs).toMatchObject({ 'roles.former': undefined });
});

test('an account without any of them has none', async () => {
  expect((await seen({ a: { trustPolicy, instanceProfile: true } }, [])).observation).toEqual({
    state: 'absent',
  });
});

describe('roles with several inline policies', () => {
  const inlinePolicies = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`policy-${index}`, lake]));
  const detail = (RoleName: string, policies: Record<string, unknown>, attached: readonly string[] = []) => ({
    ...{ RoleName, RoleId: 'AROA', Path: '/', CreateDate: NOW, Arn: arnOf(RoleName) },
    RolePolicyList: Object.entries(policies).map(([PolicyName, document]) => ({
      PolicyName,
      PolicyDocument: encoded(document),
    })),
    AttachedManagedPolicies: attached.map((PolicyArn) => ({ PolicyArn })),
  });
  /** The list of all roles, a page for each argument. */
  const listed = (...pages: readonly (readonly ReturnType<typeof detail>[])[]) => [
    on(GetAccountAuthorizationDetailsCommand, ({ Marker, Filter }) => {
      expect(Filter).toEqual(['Role']);
      const page = Number(Marker ?? 0);
      const IsTruncated = page + 1 < pages.length;
      return {
        RoleDetailList: [...(pages[page] ?? [])],
        IsTruncated,
        ...(IsTruncated && { Marker: String(page + 1) }),
      };
    }),
  ];

  test.each([
    [1, false],
    [1, true],
    [2, false],
    [9, true],
  ])(
    'cost at most four reads each, with %i policies and an instance profile: %s',
    async (count, instanceProfile) => {
      const role = { trustPolicy, inlinePolicies: inlinePolicies(count), instanceProfile };
      const others = ['x', 'y', 'z'].map((name) => detail(name, {}));
      const list = listed(
        others,
        ['a', 'b'].map((name) => detail(name, inlinePolicies(count))),
        others,
        [],
      );
      const { observation, sent } = await seen({ a: role, b: role }, ['a', 'b'], { list });
      expect(Object.keys(observation)).toContain('actual');
      expect(sent.length).toBeLessThanOrEqual(8);
    },
  );

  test('are read in one step where the list has one page, with a read for each role', async () => {
    const role = { trustPolicy, inlinePolicies: inlinePolicies(9) };
    const names = ['a', 'b', 'c'];
    const list = listed(names.map((name) => detail(name, inlinePolicies(9))));
    const { sent } = await seen(Object.fromEntries(names.map((name) => [name, role])), names, { list });
    expect(sent.map(({ name }) => name).sort()).toEqual([
      'GetAccountAuthorizationDetails',
      ...['GetRole', 'GetRole', 'GetRole'],
    ]);
    expect(new Set(sent.map(({ step }) => step))).toEqual(new Set([1]));
  });

  test('read the list no further than they are on it, in an account with thousands of roles', async () => {
    const role = { trustPolicy, inlinePolicies: inlinePolicies(9), instanceProfile: true };
    const others = ['x', 'y', 'z'].map((name) => detail(name, {}));
    const list = listed([...others, detail('a', inlinePolicies(9))], others, others, others, others);
    const { sent } = await seen({ a: role }, ['a'], { list });
    expect(sent.map(({ name }) => name).sort()).toEqual([
      'GetAccountAuthorizationDetails',
      'GetInstanceProfile',
      'GetRole',
    ]);
  });

  test('have the policies of the list, without the documents that the baseline does not name', async () => {
    const role = { trustPolicy, inlinePolicies: inlinePolicies(3) };
    const list = listed(
      [],
      [detail('a', { 'policy-0': lake, mine: lake }, ['arn:aws:iam::aws:policy/ReadOnlyAccess'])],
    );
    expect((await seen({ a: role }, ['a'], { list })).observation).toMatchObject({
      actual: {
        found: {
          a: {
            role: {
              inlinePolicies: { 'policy-0': encoded(lake), mine: undefined },
              managedPolicies: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
            },
          },
        },
      },
    });
  });

  test('are read by calls of their own where the list does not show them yet', async () => {
    const role = { trustPolicy, inlinePolicies: { lake, more: lake } };
    const { observation, sent } = await seen({ a: role }, ['a'], { list: listed([]) });
    expect(observation).toMatchObject({
      actual: { found: { a: { role: { inlinePolicies: { lake: encoded(lake) } } } } },
    });
    expect(sent.map(({ name }) => name)).toContain('ListRolePolicies');
  });

  const denied = on(GetAccountAuthorizationDetailsCommand, () => {
    throw awsError('AccessDenied', 'not authorized to perform: iam:GetAccountAuthorizationDetails');
  });

  test('are not observed where the list is denied, if one of them is ours', async () => {
    const role = { trustPolicy, inlinePolicies: inlinePolicies(2) };
    await expect(seen({ a: role }, ['a'], { list: [denied] })).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    expect((await seen({ a: role }, [], { list: [denied] })).observation).toEqual({ state: 'absent' });
  });
});
