import { createHash } from 'node:crypto';
import { CreateTagsCommand, type ResourceType, type Tag } from '@aws-sdk/client-ec2';
import { Conflict, NotYetConsistent, ServiceFault } from '../../../../shared/domain/errors.ts';
import type { Difference } from '../../../../shared/domain/status.ts';
import { type KindContext, UNANSWERED, UNANSWERED_SECONDS, type WritingContext } from '../../kind.ts';
import type { NetworkActual } from '../actual.ts';
import { notAnswered } from '../fresh.ts';
import { type Named, wantedTags } from '../names.ts';
import type { Network } from '../render.ts';

/** One application of differences: what is wanted, what was there, what is to be written. */
export interface Work {
  readonly wanted: Network;
  readonly actual: NetworkActual | undefined;
  readonly differences: readonly Difference[];
  readonly context: WritingContext;
}

/** Ids as they are known by now: found ones first, made ones from then on. */
export interface Ids {
  vpc: string | undefined;
  gateway: string | undefined;
  readonly tables: Map<string, string>;
}

/** The differences of one of our things that are to be written. */
export function changesOf({ differences }: Pick<Work, 'differences'>, { resource }: Named): Difference[] {
  return differences.filter((one) => one.resource === resource && one.action !== 'reported');
}

/** Says that what differed at this path of one of our things is written; an empty path: the thing is made. */
export function wrote(work: Work, named: Named, path: string): void {
  work.context.wrote(changesOf(work, named).filter((one) => one.path === path));
}

/** True when the thing itself is to be made. */
export function isToBeMade(work: Work, named: Named): boolean {
  return changesOf(work, named).some(({ path }) => path === '');
}

/** Ids that are ours and that other calls may not see for some seconds after they were made. */
const FRESH = ['Vpc', 'Subnet', 'RouteTable', 'InternetGateway', 'Gateway', 'VpcEndpoint'].flatMap((type) => [
  `Invalid${type}ID.NotFound`,
  `Invalid${type}Id.NotFound`,
]);

/** Errors that say: not as it was observed a moment ago. Whoever changed it, the next look sees it. */
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
export async function create<T extends Answer>(work: Work, named: Named, call: () => Promise<T>): Promise<T> {
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

/** The tags of a thing, to be set as it is made. */
export function tagSpecifications(wanted: Network, named: Named, type: ResourceType) {
  return [{ ResourceType: type, Tags: tagList(wantedTags(wanted, named)) }];
}

/** Puts the tags that differ, in one call; none, no call. */
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

/** The id in the answer of a create; AWS always gives one. */
export function idFrom(id: string | undefined, named: Named): string {
  if (!id) throw new ServiceFault(`AWS answered the making of ${named.resource} without an id.`);
  return id;
}

function tagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
