import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { allow, type ClientSettings, MAIN, startTestGateway, type TestGateway, trust } from './support.ts';

const MEMBER = '456789012345';
const RUNNER = `arn:aws:iam::${MAIN}:role/runner`;
const OTHER = `arn:aws:iam::${MAIN}:role/other`;
const EXECUTION = `arn:aws:iam::${MEMBER}:role/execution`;

let local: TestGateway;
let runner: ClientSettings;
let other: ClientSettings;

beforeAll(async () => {
  local = await startTestGateway();
  const main = new IAMClient(local.as(MAIN));
  for (const RoleName of ['runner', 'other']) {
    const AssumeRolePolicyDocument = trust(`arn:aws:iam::${MAIN}:root`);
    await main.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, MaxSessionDuration: 7200 }));
    const PolicyDocument = allow('sts:AssumeRole', 'arn:aws:iam::*:role/execution*');
    await main.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'enter', PolicyDocument }));
  }
  const AssumeRolePolicyDocument = trust(RUNNER, 'secret-1');
  const member = new IAMClient(local.as(MEMBER));
  const execution = { RoleName: 'execution', AssumeRolePolicyDocument, MaxSessionDuration: 7200 };
  await member.send(new CreateRoleCommand(execution));
  const PolicyDocument = allow('iam:GetRole', EXECUTION);
  await member.send(new PutRolePolicyCommand({ RoleName: 'execution', PolicyName: 'look', PolicyDocument }));
  runner = await local.enter(local.as(MAIN), RUNNER);
  other = await local.enter(local.as(MAIN), OTHER);
}, 60_000);
afterAll(() => local?.stop());

const denied = { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } };

describe('AssumeRole at the local runtime', () => {
  it('admits the trusted role with the ExternalId, and returns its identity', async () => {
    const session = await local.enter(runner, EXECUTION, { externalId: 'secret-1' });
    const identity = await new STSClient(session).send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({
      Account: MEMBER,
      Arn: `arn:aws:sts::${MEMBER}:assumed-role/execution/a-pass`,
      UserId: expect.stringMatching(/^AROA\w+:a-pass$/),
    });
  });

  it('gives credentials that work in the account of the role', async () => {
    const session = await local.enter(runner, EXECUTION, { externalId: 'secret-1' });
    const { Role } = await new IAMClient(session).send(new GetRoleCommand({ RoleName: 'execution' }));
    expect(Role?.Arn).toBe(EXECUTION);
  });

  it('refuses without the ExternalId, in the words of AWS', async () => {
    await expect(local.enter(runner, EXECUTION)).rejects.toMatchObject({
      ...denied,
      message: `User: arn:aws:sts::${MAIN}:assumed-role/runner/a-pass is not authorized to perform: sts:AssumeRole on resource: ${EXECUTION} because no role trust policy allows the sts:AssumeRole action`,
    });
  });

  it('refuses with another ExternalId', async () => {
    await expect(local.enter(runner, EXECUTION, { externalId: 'secret-2' })).rejects.toMatchObject(denied);
  });

  it('refuses a role that the trust policy does not name', async () => {
    await expect(local.enter(other, EXECUTION, { externalId: 'secret-1' })).rejects.toMatchObject(denied);
  });

  it('refuses a role that does not exist', async () => {
    const arn = `arn:aws:iam::${MEMBER}:role/execution-missing`;
    await expect(local.enter(runner, arn, { externalId: 'secret-1' })).rejects.toMatchObject(denied);
  });

  it('refuses if the policies of the caller do not allow it', async () => {
    const iam = new IAMClient(local.as(MAIN));
    const policy = { RoleName: 'runner', PolicyName: 'enter' };
    await iam.send(new DeleteRolePolicyCommand(policy));
    try {
      await expect(local.enter(runner, EXECUTION, { externalId: 'secret-1' })).rejects.toMatchObject(denied);
    } finally {
      const PolicyDocument = allow('sts:AssumeRole', 'arn:aws:iam::*:role/execution*');
      await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
    }
  });

  it('refuses if the session policy of the caller does not allow it', async () => {
    const narrow = await local.enter(local.as(MAIN), RUNNER, { policy: allow('s3:*', '*') });
    await expect(local.enter(narrow, EXECUTION, { externalId: 'secret-1' })).rejects.toMatchObject(denied);
  });

  it('gives a chained session one hour at most', async () => {
    const asked = local.enter(runner, EXECUTION, { externalId: 'secret-1', seconds: 7200 });
    await expect(asked).rejects.toMatchObject({ name: 'ValidationError', message: /1 hour session limit/ });
    await local.enter(local.as(MAIN), RUNNER, { seconds: 7200 });
  });

  it('accepts 2,048 characters of session policy and no more', async () => {
    const ofLength = (length: number) => {
      const policy = allow('s3:GetObject', '*');
      return policy.replace('"*"', `"*${'x'.repeat(length - policy.length)}"`);
    };
    await local.enter(runner, EXECUTION, { externalId: 'secret-1', policy: ofLength(2048) });
    const asked = local.enter(runner, EXECUTION, { externalId: 'secret-1', policy: ofLength(2049) });
    await expect(asked).rejects.toMatchObject({
      name: 'ValidationError',
      message: /less than or equal to 2048/,
    });
  });

  it('accepts no credentials that it has not issued', async () => {
    const session = await local.enter(runner, EXECUTION, { externalId: 'secret-1' });
    const forged = { ...session, credentials: { ...session.credentials, sessionToken: 'forged' } };
    const asked = new STSClient(forged).send(new GetCallerIdentityCommand({}));
    await expect(asked).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  });
});

describe('Principals of a trust policy', () => {
  it('must exist when the policy is written', async () => {
    const asked = new IAMClient(local.as(MEMBER)).send(
      new CreateRoleCommand({
        RoleName: 'x',
        AssumeRolePolicyDocument: trust(`arn:aws:iam::${MAIN}:role/nobody`),
      }),
    );
    await expect(asked).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: `Invalid principal in policy: "AWS":"arn:aws:iam::${MAIN}:role/nobody"`,
    });
  });

  it('are shown as unique ids once the role is deleted and made again', async () => {
    const main = new IAMClient(local.as(MAIN));
    const member = new IAMClient(local.as(MEMBER));
    const role = { RoleName: 'short-lived', AssumeRolePolicyDocument: trust(`arn:aws:iam::${MAIN}:root`) };
    const first = await main.send(new CreateRoleCommand(role));
    const AssumeRolePolicyDocument = trust(first.Role?.Arn ?? '');
    await member.send(new CreateRoleCommand({ RoleName: 'execution-2', AssumeRolePolicyDocument }));
    await main.send(new DeleteRoleCommand({ RoleName: 'short-lived' }));
    await main.send(new CreateRoleCommand(role));
    await main.send(
      new PutRolePolicyCommand({
        RoleName: 'short-lived',
        PolicyName: 'enter',
        PolicyDocument: allow('sts:AssumeRole', '*'),
      }),
    );
    const { Role } = await member.send(new GetRoleCommand({ RoleName: 'execution-2' }));
    expect(
      JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).Statement[0].Principal,
    ).toEqual({
      AWS: first.Role?.RoleId,
    });
    const again = await local.enter(local.as(MAIN), first.Role?.Arn ?? '');
    const asked = local.enter(again, `arn:aws:iam::${MEMBER}:role/execution-2`);
    await expect(asked).rejects.toMatchObject(denied);
  });
});
