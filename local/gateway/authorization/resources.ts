import type { ActionFacts, ResourceType } from '../../../shared/aws/service-authorization.ts';
import type { Asked } from './needed-actions.ts';
import { type Params, texts } from './operations.ts';
import type { IamKind, ResourceReader } from './reader.ts';
import { UnknownAuthorization } from './unknown.ts';

/** The account and region of a call. */
export interface CallPlace {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** One resource of an action. */
export interface AskedResource {
  /** An ARN; `*` where the action has no resource. */
  readonly arn: string;
  /** Its type; none for `*`. */
  readonly type?: ResourceType;
}

/** Values for the variables of a type's ARN, or a whole ARN. */
type Name = Readonly<Record<string, string>> | string;
type Naming = (params: Params, asked: Wanted, reader: ResourceReader) => Name[] | Promise<Name[]>;

interface Wanted extends CallPlace {
  readonly action: string;
}

/**
 * How parameters name a resource, where they hold neither its ARN nor an id that tells its type. By service and resource type, as
 * the Service Authorization Reference has them.
 */
const NAMINGS: Readonly<Record<string, Naming>> = {
  'account:account': ({ AccountId }) => (AccountId === undefined ? [{}] : []),
  'account:accountInOrganization': async ({ AccountId }, { account }, reader) => {
    if (typeof AccountId !== 'string') return [];
    const { Account, OrganizationId } = await organizationOf(account, reader);
    return [{ ManagementAccountId: Account, OrganizationId, MemberAccountId: AccountId }];
  },
  // An existing stack has an id at the end, which a call by name does not say: AWS decides on the name and `*`.
  'cloudformation:stack': ({ StackName }) => texts(StackName).map((name) => ({ StackName: name, Id: '*' })),
  'cloudtrail:trail': ({ Name, TrailName }) => texts(Name, TrailName).map((name) => ({ TrailName: name })),
  'cloudwatch:alarm': ({ AlarmName, AlarmNames }) =>
    texts(AlarmName, AlarmNames).map((name) => ({ AlarmName: name })),
  'cloudwatch:dashboard': ({ DashboardName, DashboardNames }) =>
    texts(DashboardName, DashboardNames).map((name) => ({ DashboardName: name })),
  'dynamodb:index': ({ TableName, IndexName }) =>
    texts(IndexName).map((name) => ({
      TableName: String(TableName).replace(/^arn:.*:table\//, ''),
      IndexName: name,
    })),
  'dynamodb:table': ({ TableName, IndexName }) =>
    IndexName === undefined ? texts(TableName).map((name) => ({ TableName: name })) : [],
  'elasticmapreduce:cluster': ({ ClusterId, ResourceId, JobFlowIds, Made }) =>
    texts(ClusterId, ResourceId, JobFlowIds, Made && '*').map((id) => ({ ClusterId: id })),
  'events:event-bus': ({ Name, EventBusName, Rule }, { action }) => {
    if (Rule !== undefined) return [];
    const [name] = texts(EventBusName, Name);
    if (name === undefined) return /(EventBus|PutEvents)$/.test(action) ? [{ EventBusName: 'default' }] : [];
    return [{ EventBusName: name }];
  },
  'events:rule-on-custom-event-bus': (params) =>
    rulesOf(params).filter(({ EventBusName }) => EventBusName !== 'default'),
  'events:rule-on-default-event-bus': (params) =>
    rulesOf(params).filter(({ EventBusName }) => EventBusName === 'default'),
  'iam:group': ({ GroupName, Path = '/' }) =>
    texts(GroupName).map((name) => ({ GroupNameWithPath: `${Path}${name}`.slice(1) })),
  'iam:instance-profile': ({ InstanceProfileName, Path }, asked, reader) =>
    withPath('instance-profile', InstanceProfileName, Path, asked, reader),
  'iam:policy': ({ PolicyName, Path = '/' }) =>
    texts(PolicyName).map((name) => ({ PolicyNameWithPath: `${Path}${name}`.slice(1) })),
  'iam:role': ({ RoleName, Path }, asked, reader) => withPath('role', RoleName, Path, asked, reader),
  'iam:user': ({ UserName, Path }, asked, reader) => withPath('user', UserName, Path, asked, reader),
  'kms:alias': ({ AliasName }) => texts(AliasName).map((name) => ({ Alias: name.replace(/^alias\//, '') })),
  'kms:key': ({ KeyId, TargetKeyId }) =>
    texts(KeyId, TargetKeyId).flatMap((id) => (/^(arn:|alias\/)/.test(id) ? [] : [{ KeyId: id }])),
  'lambda:eventSourceMapping': ({ UUID }) => texts(UUID).map((id) => ({ UUID: id })),
  // A qualifier is a version or an alias of the function.
  'lambda:function': ({ FunctionName }) =>
    texts(FunctionName).map((name) => ({
      FunctionName: /^(?:.*:function:)?([^:]+)/.exec(name)?.[1] ?? name,
    })),
  'logs:log-group': ({ LogGroupName, logGroupName }) =>
    texts(LogGroupName, logGroupName).map((name) => ({ LogGroupName: name })),
  'organizations:policy': async ({ PolicyId, Type }, { account, action }, reader) => {
    if (!action.endsWith(':CreatePolicy')) {
      return Promise.all(texts(PolicyId).map((id) => reader.organizationPolicy(account, id)));
    }
    return [
      { ...(await organizationOf(account, reader)), PolicyType: String(Type).toLowerCase(), PolicyId: '*' },
    ];
  },
  's3:bucket': ({ Bucket }) => texts(Bucket).map((name) => ({ BucketName: name })),
  's3:object': ({ Bucket, Key }) =>
    texts(Key).map((name) => ({ BucketName: String(Bucket), ObjectName: name })),
  'scheduler:schedule': ({ Name, GroupName = 'default' }) =>
    texts(Name).map((name) => ({ GroupName: String(GroupName), ScheduleName: name })),
  'scheduler:schedule-group': ({ Name }) => texts(Name).map((name) => ({ GroupName: name })),
  'sns:topic': ({ Name }) => texts(Name).map((name) => ({ TopicName: name })),
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

/** The same of Organizations, with what the ARN has before the id. */
const ORGANIZATION_IDS: readonly (readonly [form: RegExp, type: string])[] = [
  [/^()\d{12}$/, 'account'],
  [/^(ou-)/, 'organizationalunit'],
  [/^(r-)/, 'root'],
];

/** A resource that a parameter names by an id: its type, the last variable of its ARN, and others. */
type Identified = readonly [type: string, id: string, others?: Readonly<Record<string, string>>];

/** Services whose ids tell the type, whatever parameter they are in. */
const BY_ID: Readonly<
  Record<string, (params: Params, wanted: Wanted, reader: ResourceReader) => Promise<Identified[]>>
> = {
  ec2: ec2Ids,
  organizations: organizationIds,
};

/** Services whose reference marks as required what another type can stand for: an index for its table, a unit for a root. */
const ALTERNATIVES = new Set(['dynamodb', 'organizations']);

/**
 * The resources on which AWS checks the action.
 * @throws UnknownAuthorization when the parameters name none, or not all that there must be
 */
export async function askedResources(
  { params }: Asked,
  facts: ActionFacts,
  at: CallPlace,
  reader: ResourceReader,
): Promise<readonly AskedResource[]> {
  if (facts.resourceTypes.length === 0) return [{ arn: '*' }];
  const [service = ''] = facts.name.split(':');
  const wanted = { ...at, action: facts.name };
  const given = texts(...Object.values(params).flat()).filter((one) => one.startsWith('arn:'));
  const byId = (await BY_ID[service]?.(params, wanted, reader)) ?? [];
  const found = new Map<string, ResourceType>();
  for (const type of facts.resourceTypes) {
    const arns = given.filter((one) => isArnOf(type, one));
    const naming = arns.length > 0 ? undefined : NAMINGS[`${service}:${type.name}`];
    const names = [
      ...arns,
      ...byId
        .filter(([name]) => name === type.name)
        .map(([, id, others]) => ({ ...others, [variableOf(type)]: id })),
      ...((await naming?.(params, wanted, reader)) ?? []),
    ];
    if (names.length === 0 && isMade(type, params, facts.name)) names.push({ [variableOf(type)]: '*' });
    if (names.length === 0 && type.required && !ALTERNATIVES.has(service)) {
      throw new UnknownAuthorization(`${facts.name}: the call names no ${type.name}.`);
    }
    for (const name of names) {
      const arn = typeof name === 'string' ? name : fill(type, name, at);
      if (!found.has(arn)) found.set(arn, type);
    }
  }
  if (found.size > 0) return [...found].map(([arn, type]) => ({ arn, type }));
  // Of a list that may be narrowed to one: all.
  const isList = /:(Describe|List)/.test(facts.name) && facts.resourceTypes.every((one) => !one.required);
  if (isList) return [{ arn: '*' }];
  throw new UnknownAuthorization(`${facts.name}: the call names no resource that the gateway knows.`);
}

/** Fills the type's ARN. @throws UnknownAuthorization when a variable has no value */
function fill({ name, arn }: ResourceType, values: Readonly<Record<string, string>>, at: CallPlace): string {
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

/** Whether an ARN, which may end with `*`, is one of the type. */
export function isArnOf({ arn }: ResourceType, text: string): boolean {
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

/** True if the call makes a resource of the type, which has no id yet. */
function isMade({ name, required }: ResourceType, { Made }: Params, action: string): boolean {
  return Made === name || (required && action.toLowerCase() === `ec2:create${name.replaceAll('-', '')}`);
}

/** The last variable of a type's ARN. */
function variableOf({ arn }: ResourceType): string {
  return /\$\{(\w+)\}$/.exec(arn)?.[1] ?? '';
}

/** Of a peering connection, the VPC of the one who asks. https://docs.aws.amazon.com/vpc/latest/peering/security-iam.html */
async function ec2Ids(
  params: Params,
  { account, region }: Wanted,
  reader: ResourceReader,
): Promise<Identified[]> {
  const ids = Object.entries(params).flatMap(([name, value]) => (/^Peer/.test(name) ? [] : texts(value)));
  for (const id of ids.filter((one) => one.startsWith('rtbassoc-'))) {
    const joined = await reader.association(account, region, id);
    if (joined) ids.push(joined.routeTableId, ...texts(joined.subnetId));
  }
  return ids.flatMap((id): Identified[] => {
    const type = EC2_IDS[/^([a-z]+)-[0-9a-f]+$/.exec(id)?.[1] ?? ''];
    return type ? [[type, id]] : [];
  });
}

async function organizationIds(
  params: Params,
  { account }: Wanted,
  reader: ResourceReader,
): Promise<Identified[]> {
  const made = texts(params.Made).map((type) => [type, '*'] as const);
  const named = texts(...Object.values(params).flat()).flatMap((id) => {
    const [form, type] = ORGANIZATION_IDS.find(([one]) => one.test(id)) ?? [];
    return form && type ? [[type, id.slice(form.exec(id)?.[1]?.length)] as const] : [];
  });
  if (made.length + named.length === 0) return [];
  const organization = await organizationOf(account, reader);
  return [...named, ...made].map(([type, id]) => [type, id, organization]);
}

/** Outside an organization its place is taken by a word: such a call is refused by Organizations itself. */
async function organizationOf(account: string, reader: ResourceReader) {
  const found = await reader.organization(account);
  return {
    Account: found?.managementAccountId ?? account,
    OrganizationId: found?.id.slice('o-'.length) ?? 'none',
  };
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
  names: unknown,
  path: unknown,
  { account, action }: Wanted,
  reader: ResourceReader,
): Promise<Name[]> {
  const found = texts(names).map(async (name): Promise<Name> => {
    if (path === undefined && !/^iam:Create(Role|User|InstanceProfile)$/.test(action)) {
      const held = await reader.named(kind, account, name);
      if (held) return held.arn;
    }
    const whole = `${path ?? '/'}${name}`.slice(1);
    return { RoleNameWithPath: whole, UserNameWithPath: whole, InstanceProfileNameWithPath: whole };
  });
  return Promise.all(found);
}
