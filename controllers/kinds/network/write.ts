import { createHash } from 'node:crypto';
import { CreateTagsCommand, type ResourceType, type Tag } from '@aws-sdk/client-ec2';
import { unlessGone } from '../../../shared/aws/gone.ts';
import { Conflict, ForeignResource, NotYetConsistent, ServiceFault } from '../../../shared/domain/errors.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import { type KindContext, UNANSWERED, UNANSWERED_SECONDS } from '../kind.ts';
import { notAnswered } from './just-made.ts';
import type { Network } from './model.ts';
import { type Named, type Resource, type Work, wantedTags } from './resource.ts';

/** The differences of one of our resources that are to be written. */
export function changesOf({ differences }: Pick<Work, 'differences'>, { resource }: Named): Difference[] {
  return differences.filter((one) => one.resource === resource && one.action !== 'reported');
}

/** Reports that the difference at this path of one of our resources is written; an empty path: the resource is made. */
export function wrote(work: Work, named: Named, path: string): void {
  work.context.wrote(changesOf(work, named).filter((one) => one.path === path));
}

/** The id of one of our resources, found or made by now. */
export function idOf({ ids }: Work, { output }: Named): string | undefined {
  return ids.get(output);
}

/**
 * Keeps the id of a resource that AWS has just made, for the resources that need it and in the outputs, and reports it as written.
 * @param answer the id in AWS's answer, which always has one
 * @param outputs the outputs to record for that id
 */
export function recordMade(
  work: Work,
  named: Named,
  answer: string | undefined,
  outputs: (id: string) => Record<string, string> = (id) => ({ [named.output]: id }),
): void {
  if (!answer) throw new ServiceFault(`AWS made ${named.resource} and answered no id.`);
  work.ids.set(named.output, answer);
  work.context.record(outputs(answer));
  wrote(work, named, '');
}

/** True if the resource itself is to be made. */
export function isToBeMade(work: Work, named: Named): boolean {
  return changesOf(work, named).some(({ path }) => path === '');
}

/** Errors about a new id of ours, which other calls may not see for some seconds. */
const FRESH = ['Vpc', 'Subnet', 'RouteTable', 'InternetGateway', 'Gateway', 'VpcEndpoint'].flatMap((type) => [
  `Invalid${type}ID.NotFound`,
  `Invalid${type}Id.NotFound`,
]);

/** Errors that mean: somebody changed the resource since it was observed. The next run observes it again. */
const CHANGED_MEANWHILE = new Set([
  'Resource.AlreadyAssociated',
  'RouteAlreadyExists',
  'InvalidSubnet.Conflict',
  'InvalidAssociationID.NotFound',
  'InvalidRoute.NotFound',
  'Gateway.NotAttached',
  'IdempotentParameterMismatch',
]);

/** A writing call, repeated for some seconds while AWS does not know a new id. Throws Conflict if somebody changed the resource. */
export async function write<T>(context: KindContext, call: () => Promise<T>): Promise<T> {
  try {
    return await context.eventually(call, FRESH);
  } catch (error) {
    if (error instanceof Error && CHANGED_MEANWHILE.has(error.name)) {
      throw new Conflict(`${error.name}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** An answer of EC2, with the number of times that the SDK sent the call. */
interface Answer {
  readonly $metadata?: { readonly attempts?: number | undefined };
}

/**
 * A create call with a client token, which the SDK may send again. If AWS may have carried out an attempt without an answer,
 * that is recorded, so that a duplicate that appears later is known to be ours.
 */
export async function createWithToken<T extends Answer>(
  work: Work,
  named: Named,
  call: () => Promise<T>,
): Promise<T> {
  const made = await answered(work, named, call);
  if ((made.$metadata?.attempts ?? 1) > 1) note(work, named);
  return made;
}

/**
 * A create call without a client token. Without an answer nobody knows whether AWS made the resource, so the call is not sent
 * again before another run, some seconds later, has searched for the resource by its tags.
 */
export async function createOnce<T>(work: Work, named: Named, call: () => Promise<T>): Promise<T> {
  try {
    return await answered(work, named, call);
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const message = `AWS did not answer whether it made the ${named.resource}; the next run searches for it first.`;
    throw new NotYetConsistent(message, {
      reason: UNANSWERED,
      retryAfterSeconds: UNANSWERED_SECONDS,
      cause: error,
    });
  }
}

/** Records a call without an answer. */
async function answered<T>(work: Work, named: Named, call: () => Promise<T>): Promise<T> {
  try {
    return await write(work.context, call);
  } catch (error) {
    if (error instanceof ServiceFault) note(work, named);
    throw error;
  }
}

function note({ actual, context }: Work, named: Named): void {
  const before = (actual?.taggedAsOurs ?? []).filter(({ logical }) => logical === named.logical);
  const ids = before.map(({ id }) => id);
  context.record(notAnswered(named, ids, context));
}

/**
 * The client token of a create call, by which AWS recognizes a call that it has carried out already: the SHA-256 of the account,
 * of the id recorded before, and of all parameters. So a retry in this run or a later one is the same call, while a call with
 * other tags or tables is a new one: AWS refuses an old token with new parameters. The id before is part of the token because for
 * some hours AWS answers an old token with the old resource, even if that was deleted.
 */
export function clientToken({ context }: Pick<Work, 'context'>, named: Named, input: object): string {
  const before = context.recorded[named.output] ?? '';
  const parts = [
    context.account.accountId,
    context.account.region,
    named.logical,
    before,
    JSON.stringify(input),
  ];
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

export function tagSpecifications(wanted: Network, named: Named, type: ResourceType) {
  return [{ ResourceType: type, Tags: tagList(wantedTags(wanted, named)) }];
}

/** Writes the tags that differ, in one call; no call if none differs. */
export async function applyTags(work: Work, named: Named, id: string): Promise<void> {
  const prefix = 'tags.';
  const changes = changesOf(work, named).filter(({ path }) => path.startsWith(prefix));
  if (changes.length === 0) return;
  const tags = Object.fromEntries(
    changes.map(({ path, desired }) => [path.slice(prefix.length), `${desired}`]),
  );
  const command = new CreateTagsCommand({ Resources: [id], Tags: tagList(tags) });
  await write(work.context, () => work.context.clients.ec2.send(command));
  work.context.wrote(changes);
}

/**
 * Deletes one resource; does nothing if it is gone (shared/aws/gone.ts). Throws ForeignResource `InUse` if AWS refuses
 * because something depends on it.
 */
export async function deleteOne(
  resource: Pick<Resource, 'type' | 'delete'>,
  id: string,
  { clients: { ec2 } }: Pick<KindContext, 'clients'>,
): Promise<void> {
  const { type } = resource;
  await unlessGone(type, () => inUse(`${type} ${id}`, () => resource.delete(id, ec2)));
}

/** Makes a call that deletes. Throws ForeignResource `InUse` if AWS refuses it because something depends on the resource. */
export async function inUse(what: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof Error && /^(DependencyViolation|ResourceInUse)/.test(error.name))) throw error;
    throw new ForeignResource(`Something that is not ours depends on ${what}: ${error.message}`, {
      reason: 'InUse',
      remedy: `Find what uses ${what} and remove that; the next run tries again.`,
      cause: error,
    });
  }
}

function tagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
