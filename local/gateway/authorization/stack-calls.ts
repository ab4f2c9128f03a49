import { isObject } from '../wire.ts';
import { type Operation, objects, type Params } from './operations.ts';
import type { StandingStack } from './reader.ts';
import type { CallPlace } from './resources.ts';
import { HANDLERS, ROLE, SOME } from './stack-handlers.ts';

/** What a value of a template is in this stack. */
type Resolve = (value: unknown) => unknown;

/**
 * The calls that CloudFormation makes in the name of whoever creates, updates or deletes a stack. None for resources of other types, nor for
 * a template that the call does not hold. Pure.
 * @param standing the stack before the call
 */
export function stackCalls(
  { service, name, params }: Operation,
  at: CallPlace,
  standing: StandingStack | undefined,
): readonly Operation[] {
  if (service !== 'cloudformation') return [];
  const before = standing && resourcesOf(standing.template, params.StackName, standing.parameters, at);
  const old = before ?? NONE;
  const body = params.UsePreviousTemplate === 'true' ? standing?.template : params.TemplateBody;
  const parameters = objects(params.Parameters).map((one) =>
    one.UsePreviousValue === 'true'
      ? objects(standing?.parameters).find(({ ParameterKey }) => ParameterKey === one.ParameterKey)
      : one,
  );
  const wanted = () => resourcesOf(body, params.StackName, parameters, at);
  switch (name) {
    case 'CreateStack':
      return callsBetween(NONE, wanted());
    case 'UpdateStack':
      return body === undefined ? [] : callsBetween(old, wanted());
    case 'DeleteStack':
      return callsBetween(old, NONE);
    default:
      return [];
  }
}

/** The resources of a stack by their logical ids, with what its parameters and conditions make of them. */
type StackResources = ReadonlyMap<string, StackResource>;

interface StackResource {
  readonly type: string;
  readonly properties: Params;
  /** Stays when it is no longer part of the stack. */
  readonly retained: boolean;
}

const NONE: StackResources = new Map();

function callsBetween(before: StackResources, after: StackResources): readonly Operation[] {
  const calls = [...new Set([...after.keys(), ...before.keys()])].flatMap((id) => {
    const [from, to] = [before.get(id), after.get(id)];
    const kind = HANDLERS[(to ?? from)?.type ?? ''];
    if (!kind) return [];
    if (!from) return to ? kind.make(to.properties) : [];
    if (!to) return from.retained ? [] : kind.remove(from.properties);
    const changed = new Set(
      [...Object.keys(from.properties), ...Object.keys(to.properties)].filter(
        (key) => JSON.stringify(from.properties[key]) !== JSON.stringify(to.properties[key]),
      ),
    );
    if (kind.fixed.some((key) => changed.has(key)))
      return [...kind.make(to.properties), ...kind.remove(from.properties)];
    return kind.change(to.properties, from.properties, (key) => changed.has(key));
  });
  // A role that is not there yet has the path of its template.
  const paths = new Map(
    [...before.values(), ...after.values()].flatMap(({ type, properties: { RoleName, Path } }) =>
      type === ROLE ? [[RoleName, Path ?? '/'] as const] : [],
    ),
  );
  const placed = ({ RoleName, ...more }: Params) =>
    paths.has(RoleName) ? { ...more, RoleName, Path: paths.get(RoleName) } : { ...more, RoleName };
  return calls.map((call) => (call.service === 'iam' ? { ...call, params: placed(call.params) } : call));
}

function resourcesOf(
  text: unknown,
  StackName: unknown,
  Parameters: readonly unknown[],
  at: CallPlace,
): StackResources {
  const template = jsonOf(text);
  const resolve = resolver(template, { StackName, Parameters }, at);
  return new Map(
    Object.entries(sectionOf(template, 'Resources')).flatMap(([id, resource]) => {
      const { Type, Properties, Condition, DeletionPolicy } = objects(resource)[0] ?? {};
      const holds = Condition === undefined || resolve({ Condition }) === true;
      const properties = resolve(Properties ?? {});
      if (!holds || !isObject(properties)) return [];
      const type = String(Type);
      const named = type === ROLE ? { ...properties, RoleName: resolve({ Ref: id }) } : properties;
      return [[id, { type, properties: named, retained: DeletionPolicy === 'Retain' }] as const];
    }),
  );
}

/** Fills in what a template says of parameters, of conditions and of its resources' names; anything else stays as it is written. */
function resolver(template: Params, { StackName, Parameters }: Params, at: CallPlace): Resolve {
  const given = objects(Parameters).map((one) => [String(one.ParameterKey), one.ParameterValue]);
  const defaults = Object.entries(sectionOf(template, 'Parameters')).map(([name, one]) => [
    name,
    objects(one)[0]?.Default,
  ]);
  const known: Params = {
    'AWS::AccountId': at.account,
    'AWS::Region': at.region,
    'AWS::Partition': at.partition,
    'AWS::StackName': StackName,
    ...Object.fromEntries([...defaults, ...given]),
  };
  const named = (id: string): unknown => {
    if (id in known) return known[id];
    const { Type, Properties } = objects(sectionOf(template, 'Resources')[id])[0] ?? {};
    if (Type === 'AWS::EC2::VPC') return SOME.VPC;
    // CloudFormation adds letters to a name that it gives by itself.
    if (Type === ROLE) return resolve(objects(Properties)[0]?.RoleName) ?? `${StackName}-${id}-*`;
    return undefined;
  };
  const resolve: Resolve = (value) => {
    if (Array.isArray(value)) return value.map(resolve);
    if (!isObject(value)) return value;
    const [[word = '', inner] = [], ...more] = Object.entries(value);
    if (more.length > 0 || word === '') return each(value, resolve);
    switch (word) {
      case 'Ref':
        return named(String(inner)) ?? value;
      case 'Condition':
        return resolve(sectionOf(template, 'Conditions')[String(inner)]);
      case 'Fn::Sub':
        return typeof inner === 'string'
          ? inner.replace(/\$\{([\w:]+)\}/g, (text, id: string) => String(named(id) ?? text))
          : value;
      case 'Fn::Equals': {
        const [one, other] = listOf(resolve(inner));
        return one === other;
      }
      case 'Fn::And':
        return listOf(resolve(inner)).every((one) => one === true);
      case 'Fn::Or':
        return listOf(resolve(inner)).some((one) => one === true);
      case 'Fn::Not':
        return listOf(resolve(inner))[0] !== true;
      default:
        return each(value, resolve);
    }
  };
  return resolve;
}

function each(value: Params, resolve: Resolve): Params {
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one)]));
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function sectionOf(template: Params, name: string): Params {
  return objects(template[name])[0] ?? {};
}

/** Empty where the text is none, or is YAML, which nothing here writes. */
function jsonOf(text: unknown): Params {
  try {
    return objects(JSON.parse(String(text)))[0] ?? {};
  } catch {
    return {};
  }
}
