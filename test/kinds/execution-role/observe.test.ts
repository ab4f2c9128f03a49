import {
  GetRoleCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from '@jest/globals';
import { executionRole } from '../../../controllers/kinds/execution-role/kind.ts';
import { ExecutionRoleSection } from '../../../controllers/kinds/execution-role/wanted.ts';
import { kinds } from '../../../controllers/kinds/index.ts';
import { kindAccount } from '../../../controllers/kinds/kind-account.ts';
import { NOW } from '../../kit/clock.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../../kit/factories.ts';
import { kindContext } from '../../kit/kind-context.ts';
import { awsError, on, onEach } from '../../kit/sdk.ts';

/** From what IAM answers, denials among it, to what is said of the role by which an account is entered. */

const ARN = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
const config = aConfig();
const kept = kinds.map((kind) => ({ kind, section: {} }));
const account = kindAccount(aRecord({ executionRoleArn: ARN }), config, kept);
const { entry } = account;
const allow = (...Action: string[]) => ({ Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
const encoded = (document: unknown) => encodeURIComponent(JSON.stringify(document));
const trustPolicy = {
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: config.runnerRoleArn },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': aRecord().externalId } },
    },
  ],
};

/** What comes of a pass that may read only what IAM has an answer for; what has none is denied. */
async function seen(answers: Record<string, object>, section: object = {}) {
  const iam = onEach(executionRole.permissions.read, (action, { PolicyArn }: { PolicyArn?: string }) => {
    const call = action.replace('iam:', '');
    const answer = answers[`${call} ${PolicyArn}`] ?? answers[call];
    if (answer) return answer;
    throw awsError('AccessDenied', 'not authorized');
  });
  const { context } = kindContext(iam, { account });
  const parsed = ExecutionRoleSection.parse({ name: 'orgkeeper-execution', trustPolicy, ...section });
  const wanted = executionRole.render(parsed, () => undefined, account);
  const observed = await executionRole.observe(wanted, context);
  if (observed.state !== 'present') throw new Error(observed.state);
  return executionRole.diff(wanted, observed.actual);
}

const role = (...owner: string[]) => ({
  Role: {
    ...{ Arn: ARN, RoleName: 'orgkeeper-execution', Path: '/' },
    AssumeRolePolicyDocument: encoded(trustPolicy),
    Tags: owner.map((Value) => ({ Key: 'orgkeeper:owner', Value })),
  },
});
const listed = {
  ListRolePolicies: { PolicyNames: ['mine'] },
  ListAttachedRolePolicies: { AttachedPolicies: [] },
};

describe('a role with the same name under another path', () => {
  const observed = async (recordedArn: string) => {
    const own = kindAccount(aRecord(), config, kept);
    const Role = { ...role().Role, Arn: ARN.replace('role/', 'role/team/'), Path: '/team/' };
    const recorded = {
      'role.arn': recordedArn,
      'role.name': 'orgkeeper-execution',
      'role.keptBy': 'orgkeeper',
    };
    const { context, outputs } = kindContext(
      [
        on(ListRolePoliciesCommand, () => ({ PolicyNames: [] })),
        on(ListAttachedRolePoliciesCommand, () => ({ AttachedPolicies: [] })),
        on(GetRoleCommand, () => ({ Role: { RoleId: 'AROA', CreateDate: NOW, ...Role } })),
      ],
      { account: own, recorded },
    );
    const section = ExecutionRoleSection.parse({ name: 'orgkeeper-execution', trustPolicy });
    const { state } = await executionRole.observe(
      executionRole.render(section, () => undefined, own),
      context,
    );
    return [state, outputs];
  };

  test('is not ours, and the recorded ARN of our deleted role is dropped', async () => {
    const nothing = { 'role.arn': undefined, 'role.name': undefined, 'role.keptBy': undefined };
    expect(await observed(ARN)).toEqual(['unowned', nothing]);
  });
});

describe('inline policies that may not be read', () => {
  test("of an owner's role are named with the permission that is missing", async () => {
    const { differences, blocked } = await seen({ ...listed, GetRole: role() });
    expect(differences).toEqual([]);
    const said = blocked.map(({ reason, difference }) => [reason, difference.path]);
    expect(said).toContainEqual(['PermissionsMissing', `permissions.iam:GetRolePolicy on ${ARN}`]);
    expect(said).toContainEqual(['PolicyUnread', 'permissions.mine']);
  });

  test('of our role are a denial: no difference is known', async () => {
    await expect(seen({ ...listed, GetRole: role(MAIN) })).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('managed policies to attach to the role in use', () => {
  const POLICY = 'arn:aws:iam::aws:policy/Some';
  const BOUNDARY = `arn:aws:iam::${MEMBER}:policy/boundary`;
  const wanting = { managedPolicies: [POLICY], permissionsBoundary: BOUNDARY };
  const ours = { ...listed, GetRole: role(MAIN), GetRolePolicy: { PolicyDocument: encoded(entry?.policy) } };
  const lockedOut = async (answers: object) => {
    const { blocked } = await seen({ ...ours, ...answers }, wanting);
    return blocked.map(({ reason, difference }) => [reason, difference.path]);
  };
  const document = (arn: string, Document: unknown) => ({
    [`GetPolicy ${arn}`]: { Policy: { DefaultVersionId: 'v1' } },
    [`GetPolicyVersion ${arn}`]: { PolicyVersion: { Document: encoded(Document) } },
  });

  test('are attached if they leave Orgkeeper what it needs', async () => {
    const answers = { ...document(POLICY, allow('sqs:*')), ...document(BOUNDARY, allow('*')) };
    expect(await lockedOut(answers)).toEqual([]);
  });

  test('are not attached if they deny that, or cannot be read', async () => {
    const deny = { Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] };
    const neither = [
      ['WouldLockOut', 'permissionsBoundary'],
      ['WouldLockOut', `managedPolicies.${POLICY}`],
    ];
    expect(await lockedOut({ ...document(POLICY, deny), ...document(BOUNDARY, allow('sqs:*')) })).toEqual(
      neither,
    );
    expect(await lockedOut({})).toEqual(neither);
  });
});
