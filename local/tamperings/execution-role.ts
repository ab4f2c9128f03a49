import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import type { DifferenceAction } from '../../shared/domain/status.ts';
import { ROLE } from '../account-world.ts';
import { anybody } from './foreigners.ts';
import type { Hand, Tampering, Values } from './tampering.ts';

const role = { RoleName: ROLE };
const byHand = (accountId: string) => `arn:aws:iam::${accountId}:policy/by-hand`;
const anything = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});
const inRole = (path: string, action: DifferenceAction, values?: Values) => ({
  kind: 'executionRole',
  resource: ROLE,
  path,
  action,
  ...values,
});
const DESCRIPTION = 'Assumed by the Main account to run analytics here; managed by Orgkeeper';

/** The policy may be there already: nothing removes it when the role is corrected. */
async function makeByHand(iam: Hand['iam']): Promise<void> {
  const make = new CreatePolicyCommand({ PolicyName: 'by-hand', PolicyDocument: anything });
  await iam.send(make).catch((error: Error) => {
    if (error.name !== 'EntityAlreadyExistsException') throw error;
  });
}

/** What people do to the execution role. */
export const ofExecutionRole: readonly Tampering[] = [
  {
    command: 'iam delete-role-policy',
    account: 'edited',
    tamper: ({ iam }) => iam.send(new DeleteRolePolicyCommand({ ...role, PolicyName: 'analytics' })),
    changes: (world) => world.role?.inline.analytics,
    difference: inRole('inlinePolicies.analytics', 'created'),
  },
  {
    command: 'iam put-role-policy (another one)',
    account: 'edited',
    tamper: ({ iam }) =>
      iam.send(new PutRolePolicyCommand({ ...role, PolicyName: 'backdoor', PolicyDocument: anything })),
    changes: (world) => world.role?.inline.backdoor,
    difference: inRole('inlinePolicies.backdoor', 'removed'),
  },
  {
    command: 'iam put-role-policy (over ours)',
    account: 'untagged',
    tamper: ({ iam }) =>
      iam.send(new PutRolePolicyCommand({ ...role, PolicyName: 'analytics', PolicyDocument: anything })),
    changes: (world) => world.role?.inline.analytics,
    difference: inRole('inlinePolicies.analytics', 'updated'),
  },
  {
    command: 'iam update-assume-role-policy',
    account: 'edited',
    tamper: ({ iam }) => iam.send(new UpdateAssumeRolePolicyCommand({ ...role, PolicyDocument: anybody })),
    changes: (world) => world.role?.trust,
    difference: inRole('trustPolicy', 'updated'),
  },
  {
    command: 'iam attach-role-policy',
    account: 'edited',
    tamper: async ({ iam, accountId }) => {
      await makeByHand(iam);
      await iam.send(new AttachRolePolicyCommand({ ...role, PolicyArn: byHand(accountId) }));
    },
    changes: (world) => world.role?.attached,
    difference: inRole('managedPolicies.arn:aws:iam::ACCOUNT:policy/by-hand', 'removed'),
  },
  {
    command: 'iam untag-role',
    account: 'edited',
    tamper: ({ iam }) => iam.send(new UntagRoleCommand({ ...role, TagKeys: ['orgkeeper:owner'] })),
    changes: (world) => world.role?.tags,
    difference: inRole('tags.orgkeeper:owner', 'created'),
  },
  {
    command: 'iam tag-role',
    account: 'untagged',
    tamper: ({ iam }) => iam.send(new TagRoleCommand({ ...role, Tags: [{ Key: 'team', Value: 'red' }] })),
    changes: (world) => world.role?.tags,
    difference: inRole('tags.team', 'removed'),
  },
  {
    command: 'iam update-role (description)',
    account: 'edited',
    tamper: ({ iam }) => iam.send(new UpdateRoleCommand({ ...role, Description: 'mine now' })),
    changes: (world) => world.role?.description,
    difference: inRole('description', 'updated', { desired: DESCRIPTION, actual: 'mine now' }),
  },
  {
    command: 'iam update-role (max session duration)',
    account: 'untagged',
    tamper: ({ iam }) =>
      iam.send(
        new UpdateRoleCommand({
          ...role,
          MaxSessionDuration: 43_200,
          Description: DESCRIPTION,
        }),
      ),
    changes: (world) => world.role?.maxSessionDuration,
    difference: inRole('maxSessionDuration', 'updated', { desired: 3_600, actual: 43_200 }),
  },
  {
    command: 'iam put-role-permissions-boundary',
    account: 'untagged',
    tamper: async ({ iam, accountId }) => {
      await makeByHand(iam);
      await iam.send(
        new PutRolePermissionsBoundaryCommand({ ...role, PermissionsBoundary: byHand(accountId) }),
      );
    },
    changes: (world) => world.role?.boundary,
    difference: inRole('permissionsBoundary', 'removed'),
  },
  {
    command: 'iam delete-role',
    account: 'emptied',
    tamper: async ({ iam }) => {
      await iam.send(new DeleteRolePolicyCommand({ ...role, PolicyName: 'analytics' }));
      await iam.send(new DeleteRoleCommand(role));
    },
    changes: (world) => world.role === undefined,
    difference: inRole('', 'created'),
  },
];
