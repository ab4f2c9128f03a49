import {
  CreateRouteTableCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DeleteVpcEndpointsCommand,
  DescribeRouteTablesCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
  ModifyVpcEndpointCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  GetAccountAuthorizationDetailsCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import {
  CreateAccountCommand,
  CreateOrganizationCommand,
  ListCreateAccountStatusCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MANAGEMENT, startTestGateway, type TestGateway } from './support.ts';

let local: TestGateway;
let ec2: EC2Client;
beforeAll(async () => {
  local = await startTestGateway();
  ec2 = new EC2Client(local.as('456789012345'));
}, 60_000);
afterAll(() => local?.stop());

describe('ListCreateAccountStatus', () => {
  it('lists each creation once, however many pages there are', async () => {
    const organizations = new OrganizationsClient(local.as(MANAGEMENT, 'us-east-1'));
    await organizations.send(new CreateOrganizationCommand({ FeatureSet: 'ALL' }));
    for (let n = 0; n < 7; n += 1) {
      const Email = `member-${n}@example.com`;
      await organizations.send(new CreateAccountCommand({ AccountName: `member-${n}`, Email }));
    }
    const pages: (string | undefined)[][] = [];
    let NextToken: string | undefined;
    do {
      const asked = new ListCreateAccountStatusCommand({ MaxResults: 3, ...(NextToken && { NextToken }) });
      const answer = await organizations.send(asked);
      pages.push((answer.CreateAccountStatuses ?? []).map(({ AccountName }) => AccountName));
      NextToken = answer.NextToken;
    } while (NextToken && pages.length < 10);
    const names = Array.from({ length: 7 }, (_, n) => `member-${n}`);
    // The management account was not created.
    expect(pages.flat().filter((name) => name?.startsWith('member-'))).toEqual(names);
    expect(pages.length).toBeLessThan(10);
  });
});

describe('GetAccountAuthorizationDetails through the gateway', () => {
  it('has each role on one page of as many as were asked for', async () => {
    const iam = new IAMClient(local.as('678901234567'));
    const names = Array.from({ length: 7 }, (_, n) => `role-${n}`);
    const AssumeRolePolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: { AWS: '678901234567' }, Action: 'sts:AssumeRole' },
    });
    for (const RoleName of names)
      await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const pages: (string | undefined)[][] = [];
    let Marker: string | undefined;
    do {
      const asked = { Filter: ['Role' as const], MaxItems: 3, ...(Marker && { Marker }) };
      const answer = await iam.send(new GetAccountAuthorizationDetailsCommand(asked));
      pages.push((answer.RoleDetailList ?? []).map(({ RoleName }) => RoleName));
      Marker = answer.IsTruncated ? answer.Marker : undefined;
    } while (Marker && pages.length < 10);
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
    expect(pages.flat().toSorted()).toEqual(names);
    const { RoleDetailList, IsTruncated } = await iam.send(new GetAccountAuthorizationDetailsCommand({}));
    expect({ roles: RoleDetailList?.length, IsTruncated }).toEqual({ roles: 7, IsTruncated: false });
  });
});

describe('CreateVpcEndpoint through the gateway', () => {
  let VpcId: string | undefined;
  let table: string | undefined;
  let other: string | undefined;
  const makeTable = async (ClientToken?: string) => {
    const asked = new CreateRouteTableCommand({ VpcId, ...(ClientToken && { ClientToken }) });
    return (await ec2.send(asked)).RouteTable?.RouteTableId;
  };
  const makeEndpoint = async (ClientToken?: string, RouteTableIds = [table ?? '']) => {
    const asked = new CreateVpcEndpointCommand({
      VpcId,
      ServiceName: 'com.amazonaws.eu-west-1.s3',
      VpcEndpointType: 'Gateway',
      RouteTableIds,
      ...(ClientToken && { ClientToken }),
    });
    return (await ec2.send(asked)).VpcEndpoint?.VpcEndpointId ?? '';
  };
  beforeEach(async () => {
    VpcId = (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc?.VpcId;
    table = await makeTable();
    other = await makeTable();
  });
  const endpoints = async () => {
    const Filters = [{ Name: 'vpc-id', Values: [VpcId ?? ''] }];
    const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand({ Filters }));
    return VpcEndpoints.map(({ VpcEndpointId }) => VpcEndpointId);
  };
  /** Where the tables' routes to prefix lists lead. */
  const routes = async () => {
    const RouteTableIds = [table ?? '', other ?? ''];
    const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ RouteTableIds }));
    return RouteTableIds.map((id) =>
      RouteTables.find(({ RouteTableId }) => RouteTableId === id)?.Routes?.flatMap(
        ({ DestinationPrefixListId, GatewayId }) => (DestinationPrefixListId ? [GatewayId] : []),
      ),
    );
  };

  it('makes one endpoint if it is repeated with its client token, after lost answers too', async () => {
    const lost = { kind: 'close', when: 'after' } as const;
    local.gateway.faults.add({ action: 'CreateVpcEndpoint', count: 2, effect: lost });
    await expect(makeEndpoint('token-1')).rejects.toThrow();
    await expect(makeEndpoint('token-1')).rejects.toThrow();
    const made = await makeEndpoint('token-1');
    expect(await endpoints()).toEqual([made]);
    expect(await makeTable('token-1')).toBe(await makeTable('token-1'));
    expect(await makeEndpoint('token-2', [other ?? ''])).not.toBe(made);
  });

  it('refuses an endpoint if a route table already has its route', async () => {
    const made = await makeEndpoint();
    await expect(makeEndpoint('token-4')).rejects.toMatchObject({ name: 'RouteAlreadyExists' });
    await expect(makeEndpoint('token-4', [other ?? '', table ?? ''])).rejects.toMatchObject({
      name: 'RouteAlreadyExists',
    });
    expect(await endpoints()).toEqual([made]);
    await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [made] }));
    expect(await makeEndpoint('token-5')).not.toBe(made);
  });

  it('refuses a client token with other parameters', async () => {
    await makeEndpoint('token-3');
    await expect(makeEndpoint('token-3', [other ?? ''])).rejects.toMatchObject({
      name: 'IdempotentParameterMismatch',
    });
  });

  it('has the routes of the endpoint in added route tables, and not in removed ones', async () => {
    const VpcEndpointId = await makeEndpoint();
    const modify = (change: { AddRouteTableIds?: string[]; RemoveRouteTableIds?: string[] }) =>
      ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, ...change }));
    await modify({ AddRouteTableIds: [other ?? '', table ?? ''] });
    expect(await routes()).toEqual([[VpcEndpointId], [VpcEndpointId]]);
    await modify({ RemoveRouteTableIds: [table ?? ''] });
    expect(await routes()).toEqual([[], [VpcEndpointId]]);
    await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpointId] }));
    expect(await routes()).toEqual([[], []]);
  });
});

describe('A bucket through the gateway', () => {
  const account = '456789012345';
  const at = (region?: string) => new S3Client(local.as(account, region));
  const Bucket = 'acme-lake';
  const make = (region = 'eu-west-1' as const) =>
    at(region).send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }),
    );
  const policy = (Principal: unknown, more: object = {}) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal, Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*`, ...more },
      ],
    });
  const put = (Policy: string) => at().send(new PutBucketPolicyCommand({ Bucket, Policy }));
  beforeEach(async () => void (await make()));
  afterEach(async () => void (await at().send(new DeleteBucketCommand({ Bucket }))));

  it('is refused in another region than its own, which the answer names, but for its location', async () => {
    const elsewhere = at('us-west-2');
    const error: unknown = await elsewhere
      .send(new GetBucketPolicyCommand({ Bucket }))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'PermanentRedirect',
      $response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } },
    });
    const { LocationConstraint } = await elsewhere.send(new GetBucketLocationCommand({ Bucket }));
    expect(LocationConstraint).toBe('eu-west-1');
  });

  it('takes no policy that names a role which does not exist, and takes it once it does', async () => {
    const RoleName = 'reader';
    const named = policy({ AWS: [`arn:aws:iam::${account}:role/${RoleName}`] });
    await expect(put(named)).rejects.toMatchObject({
      name: 'MalformedPolicy',
      message: 'Invalid principal in policy',
    });
    const iam = new IAMClient(local.as(account));
    const Statement = [{ Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' }];
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    await put(named);
    await iam.send(new DeleteRoleCommand({ RoleName }));
  });

  it('takes no public policy once BlockPublicPolicy is on, and other policies all the same', async () => {
    await put(policy('*'));
    const block = { BlockPublicPolicy: true };
    await at().send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: block }));
    for (const open of [
      policy('*'),
      policy({ AWS: '*' }),
      policy('*', { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
    ])
      await expect(put(open)).rejects.toMatchObject({
        name: 'AccessDenied',
        message: expect.stringContaining('BlockPublicPolicy'),
      });
    await put(policy({ AWS: `arn:aws:iam::${account}:root` }));
    await put(policy('*', { Effect: 'Deny' }));
    await put(policy('*', { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }));
  });
});
