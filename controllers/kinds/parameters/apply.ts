import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  PutParameterCommand,
  type Tag,
} from '@aws-sdk/client-ssm';
import { unlessGone } from '../../../shared/aws/gone.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import type { Change, KindContext, WritingContext } from '../kind.ts';
import type { ActualParameter, ActualParameters } from './actual.ts';
import { needsReplacement } from './diff.ts';
import { each } from './each.ts';
import { arnOf, outputName } from './ours.ts';
import type { Parameters, WantedParameter } from './render.ts';
import { keptTags } from './tags.ts';

/**
 * See Kind. One parameter after the other: SSM takes about three writes a second. One that fails does not keep the
 * others from being written.
 */
export async function apply(
  { wanted, actual, differences }: Change<Parameters, ActualParameters>,
  context: WritingContext,
): Promise<void> {
  const todo = differences.filter(({ action }) => action !== 'reported');
  await each([...new Set(todo.map(({ resource }) => resource))], async (name) => {
    const of = todo.filter(({ resource }) => resource === name);
    const parameter = wanted.parameters.find((one) => one.name === name);
    const found = actual?.found[name];
    if (!parameter) await drop(name, context);
    else if (!found) await create(parameter, wanted.owner, {}, context);
    else await change(parameter, found, of, { ...context, owner: wanted.owner });
    context.wrote(of);
  });
}

/** Deletes it; not there any more is as good. */
export async function drop(name: string, context: KindContext): Promise<void> {
  await unlessGone('parameter', () => context.clients.ssm.send(new DeleteParameterCommand({ Name: name })));
  context.record({ [outputName(name)]: undefined });
}

async function create(
  parameter: WantedParameter,
  owner: string,
  tags: Readonly<Record<string, string>>,
  context: KindContext,
): Promise<void> {
  // Without Overwrite: if it was made since we looked, this fails, and the next pass sees whose it is.
  const Tags = toTags({ ...tags, ...keptTags(parameter, owner, 'ours') });
  await context.clients.ssm.send(new PutParameterCommand({ ...content(parameter), Tags }));
  context.record({ [outputName(parameter.name)]: arnOf(parameter.name, context.account) });
}

async function change(
  parameter: WantedParameter,
  found: ActualParameter,
  differences: readonly Difference[],
  context: WritingContext & { readonly owner: string },
): Promise<void> {
  if (found.whose === 'ours' && needsReplacement(parameter, found)) {
    await drop(parameter.name, context);
    const others = Object.entries(found.tags).filter(([key]) => !key.toLowerCase().startsWith('aws:'));
    return create(parameter, context.owner, Object.fromEntries(others), context);
  }
  const { ssm } = context.clients;
  const ofContent = differences.filter(({ path }) => !path.startsWith('tags.'));
  if (ofContent.length > 0) {
    await ssm.send(new PutParameterCommand({ ...content(parameter), Overwrite: true }));
    context.wrote(ofContent);
  }
  // Never in one call with Overwrite: SSM refuses that.
  const kept = Object.entries(keptTags(parameter, context.owner, found.whose));
  const changed = kept.filter(([key]) => differences.some(({ path }) => path === `tags.${key}`));
  if (changed.length === 0) return;
  const Tags = toTags(Object.fromEntries(changed));
  await ssm.send(
    new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: parameter.name, Tags }),
  );
}

function content({ name, value, type, tier, description }: WantedParameter) {
  return { Name: name, Value: value, Type: type, Tier: tier, Description: description };
}

function toTags(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
