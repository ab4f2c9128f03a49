import { CreateRouteCommand, CreateRouteTableCommand, ReplaceRouteCommand } from '@aws-sdk/client-ec2';
import { gatewayIsUsable } from '../diff/gateway.ts';
import { EVERYWHERE } from '../diff/tables.ts';
import { justMade } from '../fresh.ts';
import { tableNamed } from '../names.ts';
import type { Routing } from '../section.ts';
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

/** Makes route tables and puts our default route; routes to anywhere else are not ours. */
export async function applyTables(work: Work, ids: Ids): Promise<void> {
  for (const routing of work.wanted.routings) await applyTable(routing, work, ids);
}

async function applyTable(routing: Routing, work: Work, ids: Ids): Promise<void> {
  const { wanted, actual, context } = work;
  const { ec2 } = context.clients;
  const named = tableNamed(routing);
  const isNew = isToBeMade(work, named);
  if (isNew) {
    const input = {
      VpcId: ids.vpc,
      TagSpecifications: tagSpecifications(wanted, named, 'route-table'),
    };
    const ClientToken = clientToken(work, named, input);
    const command = new CreateRouteTableCommand({ ...input, ClientToken });
    const { RouteTable } = await create(work, named, () => ec2.send(command));
    const id = idFrom(RouteTable?.RouteTableId, named);
    ids.tables.set(routing, id);
    context.record(justMade(named, id, context));
    wrote(work, named, '');
  }
  const RouteTableId = ids.tables.get(routing);
  if (!RouteTableId) return;
  const input = { RouteTableId, DestinationCidrBlock: EVERYWHERE, GatewayId: ids.gateway };
  const route = changesOf(work, named).find(({ path }) => path === `routes.${EVERYWHERE}`);
  if (route?.action === 'updated') {
    await write(context, () => ec2.send(new ReplaceRouteCommand(input)));
  } else if (route || (isNew && routing === 'public' && gatewayIsUsable(wanted, actual))) {
    await write(context, () => ec2.send(new CreateRouteCommand(input)));
  }
  wrote(work, named, `routes.${EVERYWHERE}`);
  await applyTags(work, named, RouteTableId);
}
