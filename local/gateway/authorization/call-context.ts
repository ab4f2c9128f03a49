import type { ActionFacts, ResourceType } from '../../../shared/aws/service-authorization.ts';
import { isObject } from '../wire.ts';
import type { Asked } from './needed-actions.ts';
import { objects, type Params, texts } from './operations.ts';
import type { ResourceReader } from './reader.ts';
import type { AskedResource, CallPlace } from './resources.ts';

/** Condition keys of a request, with their values. */
export type CallContext = Readonly<Record<string, string | readonly string[]>>;

type Values = Record<string, string | readonly string[] | undefined>;

/** Keys of services, by service, or by action where one parameter means different things. */
const KEYS: Readonly<Record<string, (params: Params, at: CallPlace) => Values>> = {
  account: ({ RegionName }) => ({ 'account:TargetRegion': one(RegionName) }),
  cloudformation: ({ RoleARN, TemplateURL }) => ({
    'cloudformation:RoleArn': one(RoleARN),
    'cloudformation:TemplateUrl': one(TemplateURL),
  }),
  dynamodb: ({ EnclosingOperation, Select }) => ({
    'dynamodb:EnclosingOperation': one(EnclosingOperation),
    'dynamodb:Select': one(Select),
  }),
  ec2: ({ CreateAction, VpcId }, { partition, region, account }) => ({
    'ec2:Region': region,
    'ec2:CreateAction': one(CreateAction),
    'ec2:Vpc': texts(VpcId).map((id) => `arn:${partition}:ec2:${region}:${account}:vpc/${id}`)[0],
  }),
  events: ({ Source, DetailType, Targets }) => ({
    'events:source': one(Source),
    'events:detail-type': one(DetailType),
    'events:TargetArn': all(objects(Targets).map(({ Arn }) => Arn)),
  }),
  iam: ({ PassedToService, AWSServiceName, PolicyArn }) => ({
    'iam:PassedToService': one(PassedToService),
    'iam:AWSServiceName': one(AWSServiceName),
    'iam:PolicyARN': one(PolicyArn),
  }),
  lambda: ({ Principal, FunctionUrlAuthType }) => ({
    'lambda:Principal': one(Principal),
    'lambda:FunctionUrlAuthType': one(FunctionUrlAuthType),
  }),
  s3: ({ Prefix, Delimiter, MaxKeys }) => ({
    's3:prefix': one(Prefix),
    's3:delimiter': one(Delimiter),
    's3:max-keys': one(MaxKeys),
  }),
  ssm: ({ Overwrite, Recursive }) => ({
    'ssm:Overwrite': one(Overwrite ?? false),
    'ssm:Recursive': one(Recursive ?? false),
  }),
  sts: ({ ExternalId, RoleSessionName, SourceIdentity, TransitiveTagKeys }) => ({
    'sts:ExternalId': one(ExternalId),
    'sts:RoleSessionName': one(RoleSessionName),
    'sts:SourceIdentity': one(SourceIdentity),
    'sts:TransitiveTagKeys': all([TransitiveTagKeys]),
  }),
};

/** Keys that hold the id of an EC2 resource of this type. */
const EC2_ID_KEYS: Readonly<Record<string, string>> = {
  'internet-gateway': 'ec2:InternetGatewayID',
  'network-interface': 'ec2:NetworkInterfaceID',
  'route-table': 'ec2:RouteTableID',
  'security-group': 'ec2:SecurityGroupID',
  subnet: 'ec2:SubnetID',
  vpc: 'ec2:VpcID',
};

/**
 * The keys of what the request names. Of a service's keys only those that the reference has for the action and the resource; the
 * keys of each request are in `request-keys.ts`, those of whoever asks in `authorizer.ts`.
 */
export async function callContext(
  { params }: Asked,
  facts: ActionFacts,
  { arn, type }: AskedResource,
  at: CallPlace,
  reader: ResourceReader,
): Promise<CallContext> {
  const [service = ''] = facts.name.split(':');
  const tags = tagsOf(params, type?.name);
  const id = arn.split('/').at(-1);
  const values: Values = {
    ...KEYS[service]?.(params, at),
    ...(service === 'ec2' && type && id !== '*' && { [EC2_ID_KEYS[type.name] ?? '']: id }),
    ...(service === 'iam' && { 'iam:PermissionsBoundary': await boundaryOf(params, facts, at, reader) }),
    'aws:TagKeys': all(tags.map(({ key }) => key)),
    ...Object.fromEntries(tags.map(({ key, value }) => [`aws:RequestTag/${key}`, value])),
  };
  const keys = supportedKeys(facts, type);
  const of = (key: string) => keys.some((one) => (one.endsWith('/') ? key.startsWith(one) : key === one));
  const context: Record<string, string | readonly string[]> = {};
  for (const [key, value] of Object.entries(values)) if (value !== undefined && of(key)) context[key] = value;
  return context;
}

const supported = new WeakMap<object, string[]>();

/** Keys as the reference has them; of those that end with a name of one's own, the beginning: `aws:RequestTag/`. */
export function supportedKeys({ keys }: ActionFacts, type?: ResourceType): string[] {
  const known = supported.get(type ?? keys);
  if (known) return known;
  const read = [...keys, ...(type?.keys ?? [])].map((key) => key.replace(/[$<].*$/, ''));
  supported.set(type ?? keys, read);
  return read;
}

/** The boundary that the call puts, or else the one that the role or user has. */
async function boundaryOf(
  { PermissionsBoundary, RoleName, UserName }: Params,
  { name, keys }: ActionFacts,
  { account }: CallPlace,
  reader: ResourceReader,
): Promise<string | undefined> {
  if (!keys.includes('iam:PermissionsBoundary')) return undefined;
  if (PermissionsBoundary !== undefined || name.startsWith('iam:Create')) return one(PermissionsBoundary);
  const [role] = texts(RoleName);
  const [user] = texts(UserName);
  if (role) return (await reader.named('role', account, role))?.boundaryArn;
  return user && (await reader.named('user', account, user))?.boundaryArn;
}

/** Tags that the call adds, or keys of tags that it removes, as the services write them. */
function tagsOf(params: Params, type: string | undefined): { key: string; value?: string | undefined }[] {
  const { Tags, tags, Tag, TagsList, TagKeys, TagSpecification } = params;
  const ofType = objects(TagSpecification).filter(({ ResourceType }) => ResourceType === type);
  const pairs = objects(list(Tags), list(Tag), list(TagsList), ...ofType.map((each) => list(each.Tag)));
  const maps = [Tags, tags].filter((each) => isObject(each)).flatMap((each) => Object.entries(each));
  return [
    ...pairs.map(({ Key, Value }) => ({ key: String(Key), value: one(Value) })),
    ...maps.map(([key, value]) => ({ key, value: one(value) })),
    ...texts(TagKeys).map((key) => ({ key })),
  ];
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A value as a condition compares it: text. */
function one(value: unknown): string | undefined {
  return typeof value === 'boolean' || typeof value === 'number' ? String(value) : texts(value)[0];
}

function all(values: readonly unknown[]): string[] | undefined {
  const given = texts(...values);
  return given.length > 0 ? given : undefined;
}
