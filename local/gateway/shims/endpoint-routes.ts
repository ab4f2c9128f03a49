import {
  CreateRouteCommand,
  DeleteRouteCommand,
  DescribePrefixListsCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { isNotFound } from '../../consistent-read.ts';
import type { Deviation, Shim } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { type Call, errorReply, text } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator:
    'adds no route when a route table is added to a gateway endpoint, and then cannot delete the endpoint; lets a route table have two endpoints of one service',
  here: 'ModifyVpcEndpoint adds and removes the routes; a second endpoint is refused (RouteAlreadyExists)',
};

/**
 * A gateway endpoint has a route in each of its route tables. The emulator adds these routes only at the creation, not when tables
 * are added or removed later, and then fails to delete the endpoint with `InvalidRoute.NotFound`. AWS refuses an endpoint whose
 * route a table has already: there is one for each service.
 * https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
 */
export function endpointRoutesShim(upstream: Upstream): Shim {
  return {
    services: ['ec2'],
    actions: ['CreateVpcEndpoint', 'ModifyVpcEndpoint'],
    async answer(call, next) {
      const ec2 = upstream.client(EC2Client, { account: call.caller.account, region: call.region });
      if (call.action === 'CreateVpcEndpoint') {
        const served = await servedAlready(ec2, call);
        if (served === undefined) return next(call);
        const message = `route table ${served} already has a route to ${text(call.params, 'ServiceName')}`;
        return errorReply(call, 400, 'RouteAlreadyExists', message);
      }
      const GatewayId = text(call.params, 'VpcEndpointId') ?? '';
      const before = await endpointOf(ec2, GatewayId);
      const reply = await next(call);
      if (reply.status !== 200 || before?.VpcEndpointType !== 'Gateway') return reply;
      const DestinationPrefixListId = await prefixListOf(ec2, before.ServiceName ?? '');
      const tables = before.RouteTableIds ?? [];
      for (const RouteTableId of listed(call, 'AddRouteTableId').filter((id) => !tables.includes(id)))
        await ec2.send(new CreateRouteCommand({ RouteTableId, GatewayId, DestinationPrefixListId }));
      for (const RouteTableId of listed(call, 'RemoveRouteTableId').filter((id) => tables.includes(id)))
        await ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationPrefixListId }));
      return reply;
    },
  };
}

/** The first route table of a new endpoint that another endpoint of the same service already serves. */
async function servedAlready(ec2: EC2Client, call: Call): Promise<string | undefined> {
  const tables = listed(call, 'RouteTableId');
  if (tables.length === 0) return undefined;
  const { VpcEndpoints = [] } = await ec2.send(new DescribeVpcEndpointsCommand({}));
  // The emulator still lists deleted endpoints.
  const same = VpcEndpoints.filter(
    ({ ServiceName, State = '' }) => ServiceName === call.params.ServiceName && !/^delet/i.test(State),
  );
  return tables.find((id) => same.some(({ RouteTableIds = [] }) => RouteTableIds.includes(id)));
}

/** The endpoint; undefined if there is none, which the emulator reports itself. The emulator has no filter by endpoint id. */
async function endpointOf(ec2: EC2Client, id: string) {
  try {
    const asked = new DescribeVpcEndpointsCommand({ VpcEndpointIds: [id] });
    return (await ec2.send(asked)).VpcEndpoints?.[0];
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function prefixListOf(ec2: EC2Client, service: string): Promise<string> {
  const filter = { Name: 'prefix-list-name', Values: [service] };
  const { PrefixLists = [] } = await ec2.send(new DescribePrefixListsCommand({ Filters: [filter] }));
  return PrefixLists[0]?.PrefixListId ?? '';
}

/** The values of a list parameter: `Name.1`, `Name.2` … */
function listed(call: Call, name: string): string[] {
  const values = Object.entries(call.params).filter(([key]) => key.startsWith(`${name}.`));
  return values.map(([, value]) => String(value));
}
