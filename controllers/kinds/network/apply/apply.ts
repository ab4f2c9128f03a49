import { Conflict, ForeignResource } from '../../../../shared/domain/errors.ts';
import type { Change, WritingContext } from '../../kind.ts';
import type { NetworkActual, ThingType } from '../actual.ts';
import { deleteOne } from '../delete.ts';
import type { Network } from '../render.ts';
import { applyEndpoints } from './endpoints.ts';
import { applyGateway } from './gateway.ts';
import { applySubnets } from './subnets.ts';
import { applyTables } from './tables.ts';
import { applyVpc } from './vpc.ts';
import type { Ids } from './work.ts';

/**
 * See Kind. One thing after the other, so that a failure leaves nothing in flight: each needs the ids of those
 * before it.
 */
export async function apply(change: Change<Network, NetworkActual>, context: WritingContext): Promise<void> {
  const { wanted, actual, differences } = change;
  const work = { wanted, actual, differences, context };
  const ids: Ids = {
    vpc: actual?.vpc?.id,
    gateway: actual?.gateway?.id,
    tables: new Map(Object.entries(actual?.tables ?? {}).map(([routing, { id }]) => [routing, id])),
  };
  await applyVpc(work, ids);
  await applyGateway(work, ids);
  await applyTables(work, ids);
  await applySubnets(work, ids);
  await applyEndpoints(work, ids);
  for (const { type, id } of actual?.taggedAsOurs ?? []) {
    const removed = differences.filter((one) => one.action === 'removed' && one.resource === `${type} ${id}`);
    if (removed.length === 0) continue;
    await deleteSecond(type, id, context);
    context.wrote(removed);
  }
}

/** Deletes what we made twice; where somebody began to use it meanwhile, the next look sees that, and it stays. */
async function deleteSecond(type: ThingType, id: string, context: WritingContext): Promise<void> {
  try {
    await deleteOne(type, id, context);
  } catch (error) {
    if (!(error instanceof ForeignResource)) throw error;
    throw new Conflict(error.message, { cause: error });
  }
}
