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

/** Says that the difference at this path of one of our resources is written; an empty path: the resource is made. */
export function wrote(work: Work, named: Named, path: string): void {
  work.context.wrote(changesOf(work, named).filter((one) => one.path === path));
}

/** The id of one of our resources, found or made by now. */
export function idOf({ ids }: Work, { output }: Named): string | undefined {
  return ids.get(output);
}

/**
 * Keeps the id of a resource that AWS has just made, for those that need it and in the outputs, and says that it is written.
 * @param answer AWS's; it always has an id
 * @param outputs what is recorded of it
 */
export function recordMade(
  work: Work,
  named: Named,
  answer: string | undefined,
  outputs: (id: string) => Record<string, string> = (id) => ({ [named.output]: id }),
): void {
  if (!answer) throw new ServiceFault(`AWS answered the making of ${named.resource} without an id.`);
  work.ids.set(named.output, answer);
  work.context.record(outputs(answer));
  wrote(work, named, '');
}

/** True if the resource itself is to be made. */
export function isToBeMade(work: Work, named: Named): boolean {
  return changesOf(work, named).some(({ path }) => path === '');
}

/** Ids that are ours and that other calls may not see for some seconds after they were made. */
const FRESH = ['Vpc', 'Subnet', 'RouteTable', 'InternetGateway', 'Gateway', 'VpcEndpoint'].flatMap((type) => [
  `Invalid${type}ID.NotFound`,
  `Invalid${type}Id.NotFound`,
]);

/** Errors that say: not as it was observed a moment ago. Somebody changed it; the next run observes that. */
const CHANGED_MEANWHILE = new Set([
  'Resource.AlreadyAssociated',
  'RouteAlreadyExists',
  'InvalidSubnet.Conflict',
  'InvalidAssociationID.NotFound',
  'InvalidRoute.NotFound',
  'Gateway.NotAttached',
  'IdempotentParameterMismatch',
]);

/** A writing call that uses ids which may be fresh. */
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

/** An answer of EC2, with how often the SDK sent the call for it. */
interface Answer {
  readonly $metadata?: { readonly attempts?: number | undefined };
}

/**
 * A create with a client token, which the SDK may send again. When AWS may have carried it out without an answer, that is
 * recorded: a second one that turns up later is ours then.
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
 * A create without a client token. When it is not answered nobody knows whether it was done: it is not sent again
 * before a look, some seconds later, that finds it by its tags.
 */
export async function createOnce<T>(work: Work, named: Named, call: () => Promise<T>): Promise<T> {
  try {
    return await answered(work, named, call);
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const message = `Nobody answered whether the ${named.resource} was made; looking again before making it.`;
    throw new NotYetConsistent(message, {
      reason: UNANSWERED,
      retryAfterSeconds: UNANSWERED_SECONDS,
      cause: error,
    });
  }
}

/** Records where there was no answer. */
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
 * The client token of a create, by which AWS takes it for the one that it has carried out already: the SHA-256 of the
 * account, of what was recorded under that name before, and of all that is sent. So a retry in this pass or a later one is
 * the same create, while one with other tags or tables is another: AWS refuses an old token with new parameters. The id
 * before stands in it because AWS answers an old token with the old thing for some hours, though that is gone.
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

/** The tags of a resource, for the call that makes it. */
export function tagSpecifications(wanted: Network, named: Named, type: ResourceType) {
  return [{ ResourceType: type, Tags: tagList(wantedTags(wanted, named)) }];
}

/** Writes the tags that differ, in one call; no call if none do. */
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

/** Runs a call; AWS's refusal because something depends on it becomes ForeignResource `InUse`. */
export async function inUse(what: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof Error && /^(DependencyViolation|ResourceInUse)/.test(error.name))) throw error;
    throw new ForeignResource(`Something that is not ours depends on ${what}: ${error.message}`, {
      reason: 'InUse',
      remedy: `Find what uses ${what} and remove it; then it is tried again.`,
      cause: error,
    });
  }
}

function tagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
