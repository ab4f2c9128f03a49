import {
  GetInstanceProfileCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { expect, test } from '@jest/globals';
import { observe } from '../../../controllers/kinds/roles/observe.ts';
import { RolesSection, render } from '../../../controllers/kinds/roles/section.ts';
import { NOW } from '../../kit/clock.ts';
import { kindContext, memberAccount } from '../../kit/kind-context.ts';
import { awsError, on } from '../../kit/sdk.ts';

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
async function seen(section: object, there: readonly string[], recorded: Record<string, string> = {}) {
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
    (await seen({ a: section }, ['a'], recorded)).sent.filter(({ name }) => name === 'GetInstanceProfile')
      .length;
  expect(await profiles({ trustPolicy })).toBe(0);
  expect(await profiles({ trustPolicy, instanceProfile: true })).toBe(1);
  expect(await profiles({ trustPolicy }, { 'roles.a.instanceProfile.arn': 'arn' })).toBe(1);
});

test('a role that the baseline no longer names is kept apart while it exists, and then forgotten', async () => {
  const recorded = { 'roles.old.arn': arnOf('old'), 'roles.old.name': 'old' };
  const still = await seen({ a: { trustPolicy } }, ['a', 'old'], recorded);
  expect(still.observation).toMatchObject({ actual: { former: [arnOf('old')] } });
  expect(still.outputs).toMatchObject({ 'roles.former': arnOf('old'), 'roles.old.arn': undefined });
  const gone = await seen({ a: { trustPolicy } }, ['a'], { 'roles.former': arnOf('old') });
  expect(gone.observation).toMatchObject({ actual: { former: [] } });
  expect(gone.outputs).toMatchObject({ 'roles.former': undefined });
});

test('an account without any of them has none', async () => {
  expect((await seen({ a: { trustPolicy, instanceProfile: true } }, [])).observation).toEqual({
    state: 'absent',
  });
});
