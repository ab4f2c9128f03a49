import type { Upstream } from '../upstream.ts';
import { type Call, text, xmlText } from '../wire.ts';
import type { Shim } from './shim.ts';

/**
 * A gateway endpoint has a route in each of its route tables. The emulator gives it those of the tables that it is made
 * with, and neither adds nor takes away any when tables are added or taken off; it then fails to delete the endpoint, as
 * `InvalidRoute.NotFound`.
 */
export function endpointRoutes(upstream: Upstream): Shim {
  return {
    service: 'ec2',
    actions: ['ModifyVpcEndpoint'],
    async answer(call, account, next) {
      const ask = async (Action: string, params: Record<string, string>) => {
        const as = { account, region: call.region, service: 'ec2' };
        const { body } = await upstream.query({ Action, Version: '2016-11-15', ...params }, as);
        return body.toString('utf8');
      };
      const GatewayId = text(call.params, 'VpcEndpointId') ?? '';
      const before = await ask('DescribeVpcEndpoints', { 'VpcEndpointId.1': GatewayId });
      const reply = await next();
      if (reply.status !== 200 || xmlText(before, 'vpcEndpointType') !== 'Gateway') return reply;
      const DestinationPrefixListId = await prefixListOf(xmlText(before, 'serviceName') ?? '', ask);
      const tables = routeTablesIn(before);
      for (const RouteTableId of listed(call, 'AddRouteTableId').filter((id) => !tables.includes(id)))
        await ask('CreateRoute', { RouteTableId, GatewayId, DestinationPrefixListId });
      for (const RouteTableId of listed(call, 'RemoveRouteTableId').filter((id) => tables.includes(id)))
        await ask('DeleteRoute', { RouteTableId, DestinationPrefixListId });
      return reply;
    },
  };
}

type Ask = (action: string, params: Record<string, string>) => Promise<string>;

async function prefixListOf(service: string, ask: Ask): Promise<string> {
  const named = { 'Filter.1.Name': 'prefix-list-name', 'Filter.1.Value.1': service };
  return xmlText(await ask('DescribePrefixLists', named), 'prefixListId') ?? '';
}

function routeTablesIn(endpoint: string): string[] {
  const set = xmlText(endpoint, 'routeTableIdSet') ?? '';
  return [...set.matchAll(/<item>([^<]+)<\/item>/g)].flatMap(([, id]) => id ?? []);
}

/** The values of a list parameter: `Name.1`, `Name.2` … */
function listed(call: Call, name: string): string[] {
  const values = Object.entries(call.params).filter(([key]) => key.startsWith(`${name}.`));
  return values.map(([, value]) => String(value));
}
