import { CreateVpcEndpointCommand, ModifyVpcEndpointCommand } from '@aws-sdk/client-ec2';
import { fullAccess } from '../endpoint-policy.ts';
import { endpointNamed } from '../names.ts';
import type { Endpoint } from '../render.ts';
import {
  applyTags,
  changesOf,
  clientToken,
  create,
  type Ids,
  idFrom,
  isToBeMade,
  tagSpecifications,
  type Work,
  write,
  wrote,
} from './work.ts';

/** Makes gateway endpoints, puts our route tables back on them, and their policy; tables of others stay on. */
export async function applyEndpoints(work: Work, ids: Ids): Promise<void> {
  for (const endpoint of work.wanted.endpoints) await applyEndpoint(endpoint, work, ids);
}

async function applyEndpoint(endpoint: Endpoint, work: Work, ids: Ids): Promise<void> {
  const { wanted, actual, context } = work;
  const { ec2 } = context.clients;
  const named = endpointNamed(endpoint.name);
  const tables = wanted.routings.flatMap((routing) => ids.tables.get(routing) ?? []);
  if (isToBeMade(work, named)) {
    const input = {
      VpcId: ids.vpc,
      VpcEndpointType: 'Gateway' as const,
      ServiceName: endpoint.serviceName,
      RouteTableIds: tables,
      TagSpecifications: tagSpecifications(wanted, named, 'vpc-endpoint'),
    };
    const ClientToken = clientToken(work, named, input);
    const command = new CreateVpcEndpointCommand({ ...input, ClientToken });
    const made = await create(work, named, () => ec2.send(command));
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
  if (changesOf(work, named).some(({ path }) => path === 'policy')) {
    const input = { VpcEndpointId: found.id, PolicyDocument: JSON.stringify(fullAccess('*')) };
    await write(context, () => ec2.send(new ModifyVpcEndpointCommand(input)));
    wrote(work, named, 'policy');
  }
  await applyTags(work, named, found.id);
}
