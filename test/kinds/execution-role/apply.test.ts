import { describe, expect, test } from '@jest/globals';
import { apply } from '../../../controllers/kinds/execution-role/apply.ts';
import { compare } from '../../../controllers/kinds/execution-role/compare.ts';
import type { ActualRole } from '../../../controllers/kinds/execution-role/observe.ts';
import { ExecutionRoleSection } from '../../../controllers/kinds/execution-role/section.ts';
import { render } from '../../../controllers/kinds/execution-role/wanted.ts';
import type { WritingContext } from '../../../controllers/kinds/kind.ts';
import { translateError } from '../../../shared/aws/translate-error.ts';

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
  { accountId: '456789012345', partition: 'aws', region: 'eu-west-1', owner: '345678901234' },
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
  const called: string[] = [];
  const wrote: string[] = [];
  const send = async ({ constructor: { name } }: object) => {
    called.push(name.replace(/Command$/, ''));
    if (principal === 'there' || name !== 'UpdateAssumeRolePolicyCommand') return {};
    const said = Object.assign(new Error('Invalid principal in policy: "AWS":"…"'), {
      name: 'MalformedPolicyDocumentException',
    });
    throw translateError('iam:UpdateAssumeRolePolicy', said);
  };
  const context = {
    clients: { iam: { send } },
    eventually: (call: () => Promise<unknown>) => call(),
    wrote: (written: { path: string }[]) => wrote.push(...written.map(({ path }) => path)),
  } as unknown as WritingContext;
  const { differences } = compare(wanted, actual);
  const error = await apply({ wanted, actual, differences }, context).catch((each: unknown) => each);
  return { called, wrote, error };
}

describe('correcting a role whose trust names somebody who is gone', () => {
  test('takes away what somebody added, grants nothing, and says who is missing', async () => {
    const { called, wrote, error } = await applied('missing');
    expect(called).toEqual(['UpdateAssumeRolePolicy', 'DetachRolePolicy', 'DeleteRolePolicy']);
    expect(wrote).toEqual([
      'managedPolicies.arn:aws:iam::aws:policy/AdministratorAccess',
      'inlinePolicies.backdoor',
    ]);
    expect(error).toMatchObject({ name: 'NotYetConsistent', reason: 'PrincipalMissing' });
  });

  test('puts the trust again and corrects the rest, once they are there', async () => {
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

test('a role that somebody else made meanwhile is left to them, with what to do', async () => {
  const send = async ({ constructor: { name } }: object) => {
    if (name === 'GetRoleCommand') return { Role: { Arn: wanted.arn } };
    throw Object.assign(new Error('exists'), { name: 'EntityAlreadyExistsException' });
  };
  const context = {
    account: { owner: '345678901234' },
    recorded: {},
    clients: { iam: { send } },
    eventually: (call: () => Promise<unknown>) => call(),
  } as unknown as WritingContext;
  await expect(apply({ wanted, actual: undefined, differences: [] }, context)).rejects.toMatchObject({
    name: 'ForeignResource',
    remedy: expect.stringMatching(/^Tag it with orgkeeper:owner .* to hand it over/),
  });
});
