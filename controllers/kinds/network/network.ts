import { Conflict, ForeignResource, NotYetConsistent } from '../../../shared/domain/errors.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import { taggedLikeOurs } from '../comparison.ts';
import {
  type Change,
  type Comparison,
  type KindContext,
  type Observation,
  WAITING_FOR_OUTPUTS,
  type WritingContext,
} from '../kind.ts';
import { removeGroupsOfEmr } from './emr-groups.ts';
import { endpoints } from './endpoints.ts';
import { internetGateway } from './internet-gateway.ts';
import type { Network, NetworkActual } from './model.ts';
import { obstaclesToRemoval } from './obstacles.ts';
import { idsToRemove } from './ownership.ts';
import { block, joined, ours, type Removal, type Resource, report } from './resource.ts';
import { routeTables } from './route-tables.ts';
import { subnets } from './subnets.ts';
import { VPC, vpc } from './vpc.ts';
import { deleteOne } from './write.ts';

/** The resources of a network, in the order in which they are made: each needs ids of those before it. */
export const resources: readonly Resource[] = [vpc, internetGateway, routeTables, subnets, endpoints];

/** True of an output that records a resource of the network, or the time of its create call. */
export function isOutputOfNetwork(name: string): boolean {
  const output = name.replace(/^(madeAt|unanswered)\./, '');
  return resources.some(({ outputs }) => outputs.test(output));
}

/** See Kind. Pure. The differences are in the order in which they are written. */
export function diff(wanted: Network, actual: NetworkActual | undefined): Comparison {
  const { layout, tags } = wanted.waiting;
  if (layout.length > 0) return { differences: [], blocked: [waiting('cidr', layout)], unowned: [] };
  const waitingTags = Object.entries(tags).map(([key, names]) => waiting(`tags.${key}`, names));
  const compared = joined([
    { blocked: waitingTags },
    ...resources.map((resource) => resource.diff(wanted, actual)),
  ]);
  return joined([compared, diffTagged(actual, compared)]);
}

/** Other resources with our tags are reported; duplicates that we made are removed. */
function diffTagged(actual: NetworkActual | undefined, { unowned }: Comparison): Partial<Comparison> {
  const tagged = actual?.taggedAsOurs ?? [];
  const copies = tagged.filter(({ made }) => !made);
  const reported = new Set(unowned.map(({ resource }) => resource));
  return {
    differences: tagged
      .filter(({ made }) => made)
      .map(({ type, id, logical }): Difference => {
        const second = { resource: `${type} ${id}`, path: '', actual: { id, duplicateOf: logical } };
        return { kind: 'network', ...second, action: 'removed' };
      }),
    unowned: copies
      .filter(({ type, id }) => !reported.has(`${type} ${id}`))
      .map(({ type, id, logical }) =>
        report({ resource: `${type} ${id}`, path: '', actual: { id, taggedLike: logical } }),
      ),
    warnings: taggedLikeOurs(copies.map(({ type, id }) => `${type} ${id}`)),
  };
}

function waiting(path: string, names: readonly string[]) {
  const said = [...new Set(names)].map((name) => `\${${name}}`).join(', ');
  const message = `The network needs ${said}, not known yet, and waits for the kind that makes it.`;
  const sides = { resource: VPC.resource, path, desired: said };
  return { ...block(WAITING_FOR_OUTPUTS, message, sides), waitsFor: names };
}

/** See Kind. Writes one resource after the other, so that a failure leaves no call unanswered. */
export async function apply(change: Change<Network, NetworkActual>, context: WritingContext): Promise<void> {
  const { wanted, actual, differences } = change;
  const ids = new Map(Object.entries(actual?.ours ?? {}).map(([output, { id }]) => [output, id]));
  for (const resource of resources) await resource.apply({ wanted, actual, differences, context, ids });
  for (const { type, id } of actual?.taggedAsOurs ?? []) {
    const removed = differences.filter((one) => one.action === 'removed' && one.resource === `${type} ${id}`);
    const resource = resources.find((one) => one.type === type);
    if (!resource || removed.length === 0) continue;
    await deleteSecond(resource, id, context);
    context.wrote(removed);
  }
}

/** Deletes a duplicate that we made. Throws Conflict if somebody uses it by now; the next run then leaves it alone. */
async function deleteSecond(resource: Resource, id: string, context: WritingContext): Promise<void> {
  try {
    await deleteOne(resource, id, context);
  } catch (error) {
    if (!(error instanceof ForeignResource)) throw error;
    throw new Conflict(error.message, { cause: error });
  }
}

/**
 * See Kind. Before anything is deleted, the obstacles are read: what uses the VPC, and what others put into it, with our tags
 * or without. Resources that we made for an earlier baseline are removed, too (`idsToRemove`).
 */
export async function remove(
  wanted: Network,
  observed: Observation<NetworkActual>,
  context: KindContext,
): Promise<void> {
  if (observed.state === 'pending') {
    const { message, retryAfterSeconds } = observed;
    throw new NotYetConsistent(message, { retryAfterSeconds });
  }
  if (observed.state === 'present') {
    const { actual } = observed;
    const identity = { owner: wanted.owner, recorded: context.recorded };
    const removal: Removal = { actual, context, idsOf: (type) => idsToRemove(type, actual, identity) };
    const inTheWay = await obstaclesToRemoval(wanted.owner, removal);
    if (inTheWay.length > 0) throw stillUsed(actual, inTheWay);
    for (const vpcId of removal.idsOf('vpc')) await removeGroupsOfEmr(vpcId, context);
    for (const resource of resources.toReversed()) {
      await resource.remove(removal.idsOf(resource.type), removal);
    }
  }
  if (observed.state !== 'unowned') {
    const outputs = Object.keys(context.recorded).filter(isOutputOfNetwork);
    context.record(Object.fromEntries(outputs.map((output) => [output, undefined])));
  }
}

function stillUsed(actual: NetworkActual, by: readonly string[]): ForeignResource {
  const vpc = ours(VPC, actual);
  const shown = by.slice(0, 10).join(', ');
  const more = by.length > 10 ? ` and ${by.length - 10} more` : '';
  return new ForeignResource(`The network${vpc ? ` in ${vpc.id}` : ''} is still used by ${shown}${more}.`, {
    reason: 'InUse',
    remedy:
      'Delete or detach these, then request it again; or retire the account with its resources retained.',
  });
}
