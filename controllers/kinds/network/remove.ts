import { ForeignResource, NotYetConsistent } from '../../../shared/domain/errors.ts';
import type { KindContext } from '../kind.ts';
import { inTheWay } from './in-the-way.ts';
import type { Network, NetworkActual } from './model.ts';
import { observe } from './observe.ts';
import { idsToRemove } from './ownership.ts';
import { ours, type Removal } from './resource.ts';
import { isOutputOfNetwork, resources } from './resources.ts';
import { VPC } from './vpc.ts';

/**
 * See Kind. What is in the way is looked for before anything is deleted: whatever uses the VPC, and what others put
 * into it, with our tags on it or not. What we made for an earlier baseline goes too (`idsToRemove`).
 */
export async function remove(wanted: Network, context: KindContext): Promise<void> {
  const observed = await observe(wanted, context);
  if (observed.state === 'pending') {
    const { message, retryAfterSeconds } = observed;
    throw new NotYetConsistent(message, { retryAfterSeconds });
  }
  if (observed.state === 'present') {
    const { actual } = observed;
    const identity = { owner: wanted.owner, recorded: context.recorded };
    const removal: Removal = { actual, context, idsOf: (type) => idsToRemove(type, actual, identity) };
    const obstacles = await inTheWay(wanted.owner, removal);
    if (obstacles.length > 0) throw stillUsed(actual, obstacles);
    for (const resource of resources.toReversed()) {
      await resource.remove(removal.idsOf(resource.type), removal);
    }
  }
  if (observed.state !== 'unowned') {
    const outputs = Object.keys(context.recorded).filter(isOutputOfNetwork);
    context.record(Object.fromEntries(outputs.map((output) => [output, undefined])));
  }
}

function stillUsed(actual: NetworkActual, obstacles: readonly string[]): ForeignResource {
  const vpc = ours(VPC, actual);
  const shown = obstacles.slice(0, 10).join(', ');
  const more = obstacles.length > 10 ? ` and ${obstacles.length - 10} more` : '';
  return new ForeignResource(`The network${vpc ? ` in ${vpc.id}` : ''} is still used by ${shown}${more}.`, {
    reason: 'InUse',
    remedy: 'Delete or detach these, then ask again; or retire the account with its resources retained.',
  });
}
