import type { ActionFacts, ResourceType } from '../../../shared/aws/service-authorization.ts';
import type { Asked } from './actions.ts';
import { type Params, texts } from './operations.ts';
import type { IamKind, Reader } from './reader.ts';

/** The gateway cannot work out what AWS decides before it answers a call: an error of the test run, never an allowance. */
export class UnknownAuthorization extends Error {}

/** Where a call is made. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** One resource of an action. */
export interface Resource {
  /** An ARN; `*` where the action has no resource. */
  readonly arn: string;
  /** Its type; none for `*`. */
  readonly type?: ResourceType;
}

/** Values for the variables of a type's ARN, or a whole ARN. */
type Name = Readonly<Record<string, string>> | string;
type Naming = (params: Params, at: Place, reader: Reader, action: string) => Name[] | Promise<Name[]>;

/**
 * How parameters name a resource, where they do not hold its ARN, a variable of the ARN under the variable's own name, or an
 * id that tells its type. By service and resource type, as the Service Authorization Reference has them.
 */
const NAMINGS: Readonly<Record<string, Naming>> = {
  'account:account': ({ AccountId }) => (AccountId === undefined ? [{}] : []),
  'account:accountInOrganization': async ({ AccountId }, { account }, reader) => {
    if (typeof AccountId !== 'string') return [];
    const { id, managementAccountId } = await organizationOf(account, reader);
    const OrganizationId = id.slice('o-'.length);
    return [{ ManagementAccountId: managementAccountId, OrganizationId, MemberAccountId: AccountId }];
  },
  // An existing stack has an id at the end, which a call by name does not say: AWS decides on the name and `*`.
  'cloudformation:stack': ({ StackName }) => texts(StackName).map((name) => ({ StackName: name, Id: '*' })),
  'cloudtrail:trail': ({ Name, TrailName }) => texts(Name, TrailName).map((name) => ({ TrailName: name })),
  'dynamodb:index': ({ TableName, IndexName }) =>
    texts(IndexName).map((name) => ({ TableName: String(TableName), IndexName: name })),
  'dynamodb:table': ({ TableName, IndexName }) =>
    IndexName === undefined ? texts(TableName).map((name) => ({ TableName: name })) : [],
  'events:event-bus': ({ Name, EventBusName, Rule }, _at, _reader, action) => {
    if (Rule !== undefined) return [];
    const [name] = texts(EventBusName, Name);
    if (name === undefined) return action === 'events:TagResource' ? [] : [{ EventBusName: 'default' }];
    return [{ EventBusName: name }];
  },
  'events:rule-on-custom-event-bus': (params) =>
    rulesOf(params).filter(({ EventBusName }) => EventBusName !== 'default'),
  'events:rule-on-default-event-bus': (params) =>
    rulesOf(params).filter(({ EventBusName }) => EventBusName === 'default'),
  'iam:instance-profile': (params, at, reader) =>
    withPath('instance-profile', 'InstanceProfileName', params, at, reader),
  'iam:policy': ({ PolicyName, Path = '/' }) =>
    texts(PolicyName).map((name) => ({ PolicyNameWithPath: `${Path}${name}`.slice(1) })),
  'iam:role': (params, at, reader) => withPath('role', 'RoleName', params, at, reader),
  'iam:user': (params, at, reader) => withPath('user', 'UserName', params, at, reader),
  'lambda:eventSourceMapping': ({ UUID }) => texts(UUID).map((id) => ({ UUID: id })),
  // A qualifier is a version or an alias of the function.
  'lambda:function': ({ FunctionName }) =>
    texts(FunctionName).map((name) => ({
      FunctionName: /^(?:.*:function:)?([^:]+)/.exec(name)?.[1] ?? name,
    })),
  's3:bucket': ({ Bucket }) => texts(Bucket).map((name) => ({ BucketName: name })),
  's3:object': ({ Bucket, Key }) =>
    texts(Key).map((name) => ({ BucketName: String(Bucket), ObjectName: name })),
  'scheduler:schedule': ({ Name, GroupName = 'default' }) =>
    texts(Name).map((name) => ({ GroupName: String(GroupName), ScheduleName: name })),
  'scheduler:schedule-group': ({ Name }) => texts(Name).map((name) => ({ GroupName: name })),
  'sqs:queue': ({ QueueUrl, QueueName, QueueOwnerAWSAccountId, TaskHandle }, { account }) => [
    ...texts(QueueUrl).map((url) => {
      const [owner = '', name = ''] = new URL(url).pathname.split('/').slice(-2);
      return { Account: owner, QueueName: name };
    }),
    ...texts(QueueName).map((name) => ({
      Account: texts(QueueOwnerAWSAccountId)[0] ?? account,
      QueueName: name,
    })),
    ...texts(TaskHandle).flatMap((handle) => {
      const { sourceArn } = JSON.parse(Buffer.from(handle, 'base64').toString('utf8'));
      return texts(sourceArn);
    }),
  ],
  'ssm:parameter': ({ Name, Names, Path, ResourceType, ResourceId }) =>
    texts(Name, Names, Path, ResourceType === 'Parameter' ? ResourceId : undefined).map((name) => ({
      // A version or a label may stand behind a colon.
      ParameterNameWithoutLeadingSlash: name.replace(/^\//, '').split(':')[0] ?? '',
    })),
};

/** What the beginning of an id says of its type. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html */
const EC2_IDS: Readonly<Record<string, string>> = {
  acl: 'network-acl',
  eigw: 'egress-only-internet-gateway',
  eni: 'network-interface',
  igw: 'internet-gateway',
  pcx: 'vpc-peering-connection',
  pl: 'prefix-list',
  rtb: 'route-table',
  sg: 'security-group',
  subnet: 'subnet',
  vgw: 'vpn-gateway',
  vpc: 'vpc',
  vpce: 'vpc-endpoint',
};

const ORGANIZATION_IDS: readonly (readonly [RegExp, string, string])[] = [
  [/^\d{12}$/, 'account', 'AccountId'],
  [/^ou-/, 'organizationalunit', 'OrganizationalUnitId'],
  [/^r-/, 'root', 'RootId'],
];

/** Services whose reference marks as required what another type can stand for: an index for its table, a unit for a root. */
const ALTERNATIVES = new Set(['dynamodb', 'organizations']);

/**
 * The resources that AWS decides the action on.
 * @throws UnknownAuthorization when the parameters name none, or not all that there must be
 */
export async function resourcesOf(
  { params }: Asked,
  facts: ActionFacts,
  at: Place,
  reader: Reader,
): Promise<readonly Resource[]> {
  if (facts.resourceTypes.length === 0) return [{ arn: '*' }];
  const [service = ''] = facts.name.split(':');
  const found: Resource[] = [];
  for (const type of facts.resourceTypes) {
    const arns = await arnsOf(type, params, facts.name, at, reader);
    if (arns.length === 0 && type.required && !ALTERNATIVES.has(service)) {
      throw new UnknownAuthorization(`${facts.name}: the call names no ${type.name}.`);
    }
    found.push(...arns.map((arn) => ({ arn, type })));
  }
  if (found.length > 0) return found;
  // Of a list that may be narrowed to one: all.
  if (/:(Describe|List)/.test(facts.name)) return [{ arn: '*' }];
  throw new UnknownAuthorization(`${facts.name}: the call names no resource that the gateway knows.`);
}

async function arnsOf(
  type: ResourceType,
  params: Params,
  action: string,
  at: Place,
  reader: Reader,
): Promise<string[]> {
  const [service = '', name = ''] = action.split(':');
  const whole = Object.values(params).flatMap((one) => texts(one).filter((text) => isArnOf(type, text)));
  if (whole.length > 0) return whole;
  const naming = NAMINGS[`${service}:${type.name}`];
  const names =
    service === 'ec2'
      ? await ec2Names(type, params, name, at, reader)
      : service === 'organizations'
        ? await organizationNames(type, params, at, reader)
        : ((await naming?.(params, at, reader, action)) ?? []);
  return names.map((one) => (typeof one === 'string' ? one : fill(type, one, at)));
}

/** Fills the type's ARN. @throws UnknownAuthorization when a variable has no value */
function fill({ name, arn }: ResourceType, values: Readonly<Record<string, string>>, at: Place): string {
  const all: Readonly<Record<string, string>> = {
    Partition: at.partition,
    Region: at.region,
    Account: at.account,
    ...values,
  };
  return arn.replace(/\$\{(\w+)\}/g, (_, variable: string) => {
    const value = all[variable];
    if (value === undefined) throw new UnknownAuthorization(`The ARN of a ${name} needs its ${variable}.`);
    return value;
  });
}

const patterns = new Map<string, RegExp>();

function isArnOf({ arn }: ResourceType, text: string): boolean {
  if (!text.startsWith('arn:')) return false;
  const pattern =
    patterns.get(arn) ??
    new RegExp(
      `^${arn
        .split(/\$\{\w+\}/)
        .map(literal)
        .join('[^:]*')}$`,
    );
  patterns.set(arn, pattern);
  return pattern.test(text);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** By the ids among the parameters; of what is made, any. A peer's VPC is decided in the account that accepts. */
async function ec2Names(
  type: ResourceType,
  params: Params,
  action: string,
  at: Place,
  reader: Reader,
): Promise<Name[]> {
  const variable = /\$\{(\w+)\}$/.exec(type.arn)?.[1] ?? '';
  const ids = Object.entries(params).flatMap(([name, value]) => (/^Peer/.test(name) ? [] : texts(value)));
  for (const id of ids.filter((one) => one.startsWith('rtbassoc-'))) {
    const joined = await reader.association(at.account, at.region, id);
    if (joined) ids.push(joined.routeTableId, ...texts(joined.subnetId));
  }
  const named = ids.filter((id) => EC2_IDS[/^([a-z]+)-[0-9a-f]+$/.exec(id)?.[1] ?? ''] === type.name);
  const isMade =
    params.Made === type.name || action.toLowerCase() === `create${type.name.replaceAll('-', '')}`;
  if (named.length === 0 && isMade) named.push('*');
  return named.map((id) => ({ [variable]: id }));
}

/** By the ids among the parameters. What Organizations makes has its id later. */
async function organizationNames(
  type: ResourceType,
  params: Params,
  at: Place,
  reader: Reader,
): Promise<Name[]> {
  if (type.name === 'policy') {
    return Promise.all(texts(params.PolicyId).map((id) => reader.organizationPolicy(at.account, id)));
  }
  const [, , variable = ''] = ORGANIZATION_IDS.find(([, name]) => name === type.name) ?? [];
  const ids = Object.values(params).flatMap((value) =>
    texts(value).filter((id) => ORGANIZATION_IDS.find(([form]) => form.test(id))?.[1] === type.name),
  );
  if (params.Made === type.name) ids.push('*');
  if (ids.length === 0) return [];
  const { id: organization, managementAccountId } = await organizationOf(at.account, reader);
  return ids.map((id) => ({
    Account: managementAccountId,
    OrganizationId: organization.slice('o-'.length),
    [variable]: id.replace(/^(ou|r)-/, ''),
  }));
}

async function organizationOf(account: string, reader: Reader) {
  const found = await reader.organization(account);
  if (!found) throw new UnknownAuthorization(`Account ${account} is in no organization.`);
  return found;
}

/** Rules by name, or those of one rule's targets. */
function rulesOf({ Name, Rule, EventBusName = 'default' }: Params): Record<string, string>[] {
  // A bus may be named by its ARN.
  const bus = String(EventBusName).replace(/^arn:.*:event-bus\//, '');
  return texts(Name, Rule).map((name) => ({ EventBusName: bus, RuleName: name }));
}

/** A call names these without their path. What is not there yet, or not any more, has the path of the call, or none. */
async function withPath(
  kind: IamKind,
  parameter: string,
  params: Params,
  { account }: Place,
  reader: Reader,
): Promise<Name[]> {
  const found = texts(params[parameter]).map(async (name): Promise<Name> => {
    if (params.Path === undefined) {
      const held = await reader.named(kind, account, name);
      if (held) return held.arn;
    }
    const whole = `${params.Path ?? '/'}${name}`.slice(1);
    return { RoleNameWithPath: whole, UserNameWithPath: whole, InstanceProfileNameWithPath: whole };
  });
  return Promise.all(found);
}
