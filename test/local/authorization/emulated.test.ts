import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  AssociateRouteTableCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreatePolicyCommand, CreateRoleCommand, IAMClient, TagRoleCommand } from '@aws-sdk/client-iam';
import * as organization from '@aws-sdk/client-organizations';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createReader, type ResourceReader } from '../../../local/gateway/authorization/reader.ts';
import { allow, MAIN, MANAGEMENT, startTestGateway, type TestGateway, trust } from '../support.ts';

const Tags = [{ Key: 'team', Value: 'data' }];
const tags = { team: 'data' };
const arn = (service: string, rest: string) => `arn:aws:${service}:eu-west-1:${MAIN}:${rest}`;

let local: TestGateway;
let reader: ResourceReader;
beforeAll(async () => {
  local = await startTestGateway();
  reader = createReader(local.gateway.upstream);
}, 60_000);
afterAll(() => local?.stop());

describe('What decisions read from the emulator', () => {
  it('includes a role with its path and boundary, and its tags', async () => {
    const iam = new IAMClient(local.as(MAIN));
    const limit = { PolicyName: 'limit', PolicyDocument: allow('*', '*'), Tags };
    const PermissionsBoundary = (await iam.send(new CreatePolicyCommand(limit))).Policy?.Arn ?? '';
    const role = {
      RoleName: 'app',
      Path: '/team/',
      AssumeRolePolicyDocument: trust(MAIN),
      PermissionsBoundary,
    };
    const Arn = (await iam.send(new CreateRoleCommand(role))).Role?.Arn ?? '';
    await iam.send(new TagRoleCommand({ RoleName: 'app', Tags }));
    expect(await reader.named('role', MAIN, 'app')).toEqual({ arn: Arn, boundaryArn: PermissionsBoundary });
    expect(await reader.named('role', MAIN, 'none')).toBeUndefined();
    expect([await reader.tags(Arn), await reader.tags(PermissionsBoundary)]).toEqual([tags, tags]);
    expect(await reader.tags(`${Arn}-none`)).toEqual({});
  });

  it('includes both ends of an association of a route table, and the tags of a VPC', async () => {
    const ec2 = new EC2Client(local.as(MAIN));
    const TagSpecifications = [{ ResourceType: 'vpc' as const, Tags }];
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', TagSpecifications }));
    const VpcId = Vpc?.VpcId ?? '';
    const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/20' }));
    const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
    const ids = { RouteTableId: RouteTable?.RouteTableId ?? '', SubnetId: Subnet?.SubnetId ?? '' };
    const { AssociationId = '' } = await ec2.send(new AssociateRouteTableCommand(ids));
    expect(await reader.association(MAIN, 'eu-west-1', AssociationId)).toEqual({
      routeTableId: ids.RouteTableId,
      subnetId: ids.SubnetId,
    });
    expect(await reader.association(MAIN, 'eu-west-1', 'rtbassoc-0')).toBeUndefined();
    expect(await reader.tags(arn('ec2', `vpc/${VpcId}`))).toEqual(tags);
    expect(await reader.tags(arn('ec2', `subnet/${ids.SubnetId}`))).toEqual({});
  });

  it('includes the organization of an account, its policies, and the tags of an account', async () => {
    const organizations = new organization.OrganizationsClient(local.as(MANAGEMENT, 'us-east-1'));
    const { Organization } = await organizations.send(
      new organization.CreateOrganizationCommand({ FeatureSet: 'ALL' }),
    );
    const Content = allow('*', '*');
    const policy = { Name: 'p', Description: 'd', Content, Type: 'SERVICE_CONTROL_POLICY' as const };
    const { Policy } = await organizations.send(new organization.CreatePolicyCommand(policy));
    const account = { AccountName: 'a', Email: 'a@example.com', Tags };
    const { CreateAccountStatus } = await organizations.send(new organization.CreateAccountCommand(account));
    const member = CreateAccountStatus?.AccountId ?? '';
    const expected = { id: Organization?.Id, managementAccountId: MANAGEMENT };
    expect(await reader.organization(MANAGEMENT)).toEqual(expected);
    expect(await reader.organization(MAIN)).toBeUndefined();
    const { Id = '', Arn = '' } = Policy?.PolicySummary ?? {};
    expect(await reader.organizationPolicy(MANAGEMENT, Id)).toBe(Arn);
    const of = `arn:aws:organizations::${MANAGEMENT}:account/${Organization?.Id}/${member}`;
    expect(await reader.tags(of)).toEqual(tags);
  });

  it('includes the tags of a parameter, a table, a queue and a bus', async () => {
    await new SSMClient(local.as(MAIN)).send(
      new PutParameterCommand({ Name: '/a/b', Value: 'v', Type: 'String', Tags }),
    );
    const key = { AttributeName: 'PK' };
    await new DynamoDBClient(local.as(MAIN)).send(
      new CreateTableCommand({
        TableName: 'accounts',
        KeySchema: [{ ...key, KeyType: 'HASH' }],
        AttributeDefinitions: [{ ...key, AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        Tags,
      }),
    );
    await new SQSClient(local.as(MAIN)).send(new CreateQueueCommand({ QueueName: 'work', tags }));
    await new EventBridgeClient(local.as(MAIN)).send(new CreateEventBusCommand({ Name: 'orgkeeper', Tags }));
    for (const [service, resource] of [
      ['ssm', 'parameter/a/b'],
      ['dynamodb', 'table/accounts'],
      ['dynamodb', 'table/accounts/index/due'],
      ['sqs', 'work'],
      ['events', 'event-bus/orgkeeper'],
    ] as const) {
      expect([resource, await reader.tags(arn(service, resource))]).toEqual([resource, tags]);
      const none = resource.replace(/\w+(?=$|\/index)/, 'none');
      if (!resource.includes('index'))
        expect([none, await reader.tags(arn(service, none))]).toEqual([none, {}]);
    }
  });

  it('fails for tags that the gateway cannot read', async () => {
    await expect(reader.tags(arn('lambda', 'function:sweep'))).rejects.toThrow(
      /cannot read the tags of arn:aws:lambda/,
    );
  });
});
