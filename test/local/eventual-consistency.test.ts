import {
  CreateInternetGatewayCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  CreateRoleCommand,
  GetRoleCommand,
  IAMClient,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { AddTagsToResourceCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../kit/wait.ts';
import { MAIN, startTestGateway, type TestGateway, trust } from './support.ts';

const MEMBER = '456789012345';
const LATE_MS = 2_500;
const [OWNER, STRANGER] = [`arn:aws:iam::${MAIN}:root`, 'arn:aws:iam::111111111111:root'];

let local: TestGateway;
beforeAll(async () => {
  local = await startTestGateway();
}, 60_000);
afterAll(() => local?.stop());

const control = (method: string, plan?: object) =>
  fetch(`${local.gateway.endpoint}/_orgkeeper/consistency`, {
    method,
    ...(plan && { body: JSON.stringify(plan) }),
  });
beforeEach(() => control('POST', { iam: LATE_MS, ec2: LATE_MS, tags: LATE_MS }));
afterEach(() => control('DELETE'));

/** What is asked until it is as it fits, and how long that took. */
async function lateness(what: string, fits: () => Promise<boolean>): Promise<number> {
  const began = Date.now();
  await until(what, async () => ((await fits()) ? true : undefined), { everyMs: 20 });
  return Date.now() - began;
}

const succeeds = (answer: Promise<unknown>) =>
  answer.then(
    () => true,
    () => false,
  );

describe('With eventual consistency planned', () => {
  it('a new role is unknown to reads and to STS for a while', async () => {
    const iam = new IAMClient(local.as(MEMBER));
    const role = { RoleName: 'late', AssumeRolePolicyDocument: trust(OWNER) };
    const { Role } = await iam.send(new CreateRoleCommand(role));
    const get = () => iam.send(new GetRoleCommand({ RoleName: 'late' }));
    const enter = () => local.enter(local.as(MAIN), Role?.Arn ?? '');
    await expect(get()).rejects.toMatchObject({ name: 'NoSuchEntityException' });
    await expect(enter()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await lateness('the role is seen', () => succeeds(get()))).toBeGreaterThan(LATE_MS / 2);
    await enter();
  });

  it('STS decides by the previous trust policy for a while, whichever way it was changed', async () => {
    await control('DELETE');
    const iam = new IAMClient(local.as(MEMBER));
    const role = { RoleName: 'changed', AssumeRolePolicyDocument: trust(OWNER) };
    const arn = (await iam.send(new CreateRoleCommand(role))).Role?.Arn ?? '';
    const admits = () => succeeds(local.enter(local.as(MAIN), arn));
    const admit = (principal: string) =>
      iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'changed', PolicyDocument: trust(principal) }));
    await control('POST', { iam: LATE_MS });
    await admit(STRANGER);
    expect(await admits()).toBe(true);
    expect(await lateness('nobody is admitted', async () => !(await admits()))).toBeGreaterThan(LATE_MS / 2);
    await admit(OWNER);
    expect(await admits()).toBe(false);
    expect(await lateness('the owner is admitted', admits)).toBeGreaterThan(LATE_MS / 2);
  });

  it('a new resource of EC2 is listed and found only after a while, and other resources at once', async () => {
    const ec2 = new EC2Client(local.as(MEMBER));
    const vpcs = async () => (await ec2.send(new DescribeVpcsCommand({}))).Vpcs ?? [];
    const known = await vpcs();
    expect(known.length).toBeGreaterThan(0);
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const VpcId = Vpc?.VpcId ?? '';
    const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.9.0.0/20' }));
    const find = () => ec2.send(new DescribeVpcsCommand({ VpcIds: [VpcId] }));
    expect(await vpcs()).toEqual(known);
    await expect(find()).rejects.toMatchObject({ name: 'InvalidVpcID.NotFound' });
    expect(await lateness('the VPC is found', () => succeeds(find()))).toBeGreaterThan(LATE_MS / 2);
    expect(await vpcs()).toHaveLength(known.length + 1);
    const Filters = [{ Name: 'vpc-id', Values: [VpcId] }];
    const ids = async () =>
      ((await ec2.send(new DescribeSubnetsCommand({ Filters }))).Subnets ?? []).map(
        ({ SubnetId }) => SubnetId,
      );
    await lateness('the subnet is listed', async () => (await ids()).length > 0);
    expect(await ids()).toEqual([Subnet?.SubnetId]);
  });

  it('a tag of an existing resource is visible only after a while', async () => {
    const ec2 = new EC2Client(local.as(MEMBER));
    await control('POST', { tags: LATE_MS });
    const { Vpc } = await ec2.send(
      new CreateVpcCommand({
        CidrBlock: '10.8.0.0/16',
        TagSpecifications: [{ ResourceType: 'vpc', Tags: [{ Key: 'born', Value: 'with' }] }],
      }),
    );
    const VpcIds = [Vpc?.VpcId ?? ''];
    await ec2.send(new CreateTagsCommand({ Resources: VpcIds, Tags: [{ Key: 'late', Value: 'yes' }] }));
    const keys = async () =>
      ((await ec2.send(new DescribeVpcsCommand({ VpcIds }))).Vpcs?.[0]?.Tags ?? []).map(({ Key }) => Key);
    expect(await keys()).toEqual(['born']);
    const late = await lateness('the tag is seen', async () => (await keys()).length > 1);
    expect(late).toBeGreaterThan(LATE_MS / 2);
    await ec2.send(new CreateInternetGatewayCommand({}));
    expect(await keys()).toEqual(['born', 'late']);
  });

  it('GetResources does not return a newly tagged parameter for a while', async () => {
    const ssm = new SSMClient(local.as(MEMBER));
    const tagging = new ResourceGroupsTaggingAPIClient(local.as(MEMBER));
    const tagged = async () => {
      const wanted = { ResourceTypeFilters: ['ssm:parameter'], TagFilters: [{ Key: 'late' }] };
      const { ResourceTagMappingList = [] } = await tagging.send(new GetResourcesCommand(wanted));
      return ResourceTagMappingList.map(({ ResourceARN }) => ResourceARN);
    };
    // The emulator takes a while for the first.
    await tagged();
    const Tags = [{ Key: 'late', Value: 'yes' }];
    await ssm.send(new PutParameterCommand({ Name: '/late', Value: 'x', Type: 'String' }));
    await ssm.send(new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: '/late', Tags }));
    expect(await tagged()).toEqual([]);
    const late = await lateness('it is known', async () => (await tagged()).length > 0);
    expect(late).toBeGreaterThan(LATE_MS / 2);
    expect(await tagged()).toEqual([`arn:aws:ssm:eu-west-1:${MEMBER}:parameter/late`]);
  });
});
