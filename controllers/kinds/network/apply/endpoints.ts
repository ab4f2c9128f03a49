import { CreateVpcEndpointCommand, ModifyVpcEndpointCommand } from '@aws-sdk/client-ec2';
import { endpointNamed } from '../names.ts';
import type { Endpoint } from '../render.ts';
import {
  applyTags,
  changesOf,
  clientToken,
  type Ids,
  idFrom,
  isToBeMade,
  tagSpecifications,
  type Work,
  write,
  wrote,
} from './work.ts';

/** Makes gateway endpoints and puts our route tables back on them; tables of others stay on. */
export async function applyEndpoints(work: Work, ids: Ids): Promise<void> {
  for (const endpoint of work.wanted.endpoints) await applyEndpoint(endpoint, work, ids);
}

async function applyEndpoint(endpoint: Endpoint, work: Work, ids: Ids): Promise<void> {
  const { wanted, actual, context } = work;
  const { ec2 } = context.clients;
  const named = endpointNamed(endpoint.name);
  const tables = wanted.routings.flatMap((routing) => ids.tables.get(routing) ?? []);
  if (isToBeMade(work, named)) {
    const command = new CreateVpcEndpointCommand({
      VpcId: ids.vpc,
      VpcEndpointType: 'Gateway',
      ServiceName: endpoint.serviceName,
      RouteTableIds: tables,
      ClientToken: clientToken(work, named, [ids.vpc ?? '', ...tables]),
      TagSpecifications: tagSpecifications(wanted, named, 'vpc-endpoint'),
    });
    const made = await write(context, () => ec2.send(command));
    context.record({ [named.output]: idFrom(made.VpcEndpoint?.VpcEndpointId, named) });
    wrote(work, named, '');
    return;
  }
  const found = actual?.endpoints[endpoint.name];
  if (!found) return;
  if (changesOf(work, named).some(({ path }) => path === 'routeTables')) {
    const AddRouteTableIds = tables.filter((id) => !found.tableIds.includes(id));
    const input = { VpcEndpointId: found.id, AddRouteTableIds };
    await write(context, () => ec2.send(new ModifyVpcEndpointCommand(input)));
    wrote(work, named, 'routeTables');
  }
  await applyTags(work, named, found.id);
}
