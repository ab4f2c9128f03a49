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

/** Removes the role from an account whose instances have these profiles, each on a page of its own. */
async function removing(...instances: readonly Association[]) {
  const { context, sent, outputs } = kindContext(
    [
      on(GetRoleCommand, () => ({ Role: { ...role, Tags } })),
      on(GetInstanceProfileCommand, () => ({ InstanceProfile })),
      on(ListInstanceProfilesForRoleCommand, () => ({ InstanceProfiles: [InstanceProfile] })),
      on(ListRolePoliciesCommand, () => ({ PolicyNames: [] })),
      on(ListAttachedRolePoliciesCommand, () => ({ AttachedPolicies: [] })),
      on(DescribeIamInstanceProfileAssociationsCommand, ({ NextToken }) => {
        const at = Number(NextToken ?? 0);
        const page = instances.slice(at, at + 1).map(({ InstanceId, Arn, State }) => ({
          ...{ InstanceId, State },
          IamInstanceProfile: { Arn },
        }));
        const next = at + 1 < instances.length ? { NextToken: `${at + 1}` } : {};
        return { IamInstanceProfileAssociations: page, ...next };
      }),
      ...accepting(RemoveRoleFromInstanceProfileCommand, DeleteInstanceProfileCommand, DeleteRoleCommand),
    ],
    { recorded: { 'roles.reader.arn': `${role.Arn}` } },
  );
  const error: unknown = await remove(wanted, context).catch((thrown: unknown) => thrown);
  const written = sent.map(({ name }) => name).filter((name) => /^(Delete|Remove)/.test(name));
  return { error, written, outputs };
}

describe('removing a role that has an instance profile', () => {
  test('takes the role out of the instance profile, and deletes both', async () => {
    const { error, written, outputs } = await removing(
      { InstanceId: 'i-1', Arn: OTHER, State: 'associated' },
      { InstanceId: 'i-2', Arn: PROFILE, State: 'disassociated' },
    );
    expect(error).toBeUndefined();
    expect(written).toEqual(['RemoveRoleFromInstanceProfile', 'DeleteInstanceProfile', 'DeleteRole']);
    expect(outputs).toEqual({ 'roles.reader.arn': undefined });
  });

  test('changes nothing while an instance has it, on whichever page it is listed, and names the instance', async () => {
    const { error, written, outputs } = await removing(
      { InstanceId: 'i-1', Arn: OTHER, State: 'associated' },
      { InstanceId: 'i-2', Arn: PROFILE, State: 'associated' },
    );
    expect(error).toMatchObject({
      name: 'ForeignResource',
      reason: 'InUse',
      message: `The role reader is in use by instance i-2, by its instance profile ${PROFILE}.`,
      remedy: expect.stringMatching(/^Terminate the instance/),
    });
    expect(written).toEqual([]);
    expect(outputs).toEqual({ 'roles.reader.arn': role.Arn });
  });
});
