import { DetachInternetGatewayCommand, DisassociateRouteTableCommand } from '@aws-sdk/client-ec2';
import { unlessGone } from '../../../shared/aws/gone.ts';
import { ForeignResource, NotYetConsistent } from '../../../shared/domain/errors.ts';
import type { KindContext } from '../kind.ts';
import type { NetworkActual } from './actual.ts';
import { deleteOne, inUse } from './delete.ts';
import { inTheWay } from './in-the-way.ts';
import { OF_A_NETWORK } from './names.ts';
import { observe } from './observe.ts';
import { readInside } from './read.ts';
import type { Network } from './render.ts';
import { toRemove } from './to-remove.ts';

/**
 * See Kind. What is in the way is looked for before anything is deleted: whatever uses the VPC, and what others put
 * into it, with our tags on it or not. What we made for an earlier baseline goes too (./to-remove.ts).
 */
export async function remove(wanted: Network, context: KindContext): Promise<void> {
  const observed = await observe(wanted, context);
  if (observed.state === 'pending') {
    const { message, retryAfterSeconds } = observed;
    throw new NotYetConsistent(message, { retryAfterSeconds });
  }
  if (observed.state === 'present') {
    const { actual } = observed;
    const obstacles = await inTheWay(wanted, actual, context);
    if (obstacles.length > 0) throw stillUsed(actual, obstacles);
    await removeAll(wanted, actual, context);
  }
  if (observed.state !== 'unowned') {
    const outputs = Object.keys(context.recorded).filter((output) => OF_A_NETWORK.test(output));
    context.record(Object.fromEntries(outputs.map((output) => [output, undefined])));
  }
}

async function removeAll(wanted: Network, actual: NetworkActual, context: KindContext): Promise<void> {
  const { vpc, gateway, others } = actual;
  const { ec2 } = context.clients;
  const ids = toRemove(actual, wanted.owner, context.recorded);
  for (const id of ids.endpoint) await deleteOne('endpoint', id, context);
  if (vpc && ids.endpoint.length > 0) await endpointsAreGone(vpc.id, ids.endpoint, context);
  for (const { id, associations } of actual.allTables) {
    if (!ids['route table'].includes(id)) continue;
    for (const { id: AssociationId, main } of associations) {
      const command = new DisassociateRouteTableCommand({ AssociationId });
      if (!main) await unlessGone('association', () => ec2.send(command));
    }
  }
  for (const id of ids.subnet) await deleteOne('subnet', id, context);
  for (const id of ids['route table']) await deleteOne('route table', id, context);
  for (const id of ids['internet gateway']) {
    const VpcId = [gateway, ...others.gateways].find((one) => one?.id === id)?.attachedTo;
    const command = new DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId });
    if (VpcId) await unlessGone('attachment', () => inUse(`internet gateway ${id}`, () => ec2.send(command)));
    await deleteOne('internet gateway', id, context);
  }
  for (const id of ids.vpc) await deleteOne('vpc', id, context);
}

/** A gateway endpoint is deleted some seconds after AWS says so; its routes hold the tables until then. */
function endpointsAreGone(vpcId: string, ids: readonly string[], context: KindContext): Promise<void> {
  return context.eventually(async () => {
    const { endpoints } = await readInside(context.clients.ec2, vpcId);
    const left = endpoints.filter(({ id, state }) => ids.includes(id) && state !== 'deleted');
    if (left.length > 0) {
      throw new NotYetConsistent(`${left.map(({ id }) => id).join(', ')} is still being deleted.`, {
        retryAfterSeconds: 10,
      });
    }
  });
}

function stillUsed({ vpc }: NetworkActual, obstacles: readonly string[]): ForeignResource {
  const shown = obstacles.slice(0, 10).join(', ');
  const more = obstacles.length > 10 ? ` and ${obstacles.length - 10} more` : '';
  return new ForeignResource(`The network${vpc ? ` in ${vpc.id}` : ''} is still used by ${shown}${more}.`, {
    reason: 'InUse',
    remedy: 'Delete or detach these, then ask again; or retire the account with its resources retained.',
  });
}
