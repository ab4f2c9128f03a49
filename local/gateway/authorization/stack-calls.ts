import { isObject, isRead } from '../wire.ts';
import { type Operation, objects, type Params } from './operations.ts';
import { refuseOtherKeys } from './other-keys.ts';
import type { StandingStack } from './reader.ts';
import type { CallPlace } from './resources.ts';
import { HANDLERS, ROLE, SOME } from './stack-handlers.ts';
import { readTemplate } from './stack-templates.ts';
import { UnknownAuthorization } from './unknown.ts';

/** What a value of a template is in this stack. */
type Resolve = (value: unknown) => unknown;

/**
 * The calls that CloudFormation makes in the name of whoever creates, updates or deletes a stack. Pure.
 * @param standing the stack before the call
 * @throws UnknownAuthorization for a template or a type of resource that the gateway cannot follow
 */
export function stackCalls(
  { service, name, params }: Operation,
  at: CallPlace,
  standing: StandingStack | undefined,
): readonly Operation[] {
  if (service !== 'cloudformation' || isRead({ service, action: name }) || MAKES_NOTHING.test(name))
    return [];
  if (params.TemplateURL !== undefined) {
    throw new UnknownAuthorization('What the template at a TemplateURL makes is not decided: pass its text.');
  }
  const before = standing && resourcesOf(standing.template, params.StackName, standing.parameters, at);
  const old = before ?? NONE;
  const body = params.UsePreviousTemplate === 'true' ? standing?.template : params.TemplateBody;
  const parameters = objects(params.Parameters).map((one) =>
    one.UsePreviousValue === 'true'
      ? objects(standing?.parameters).find(({ ParameterKey }) => ParameterKey === one.ParameterKey)
      : one,
  );
  // CloudFormation itself refuses a call without a template.
  const wanted = () => (body === undefined ? NONE : resourcesOf(body, params.StackName, parameters, at));
  switch (name) {
    case 'CreateStack':
      return callsBetween(NONE, wanted());
    case 'UpdateStack':
      return body === undefined ? [] : callsBetween(old, wanted());
    case 'DeleteStack':
      return callsBetween(old, NONE);
    default:
      throw new UnknownAuthorization(`What cloudformation:${name} makes is not decided.`);
  }
}

/** Operations that make, change and remove no resources of a stack, besides those that read. */
const MAKES_NOTHING =
  /^((Create|Delete)ChangeSet|Detect\w+|EstimateTemplateCost|SetStackPolicy|UpdateTerminationProtection)$/;

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
    const type = (to ?? from)?.type ?? '';
    const kind = HANDLERS[type];
    if (!kind)
      throw new UnknownAuthorization(`What CloudFormation does for a resource ${type} is not decided.`);
    if (to) refuseOtherKeys(type.split('::')[1]?.toLowerCase() ?? '', to.properties);
    if (!from) return to ? kind.make(to.properties) : [];
    if (!to) return from.retained ? [] : kind.remove(from.properties);
    const changed = new Set(
      [...Object.keys(from.properties), ...Object.keys(to.properties)].filter(
        (key) => JSON.stringify(from.properties[key]) !== JSON.stringify(to.properties[key]),
      ),
    );
    if (changed.size === 0) return [];
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
  const template = readTemplate(String(text));
  const resolve = resolver(template, { StackName, Parameters }, at);
  return new Map(
    Object.entries(sectionOf(template, 'Resources')).flatMap(([id, resource]) => {
      const { Type, Properties, Condition, DeletionPolicy } = objects(resource)[0] ?? {};
      const holds = Condition === undefined || resolve({ Condition }) === true;
      const properties = resolve(Properties ?? {});
      if (!holds || !isObject(properties)) return [];
      const type = String(Type);
      const nameProperty = NAMES[type];
      const named =
        nameProperty === undefined ? properties : { [nameProperty]: `${StackName}-${id}-*`, ...properties };
      return [[id, { type, properties: named, retained: DeletionPolicy === 'Retain' }] as const];
    }),
  );
}

/** The property that names a resource of a type, to which CloudFormation adds letters where it gives the name by itself. */
const NAMES: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::Events::EventBus': 'Name',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  [ROLE]: 'RoleName',
};

/** The part of the ARN of a named resource before its name, after `arn:aws:` */
const ARNS: Readonly<Record<string, (at: CallPlace) => string>> = {
  'AWS::DynamoDB::Table': ({ region, account }) => `dynamodb:${region}:${account}:table/`,
  'AWS::Events::EventBus': ({ region, account }) => `events:${region}:${account}:event-bus/`,
  'AWS::Lambda::Function': ({ region, account }) => `lambda:${region}:${account}:function:`,
  'AWS::S3::Bucket': () => 's3:::',
  'AWS::SNS::Topic': ({ region, account }) => `sns:${region}:${account}:`,
  'AWS::SQS::Queue': ({ region, account }) => `sqs:${region}:${account}:`,
};

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
    'AWS::URLSuffix': 'amazonaws.com',
    ...Object.fromEntries([...defaults, ...given]),
  };
  const typeOf = (id: string) => String(objects(sectionOf(template, 'Resources')[id])[0]?.Type);
  const property = (id: string, name: string) =>
    resolve(objects(objects(sectionOf(template, 'Resources')[id])[0]?.Properties)[0]?.[name]);
  const nameOf = (id: string): unknown => {
    const name = NAMES[typeOf(id)];
    return name === undefined ? undefined : (property(id, name) ?? `${StackName}-${id}-*`);
  };
  const arnOf = (id: string): unknown => {
    const [type, name] = [typeOf(id), nameOf(id)];
    if (typeof name !== 'string') return undefined;
    if (type === ROLE)
      return `arn:${at.partition}:iam::${at.account}:role${property(id, 'Path') ?? '/'}${name}`;
    const before = ARNS[type];
    return before && `arn:${at.partition}:${before(at)}${name}`;
  };
  const referred = (id: string): unknown => {
    if (id in known) return known[id];
    if (typeOf(id) === 'AWS::EC2::VPC') return SOME.VPC;
    return typeOf(id) === 'AWS::SNS::Topic' ? arnOf(id) : nameOf(id);
  };
  const attribute = (value: unknown): unknown => {
    const [id, name] = typeof value === 'string' ? value.split('.') : listOf(value);
    return name === 'Arn' || name === 'TopicArn' ? arnOf(String(id)) : undefined;
  };
  const conditionOf = (id: unknown) => resolve(sectionOf(template, 'Conditions')[String(id)]);
  const resolve: Resolve = (value) => {
    if (Array.isArray(value)) return value.map(resolve).filter((one) => one !== undefined);
    if (!isObject(value)) return value;
    const [[word = '', inner] = [], ...more] = Object.entries(value);
    if (more.length > 0 || word === '') return each(value, resolve);
    switch (word) {
      case 'Ref':
        return inner === 'AWS::NoValue' ? undefined : (referred(String(inner)) ?? value);
      case 'Condition':
        return typeof inner === 'string' ? conditionOf(inner) : each(value, resolve);
      case 'Fn::GetAtt':
        return attribute(inner) ?? value;
      case 'Fn::Sub':
        return typeof inner === 'string'
          ? inner.replace(/\$\{([\w:.]+)\}/g, (text, id: string) =>
              String((id.includes('.') ? attribute(id) : referred(id)) ?? text),
            )
          : value;
      case 'Fn::Join': {
        const [by, parts] = listOf(inner);
        const texts = listOf(resolve(parts));
        return texts.every((one) => typeof one === 'string') ? texts.join(String(by)) : value;
      }
      case 'Fn::If': {
        const [condition, yes, no] = listOf(inner);
        return resolve(conditionOf(condition) === true ? yes : no);
      }
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

/** Without what is `AWS::NoValue`. */
function each(value: Params, resolve: Resolve): Params {
  const entries = Object.entries(value).map(([key, one]) => [key, resolve(one)] as const);
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function sectionOf(template: Params, name: string): Params {
  return objects(template[name])[0] ?? {};
}
