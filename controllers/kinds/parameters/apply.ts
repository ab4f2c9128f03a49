import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  PutParameterCommand,
  type Tag,
} from '@aws-sdk/client-ssm';
import { unlessGone } from '../../../shared/aws/gone.ts';
import {
  AccessDenied,
  Conflict,
  ControllerError,
  InvalidDesiredState,
  QuotaExceeded,
} from '../../../shared/domain/errors.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import { CORRECT, detailsOf, forEachResource } from '../failures.ts';
import type { Change, KindContext, WritingContext } from '../kind.ts';
import { mustBeReplaced } from './compare.ts';
import { type ActualParameter, type ActualParameters, taggedByUs, whoseAre } from './observe.ts';
import { arnOf, managedTags, outputName, recordedNames } from './ownership.ts';
import type { Parameters, WantedParameter } from './wanted.ts';

/**
 * See Kind. Writes one parameter after the other: SSM accepts about three writes a second. A parameter that fails does not
 * stop the others.
 */
export async function apply(
  { wanted, actual, differences }: Change<Parameters, ActualParameters>,
  context: WritingContext,
): Promise<void> {
  const todo = differences.filter(({ action }) => action !== 'reported');
  await forEachParameter([...new Set(todo.map(({ resource }) => resource))], async (name) => {
    const of = todo.filter(({ resource }) => resource === name);
    const parameter = wanted.parameters.find((one) => one.name === name);
    const found = actual?.found[name];
    if (!parameter) await drop(name, context);
    else if (!found) await create(parameter, wanted.owner, {}, context);
    else await change(parameter, found, of, { ...context, owner: wanted.owner });
    context.wrote(of);
  });
}

/** Deletes a parameter; does nothing if it does not exist any more. */
async function drop(name: string, context: KindContext): Promise<void> {
  await unlessGone('parameter', () => context.clients.ssm.send(new DeleteParameterCommand({ Name: name })));
  context.record({ [outputName(name)]: undefined });
}

async function create(
  parameter: WantedParameter,
  owner: string,
  tags: Readonly<Record<string, string>>,
  context: KindContext,
): Promise<void> {
  // Without Overwrite, so that the call fails if somebody has made the parameter since; the next run observes whose it is.
  const Tags = toTags({ ...tags, ...managedTags(parameter, owner, 'ours') });
  await context.clients.ssm.send(new PutParameterCommand({ ...content(parameter), Tags }));
  context.record({ [outputName(parameter.name)]: arnOf(parameter.name, context.account) });
}

async function change(
  parameter: WantedParameter,
  found: ActualParameter,
  differences: readonly Difference[],
  context: WritingContext & { readonly owner: string },
): Promise<void> {
  if (found.whose === 'ours' && mustBeReplaced(parameter, found)) {
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
  // A separate call: SSM refuses tags together with Overwrite.
  const tags = Object.entries(managedTags(parameter, context.owner, found.whose));
  const changed = tags.filter(([key]) => differences.some(({ path }) => path === `tags.${key}`));
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

/**
 * See Kind. Removes the parameters that carry both of our tags, and those recorded as made whose tags are gone. An adopted
 * parameter stays, although Orgkeeper managed its value.
 */
export async function remove(wanted: Parameters, context: KindContext): Promise<void> {
  const indexed = await taggedByUs(context);
  const recorded = recordedNames(context);
  const names = [...new Set([...wanted.parameters.map(({ name }) => name), ...indexed.keys(), ...recorded])];
  const found = (await whoseAre(names, context)).flatMap(({ name, whose }) =>
    whose === 'ours' ? [name] : [],
  );
  // The session may delete only what was recorded when it was opened: a parameter recorded here is deleted by the next session.
  context.record(Object.fromEntries(found.map((name) => [outputName(name), arnOf(name, context.account)])));
  await forEachParameter(found.toReversed(), (name) => drop(name, context));
  const outputs = Object.keys(context.recorded).filter((output) => output.startsWith(outputName('')));
  context.record(Object.fromEntries(outputs.map((output) => [output, undefined])));
}

/** Calls for each parameter, as `forEachResource`; errors name the parameter. */
export async function forEachParameter(
  names: readonly string[],
  call: (name: string) => Promise<void>,
): Promise<void> {
  await forEachResource(names, call, explain);
}

/** Translates a failure into an error of ours that names the parameter; unknown errors stay as they are. */
function explain(name: string, error: Error): Error {
  const said = `The parameter ${name}: ${error.message}`;
  if (error instanceof AccessDenied) return new AccessDenied(said, { ...detailsOf(error), cause: error });
  if (error instanceof QuotaExceeded) return new QuotaExceeded(said, { ...detailsOf(error), cause: error });
  if (error instanceof ControllerError) return error;
  switch (error.name) {
    case 'ParameterAlreadyExists':
    case 'ParameterNotFound':
    case 'InvalidResourceId':
      return new Conflict(`Somebody made or deleted the parameter ${name} at the same time.`, {
        cause: error,
      });
    case 'ParameterMaxVersionLimitExceeded':
      return new QuotaExceeded(said, {
        cause: error,
        remedy: 'Remove the label from the oldest version of the parameter.',
      });
    case 'ValidationException':
    case 'ParameterPatternMismatchException':
    case 'HierarchyTypeMismatchException':
    case 'HierarchyLevelLimitExceededException':
    case 'UnsupportedParameterType':
      return new InvalidDesiredState(said, [{ path: 'parameters', message: said }], {
        cause: error,
        remedy: CORRECT,
      });
    default:
      return error;
  }
}
