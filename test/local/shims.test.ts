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
  CreateAccountCommand,
  CreateOrganizationCommand,
  ListCreateAccountStatusCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
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
