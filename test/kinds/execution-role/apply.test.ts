import {
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from '@jest/globals';
import { apply } from '../../../controllers/kinds/execution-role/apply.ts';
import { compare } from '../../../controllers/kinds/execution-role/compare.ts';
import type { ActualRole } from '../../../controllers/kinds/execution-role/observe.ts';
import { ExecutionRoleSection, render } from '../../../controllers/kinds/execution-role/wanted.ts';
import { NOW } from '../../kit/clock.ts';
import { kindContext, memberAccount } from '../../kit/kind-context.ts';
import { accepting, awsError, on } from '../../kit/sdk.ts';

const allow = (Action: string) => ({ Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
const trust = (AWS: string) => ({
  Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
});
const encoded = (document: unknown) => encodeURIComponent(JSON.stringify(document));
const wanted = render(
  ExecutionRoleSection.parse({
    name: 'orgkeeper-execution',
    trustPolicy: trust('arn:aws:iam::345678901234:role/runner'),
    inlinePolicies: { data: allow('s3:Get*') },
  }),
  () => undefined,
  memberAccount,
);
/** Its runner was deleted, somebody took its policy away, and somebody gave it two others. */
const actual: ActualRole = {
  arn: wanted.arn,
  name: wanted.name,
  path: '/',
  description: '',
  maxSessionDuration: 3_600,
  trustPolicy: encoded(trust('AROAEXAMPLEID12345678')),
  inlinePolicies: { backdoor: undefined },
  managedPolicies: ['arn:aws:iam::aws:policy/AdministratorAccess'],
  permissionsBoundary: undefined,
  tags: wanted.tags,
};

/** Applies with an IAM that knows the runner or does not; what was called, and what was said to be written. */
async function applied(principal: 'there' | 'missing') {
  const { context, sent, written } = kindContext([
    on(UpdateAssumeRolePolicyCommand, () => {
      if (principal === 'there') return {};
      throw awsError('MalformedPolicyDocumentException', 'Invalid principal in policy: "AWS":"…"');
    }),
    ...accepting(DetachRolePolicyCommand, DeleteRolePolicyCommand, PutRolePolicyCommand),
  ]);
  const { differences } = compare(wanted, actual);
  const error = await apply({ wanted, actual, differences }, context).catch((each: unknown) => each);
  // What is tried again within the run counts once.
  const called = sent.map(({ name }) => name).filter((name, at, names) => name !== names[at - 1]);
  return { called, written, error };
}

describe('correcting a role whose trust policy names a deleted principal', () => {
  test('removes what somebody added, grants nothing, and names the missing principal', async () => {
    const { called, written, error } = await applied('missing');
    expect(called).toEqual(['UpdateAssumeRolePolicy', 'DetachRolePolicy', 'DeleteRolePolicy']);
    expect(written).toEqual([
      `${wanted.name} managedPolicies.arn:aws:iam::aws:policy/AdministratorAccess`,
      `${wanted.name} inlinePolicies.backdoor`,
    ]);
    expect(error).toMatchObject({ name: 'NotYetConsistent', reason: 'PrincipalMissing' });
  });

  test('writes the trust policy again and corrects the rest, once the principal exists', async () => {
    const { called, error } = await applied('there');
    expect(error).toBeUndefined();
    expect(called.sort()).toEqual([
      'DeleteRolePolicy',
      'DetachRolePolicy',
      'PutRolePolicy',
      'UpdateAssumeRolePolicy',
    ]);
  });
});

test('a role that somebody else makes at the same time is left alone, with a remedy', async () => {
  const { context } = kindContext([
    on(GetRoleCommand, () => ({
      Role: { ...{ RoleName: wanted.name, RoleId: 'AROA', Path: '/', CreateDate: NOW }, Arn: wanted.arn },
    })),
    on(CreateRoleCommand, () => {
      throw awsError('EntityAlreadyExistsException');
    }),
  ]);
  await expect(apply({ wanted, actual: undefined, differences: [] }, context)).rejects.toMatchObject({
    name: 'ForeignResource',
    remedy: expect.stringMatching(/^Tag it with orgkeeper:owner .* to hand it over/),
  });
});
