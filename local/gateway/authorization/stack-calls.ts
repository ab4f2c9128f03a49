import { isObject } from '../wire.ts';
import { type Operation, objects, type Params, texts } from './operations.ts';
import type { CallPlace } from './resources.ts';

/** What a value of a template is in this stack. */
type Resolve = (value: unknown) => unknown;

/**
 * The calls by which CloudFormation makes a resource, by type: those of the member template. Its handlers need more to read, update
 * and delete them. https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html#schema-properties-handlers
 */
const MADE_BY: Readonly<Record<string, (properties: Params) => readonly Operation[]>> = {
  'AWS::IAM::Role': ({ RoleName, Policies, ManagedPolicyArns, ...properties }) => [
    iam('CreateRole', { ...properties, RoleName }),
    ...objects(Policies).map(({ PolicyName }) => iam('PutRolePolicy', { RoleName, PolicyName })),
    ...texts(ManagedPolicyArns).map((PolicyArn) => iam('AttachRolePolicy', { RoleName, PolicyArn })),
    iam('GetRole', { RoleName }),
  ],
  'AWS::IAM::Policy': ({ PolicyName, Roles }) =>
    texts(Roles).map((RoleName) => iam('PutRolePolicy', { RoleName, PolicyName })),
  'AWS::EC2::VPC': ({ Tags }) => [
    ec2('CreateVpc', tagged('vpc', Tags)),
    ec2('DescribeVpcs', {}),
    ec2('ModifyVpcAttribute', { VpcId: SOME.VPC }),
  ],
  'AWS::EC2::Subnet': ({ Tags, VpcId, AvailabilityZone }) => [
    ...(JSON.stringify(AvailabilityZone ?? '').includes('Fn::GetAZs')
      ? [ec2('DescribeAvailabilityZones', {})]
      : []),
    ec2('CreateSubnet', { VpcId, ...tagged('subnet', Tags) }),
    ec2('DescribeSubnets', {}),
    ec2('ModifySubnetAttribute', { SubnetId: SOME.Subnet }),
  ],
};

/** In place of the ids that AWS gives. */
const SOME = { VPC: 'vpc-0', Subnet: 'subnet-0' } as const;

/** The calls that CloudFormation makes in the name of whoever creates a stack. None for a template that the call does not hold. Pure. */
export function stackCalls({ service, name, params }: Operation, at: CallPlace): readonly Operation[] {
  if (`${service}:${name}` !== 'cloudformation:CreateStack') return [];
  const template = jsonOf(params.TemplateBody);
  const resources = Object.entries(sectionOf(template, 'Resources'));
  const resolve = resolver(template, params, at);
  const paths = new Map<unknown, unknown>();
  const calls = resources.flatMap(([id, resource]) => {
    const { Type, Properties, Condition } = objects(resource)[0] ?? {};
    const holds = Condition === undefined || resolve({ Condition }) === true;
    const properties = resolve(Properties ?? {});
    if (!holds || !isObject(properties)) return [];
    if (Type !== 'AWS::IAM::Role') return MADE_BY[String(Type)]?.(properties) ?? [];
    const role = { ...properties, RoleName: resolve({ Ref: id }) };
    paths.set(role.RoleName, properties.Path ?? '/');
    return MADE_BY[Type]?.(role) ?? [];
  });
  // A role that is not there yet has the path of its template.
  const placed = ({ RoleName, ...more }: Params) =>
    paths.has(RoleName) ? { ...more, RoleName, Path: paths.get(RoleName) } : { ...more, RoleName };
  return calls.map((call) => (call.service === 'iam' ? { ...call, params: placed(call.params) } : call));
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
    if (Type === 'AWS::IAM::Role') return resolve(objects(Properties)[0]?.RoleName) ?? `${StackName}-${id}-*`;
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

function iam(name: string, params: Params): Operation {
  return { service: 'iam', name, params };
}

function ec2(name: string, params: Params): Operation {
  return { service: 'ec2', name, params };
}

function tagged(ResourceType: string, tags: unknown): Params {
  return Array.isArray(tags) && tags.length > 0 ? { TagSpecification: [{ ResourceType, Tag: tags }] } : {};
}
