import { AccountClient, EnableRegionCommand } from '@aws-sdk/client-account';
import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateAccountCommand,
  CreateOrganizationalUnitCommand,
  CreateOrganizationCommand,
  ListRootsCommand,
  MoveAccountCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { PutPublicAccessBlockCommand } from '@aws-sdk/client-s3-control';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { requestHandler } from '../../shared/aws/connections.ts';
import { memberServices } from '../../shared/aws/member-services.ts';
import { until } from '../kit/wait.ts';
import {
  allow,
  type ClientSettings,
  MAIN,
  MANAGEMENT,
  receiving,
  startTestGateway,
  type TestGateway,
  trust,
} from './support.ts';

const MEMBER = '456789012345';
const ROLE = `arn:aws:iam::${MEMBER}:role/access`;

let local: TestGateway;
let session: ClientSettings;
beforeAll(async () => {
  local = await startTestGateway();
  const iam = new IAMClient(local.as(MEMBER));
  const AssumeRolePolicyDocument = trust(`arn:aws:iam::${MAIN}:root`);
  await iam.send(new CreateRoleCommand({ RoleName: 'access', AssumeRolePolicyDocument }));
  const everything = { PolicyName: 'everything', PolicyDocument: allow('*', '*') };
  await iam.send(new PutRolePolicyCommand({ RoleName: 'access', ...everything }));
  session = await local.enter(local.as(MAIN), ROLE);
}, 60_000);
afterAll(() => local?.stop());

/** What is told of calls to the service, from now on: so many events, in the order of their times. */
async function told(service: string, { account = MEMBER, region = 'eu-west-1' } = {}) {
  const receive = await receiving(
    local,
    { account, region },
    {
      source: [`aws.${service}`],
      'detail-type': ['AWS API Call via CloudTrail'],
    },
  );
  // biome-ignore lint/suspicious/noExplicitAny: JSON, compared below
  const all: any[] = [];
  return (count: number) =>
    until(`${count} events are told`, async () => {
      all.push(...(await receive()));
      return all.length >= count ? all : undefined;
    });
}

describe('The CloudTrail event of a write', () => {
  it('of IAM is in us-east-1, with caller, request and answer', async () => {
    const events = await told('iam', { region: 'us-east-1' });
    await new IAMClient(session).send(
      new CreateRoleCommand({
        RoleName: 'told',
        AssumeRolePolicyDocument: trust(ROLE),
        Tags: [{ Key: 'team', Value: 'data' }],
      }),
    );
    const [event] = await events(1);
    expect(event).toEqual({
      version: '0',
      id: expect.any(String),
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.iam',
      account: MEMBER,
      time: expect.any(String),
      region: 'us-east-1',
      resources: [],
      detail: {
        eventVersion: '1.11',
        userIdentity: {
          type: 'AssumedRole',
          principalId: expect.stringMatching(/^AROA\w+:a-pass$/),
          arn: `arn:aws:sts::${MEMBER}:assumed-role/access/a-pass`,
          accountId: MEMBER,
          accessKeyId: session.credentials.accessKeyId,
          sessionContext: {
            sessionIssuer: {
              type: 'Role',
              principalId: expect.stringMatching(/^AROA\w+$/),
              arn: ROLE,
              accountId: MEMBER,
              userName: 'access',
            },
            attributes: { creationDate: expect.stringMatching(/^20.*Z$/), mfaAuthenticated: 'false' },
          },
        },
        eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        eventSource: 'iam.amazonaws.com',
        eventName: 'CreateRole',
        awsRegion: 'us-east-1',
        sourceIPAddress: '127.0.0.1',
        userAgent: expect.stringContaining('aws-sdk-js'),
        requestParameters: {
          roleName: 'told',
          assumeRolePolicyDocument: trust(ROLE),
          tags: [{ key: 'team', value: 'data' }],
        },
        responseElements: {
          role: expect.objectContaining({ roleName: 'told', arn: `arn:aws:iam::${MEMBER}:role/told` }),
        },
        requestID: expect.any(String),
        eventID: expect.stringMatching(/^[\da-f-]{36}$/),
        readOnly: false,
        eventType: 'AwsApiCall',
        managementEvent: true,
        recipientAccountId: MEMBER,
        eventCategory: 'Management',
      },
    });
  });

  it('of EC2 is in its region, with the lists and ids of the request and of the answer', async () => {
    const events = await told('ec2');
    const ec2 = new EC2Client(session);
    const Tags = [{ Key: 'orgkeeper:owner', Value: MAIN }];
    const { Vpc } = await ec2.send(
      new CreateVpcCommand({ CidrBlock: '10.1.0.0/16', TagSpecifications: [{ ResourceType: 'vpc', Tags }] }),
    );
    const VpcId = Vpc?.VpcId ?? '';
    const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
    const InternetGatewayId = InternetGateway?.InternetGatewayId ?? '';
    await ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId }));
    await ec2.send(new CreateTagsCommand({ Resources: [VpcId, InternetGatewayId], Tags }));
    await ec2.send(new CreateVpcEndpointCommand({ VpcId, ServiceName: 'com.amazonaws.eu-west-1.s3' }));
    const details = new Map((await events(5)).map(({ detail }) => [detail.eventName, detail]));
    const tag = { key: 'orgkeeper:owner', value: MAIN };
    expect(details.get('CreateVpc')).toMatchObject({
      awsRegion: 'eu-west-1',
      requestParameters: {
        cidrBlock: '10.1.0.0/16',
        tagSpecificationSet: { items: [{ resourceType: 'vpc', tags: [tag] }] },
      },
      responseElements: { requestId: expect.any(String), vpc: { vpcId: VpcId, tagSet: { items: [tag] } } },
    });
    expect(details.get('CreateInternetGateway')).toMatchObject({
      requestParameters: null,
      responseElements: { internetGateway: { internetGatewayId: InternetGatewayId } },
    });
    expect(details.get('AttachInternetGateway')).toMatchObject({
      requestParameters: { vpcId: VpcId, internetGatewayId: InternetGatewayId },
      responseElements: { _return: true },
    });
    expect(details.get('CreateTags').requestParameters).toEqual({
      resourcesSet: { items: [{ resourceId: VpcId }, { resourceId: InternetGatewayId }] },
      tagSet: { items: [tag] },
    });
    expect(details.get('CreateVpcEndpoint')).toMatchObject({
      requestParameters: { CreateVpcEndpointRequest: { VpcId, ServiceName: 'com.amazonaws.eu-west-1.s3' } },
      responseElements: { CreateVpcEndpointResponse: { vpcEndpoint: { vpcId: VpcId } } },
    });
  });

  it('of SSM has no value of the parameter', async () => {
    const events = await told('ssm');
    await new SSMClient(session).send(
      new PutParameterCommand({
        Name: '/told',
        Value: 'secret',
        Type: 'String',
        Tags: [{ Key: 'a', Value: 'b' }],
      }),
    );
    const [event] = await events(1);
    expect(event.detail).toMatchObject({
      eventSource: 'ssm.amazonaws.com',
      requestParameters: { name: '/told', type: 'String', tags: [{ key: 'a', value: 'b' }] },
      responseElements: { version: 1 },
    });
    expect(JSON.stringify(event)).not.toContain('secret');
  });

  it('of a service without actions on the wire has the name of the operation in the API', async () => {
    const s3 = await told('s3');
    const account = await told('account', { region: 'us-east-1' });
    const block = { BlockPublicAcls: true };
    await new S3Client({ ...session, forcePathStyle: true }).send(
      new CreateBucketCommand({
        Bucket: `told-${MEMBER}`,
        CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
      }),
    );
    await memberServices.s3control
      .client({ ...session, requestHandler })
      .send(new PutPublicAccessBlockCommand({ AccountId: MEMBER, PublicAccessBlockConfiguration: block }));
    await new AccountClient(session).send(new EnableRegionCommand({ RegionName: 'af-south-1' }));
    const buckets = new Map((await s3(2)).map(({ detail }) => [detail.eventName, detail]));
    expect(buckets.get('CreateBucket')).toMatchObject({
      eventSource: 's3.amazonaws.com',
      requestParameters: { bucket: `told-${MEMBER}` },
    });
    expect(buckets.get('PutPublicAccessBlock')).toMatchObject({ requestParameters: { accountId: MEMBER } });
    const [enabled] = await account(1);
    expect(enabled.detail).toMatchObject({
      eventName: 'EnableRegion',
      awsRegion: 'us-east-1',
      requestParameters: { regionName: 'af-south-1' },
    });
  });

  it('of a user names the user, and a call to Organizations has an event beside that of the finished operation', async () => {
    const organizations = new OrganizationsClient(local.as(MANAGEMENT));
    await organizations.send(new CreateOrganizationCommand({ FeatureSet: 'ALL' }));
    const events = await told('organizations', { account: MANAGEMENT, region: 'us-east-1' });
    const { CreateAccountStatus } = await organizations.send(
      new CreateAccountCommand({ AccountName: 'genomics', Email: 'genomics@example.com' }),
    );
    const { Roots = [] } = await organizations.send(new ListRootsCommand({}));
    const SourceParentId = Roots[0]?.Id ?? '';
    const { OrganizationalUnit } = await organizations.send(
      new CreateOrganizationalUnitCommand({ ParentId: SourceParentId, Name: 'research' }),
    );
    const AccountId = CreateAccountStatus?.AccountId ?? '';
    const DestinationParentId = OrganizationalUnit?.Id ?? '';
    await organizations.send(new MoveAccountCommand({ AccountId, SourceParentId, DestinationParentId }));
    const details = new Map((await events(3)).map(({ detail }) => [detail.eventName, detail]));
    expect(details.get('CreateAccount')).toMatchObject({
      userIdentity: {
        type: 'IAMUser',
        arn: `arn:aws:iam::${MANAGEMENT}:user/administrator`,
        userName: 'administrator',
      },
      requestParameters: { accountName: '****', email: '****' },
    });
    expect(details.get('MoveAccount')).toMatchObject({
      awsRegion: 'us-east-1',
      recipientAccountId: MANAGEMENT,
      requestParameters: {
        accountId: AccountId,
        sourceParentId: SourceParentId,
        destinationParentId: DestinationParentId,
      },
      responseElements: null,
    });
  });

  it('that is refused has the error as each service names it', async () => {
    const iam = await told('iam', { region: 'us-east-1' });
    const ec2 = await told('ec2');
    await expect(
      new IAMClient(session).send(new DeleteRoleCommand({ RoleName: 'nobody' })),
    ).rejects.toThrow();
    await expect(
      new EC2Client(session).send(
        new AttachInternetGatewayCommand({ VpcId: 'vpc-00000000', InternetGatewayId: 'igw-00000000' }),
      ),
    ).rejects.toThrow();
    const [[role], [gateway]] = await Promise.all([iam(1), ec2(1)]);
    expect(role.detail).toMatchObject({
      eventName: 'DeleteRole',
      errorCode: 'NoSuchEntityException',
      errorMessage: expect.stringContaining('nobody'),
      requestParameters: { roleName: 'nobody' },
      responseElements: null,
    });
    expect(gateway.detail).toMatchObject({
      eventName: 'AttachInternetGateway',
      errorCode: 'Client.InvalidInternetGatewayID.NotFound',
    });
  });
});

describe('No CloudTrail event', () => {
  it('is made of reads, and of calls on the data in a resource', async () => {
    const receive = await receiving(
      local,
      { account: MEMBER, region: 'us-east-1' },
      {
        'detail-type': ['AWS API Call via CloudTrail'],
        // Whether the listener's own writes are told is a matter of time.
        detail: { eventName: [{ 'anything-but': ['PutRule', 'PutTargets'] }] },
      },
    );
    const settings = { ...session, region: 'us-east-1' };
    await new EC2Client(settings).send(new DescribeVpcsCommand({}));
    await new IAMClient(settings).send(new GetRoleCommand({ RoleName: 'access' }));
    await new EventBridgeClient(settings).send(
      new PutEventsCommand({ Entries: [{ Source: 'x', DetailType: 'x', Detail: '{}' }] }),
    );
    await new SSMClient(settings).send(
      new PutParameterCommand({ Name: '/last', Value: 'x', Type: 'String' }),
    );
    const names = await until('the write after them is told', async () => {
      const events = await receive();
      return events.length > 0 ? events.map(({ detail }) => detail.eventName) : undefined;
    });
    expect(names).toEqual(['PutParameter']);
  });
});
