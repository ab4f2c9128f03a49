import { CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CIDR, ROLE, readWorld } from '../../local/account-world.ts';
import { allow, startTestGateway, type TestGateway, trust } from './support.ts';

const MEMBER = '456789012345';
let local: TestGateway;
beforeAll(async () => {
  local = await startTestGateway();
  const iam = new IAMClient(local.as(MEMBER));
  const AssumeRolePolicyDocument = trust(`arn:aws:iam::${MEMBER}:root`);
  await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument }));
  for (const PolicyName of ['analytics', 'more']) {
    const PolicyDocument = allow('s3:GetObject', '*');
    await iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName, PolicyDocument }));
  }
  await new EC2Client(local.as(MEMBER)).send(new CreateVpcCommand({ CidrBlock: CIDR }));
  await new SSMClient(local.as(MEMBER)).send(
    new PutParameterCommand({ Name: '/orgkeeper/role/arn', Value: 'x', Type: 'String' }),
  );
}, 60_000);
afterAll(() => local?.stop());
afterEach(() => local.gateway.faults.clear());

/** The calls that read a thing which was listed before, and what AWS answers once it is gone. */
const VANISHED = [
  { action: 'GetRolePolicy', code: 'NoSuchEntity', status: 404 },
  { action: 'DescribeVpcAttribute', code: 'InvalidVpcID.NotFound', status: 400 },
  { action: 'ListTagsForResource', code: 'InvalidResourceId', status: 400 },
];
/** A role that is there when it is looked for, and gone when its policies are. */
const ROLE_GONE = { action: 'ListRolePolicies', code: 'NoSuchEntity', status: 404 };

const world = () => readWorld(local, MEMBER);

function vanish({ action, code, status }: (typeof VANISHED)[number]) {
  return local.gateway.faults.add({ account: MEMBER, action, effect: { kind: 'error', code, status } });
}

describe('Reading the world while resources are removed', () => {
  it.each([...VANISHED, ROLE_GONE])('succeeds after $code of $action', async (gone) => {
    const before = await world();
    const fault = vanish(gone);
    expect(await world()).toEqual(before);
    expect(fault.applied).toBe(1);
  });

  it('finds no role if there is none', async () => {
    local.gateway.faults.add({
      action: 'GetRole',
      count: 'all',
      effect: { kind: 'error', code: 'NoSuchEntity' },
    });
    expect((await world()).role).toBeUndefined();
  });

  it('fails with the error if a listed resource never exists', async () => {
    const effect = { kind: 'error', code: 'NoSuchEntity', message: 'never there' } as const;
    local.gateway.faults.add({ action: 'GetRolePolicy', count: 'all', effect });
    await expect(world()).rejects.toThrow('never there');
  });
});
