import { DescribeIamInstanceProfileAssociationsCommand } from '@aws-sdk/client-ec2';
import {
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolePoliciesCommand,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from '@jest/globals';
import { remove } from '../../../controllers/kinds/roles/apply.ts';
import { RolesSection, render } from '../../../controllers/kinds/roles/section.ts';
import { NOW } from '../../kit/clock.ts';
import { kindContext, memberAccount } from '../../kit/kind-context.ts';
import { accepting, on } from '../../kit/sdk.ts';

const PROFILE = 'arn:aws:iam::456789012345:instance-profile/reader';
const OTHER = 'arn:aws:iam::456789012345:instance-profile/other';
const trustPolicy = {
  Statement: [{ Effect: 'Allow', Principal: { AWS: '999999999999' }, Action: 'sts:AssumeRole' }],
};
const wanted = render(
  RolesSection.parse({ reader: { trustPolicy, instanceProfile: true } }),
  () => undefined,
  memberAccount,
);
const Tags = Object.entries(wanted.roles[0]?.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
const role = { RoleName: 'reader', RoleId: 'AROA', Path: '/', CreateDate: NOW, Arn: wanted.roles[0]?.arn };
const InstanceProfile = {
  ...{ Path: '/', InstanceProfileName: 'reader', InstanceProfileId: 'AIPA', CreateDate: NOW, Arn: PROFILE },
  Roles: [role],
  Tags,
};

interface Association {
  readonly InstanceId: string;
  readonly Arn: string;
  readonly State: 'associated' | 'disassociated';
}

/** The profiles of these instances, each on a page of its own. */
const listing = (instances: readonly Association[]) =>
  on(DescribeIamInstanceProfileAssociationsCommand, ({ NextToken }) => {
    const at = Number(NextToken ?? 0);
    const page = instances.slice(at, at + 1).map(({ InstanceId, Arn, State }) => ({
      ...{ InstanceId, State },
      IamInstanceProfile: { Arn },
    }));
    const next = at + 1 < instances.length ? { NextToken: `${at + 1}` } : {};
    return { IamInstanceProfileAssociations: page, ...next };
  });

/** Removes the role from an account whose instances of the home region have these profiles, and those of other regions. */
async function removing(
  instances: readonly Association[],
  elsewhere: Readonly<Record<string, readonly Association[]>> = {},
) {
  const { context, sent, outputs } = kindContext(
    [
      on(GetRoleCommand, () => ({ Role: { ...role, Tags } })),
      on(GetInstanceProfileCommand, () => ({ InstanceProfile })),
      on(ListInstanceProfilesForRoleCommand, () => ({ InstanceProfiles: [InstanceProfile] })),
      on(ListRolePoliciesCommand, () => ({ PolicyNames: [] })),
      on(ListAttachedRolePoliciesCommand, () => ({ AttachedPolicies: [] })),
      listing(instances),
      ...accepting(RemoveRoleFromInstanceProfileCommand, DeleteInstanceProfileCommand, DeleteRoleCommand),
    ],
    {
      recorded: { 'roles.reader.arn': `${role.Arn}` },
      account: { ...memberAccount, otherRegions: Object.keys(elsewhere) },
      elsewhere: Object.fromEntries(
        Object.entries(elsewhere).map(([region, there]) => [region, [listing(there)]]),
      ),
    },
  );
  const error: unknown = await remove(wanted, context).catch((thrown: unknown) => thrown);
  const written = sent.map(({ name }) => name).filter((name) => /^(Delete|Remove)/.test(name));
  return { error, written, outputs };
}

describe('removing a role that has an instance profile', () => {
  test('takes the role out of the instance profile, and deletes both', async () => {
    const { error, written, outputs } = await removing(
      [
        { InstanceId: 'i-1', Arn: OTHER, State: 'associated' },
        { InstanceId: 'i-2', Arn: PROFILE, State: 'disassociated' },
      ],
      { 'us-east-1': [{ InstanceId: 'i-3', Arn: OTHER, State: 'associated' }] },
    );
    expect(error).toBeUndefined();
    expect(written).toEqual(['RemoveRoleFromInstanceProfile', 'DeleteInstanceProfile', 'DeleteRole']);
    expect(outputs).toEqual({ 'roles.reader.arn': undefined });
  });

  test('changes nothing while an instance has it, on whichever page it is listed, and names the instance', async () => {
    const { error, written, outputs } = await removing([
      { InstanceId: 'i-1', Arn: OTHER, State: 'associated' },
      { InstanceId: 'i-2', Arn: PROFILE, State: 'associated' },
    ]);
    expect(error).toMatchObject({
      name: 'ForeignResource',
      reason: 'InUse',
      message: `The role reader is in use by instance i-2, by its instance profile ${PROFILE}.`,
      remedy: expect.stringMatching(/^Terminate the instance/),
    });
    expect(written).toEqual([]);
    expect(outputs).toEqual({ 'roles.reader.arn': role.Arn });
  });

  test('changes nothing while an instance of another region of the account has it, and names the region', async () => {
    const { error, written } = await removing([], {
      'us-east-1': [],
      'us-west-2': [{ InstanceId: 'i-9', Arn: PROFILE, State: 'associated' }],
    });
    expect(error).toMatchObject({
      reason: 'InUse',
      message: `The role reader is in use by instance i-9 (us-west-2), by its instance profile ${PROFILE}.`,
    });
    expect(written).toEqual([]);
  });
});
