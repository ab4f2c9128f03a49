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
    const command = new CreateRouteTableCommand({
      VpcId: ids.vpc,
      ClientToken: clientToken(work, named, [ids.vpc ?? '']),
      TagSpecifications: tagSpecifications(wanted, named, 'route-table'),
    });
    const { RouteTable } = await write(context, () => ec2.send(command));
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
