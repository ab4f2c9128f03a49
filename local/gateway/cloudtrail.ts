import type { Operation } from './authorization/operations.ts';
import { isObject, parseObject, type Reply } from './wire.ts';
import { readXml } from './xml.ts';

type Fields = Record<string, unknown>;

/** Actions of EC2 whose parameters CloudTrail writes unchanged below one element; those of other actions are rewritten. */
const EC2_WRITTEN_WHOLE = /VpcEndpoint|FlowLogs|NatGateway|LaunchTemplate|TransitGateway|ManagedPrefixList/;

/** Sets of EC2 whose name differs from that of their items. */
const EC2_SETS: Readonly<Record<string, string>> = {
  InstanceId: 'instancesSet',
  ResourceId: 'resourcesSet',
  SecurityGroupId: 'groupSet',
};

/** Parameters that CloudTrail replaces by a fixed text, by service and action. */
const HIDDEN: Readonly<Record<string, readonly [names: readonly string[], instead: string]>> = {
  'ssm PutParameter': [['value'], 'HIDDEN_DUE_TO_SECURITY_REASONS'],
  'organizations CreateAccount': [['email', 'accountName'], '****'],
  'organizations CreateGovCloudAccount': [['email', 'accountName'], '****'],
};

/** Parameters and answers that CloudTrail leaves out. */
const SECRETS = ['SecretAccessKey', 'SessionToken', 'Password', 'NewPassword', 'OldPassword'];

/** Writes of Lambda whose name in CloudTrail has a version of the operation, besides that of the API. */
const LAMBDA = /^(AddPermission|RemovePermission|UpdateFunctionCode|UpdateFunctionConfiguration)$/;

/** The name of an operation as CloudTrail writes it. Pure. */
export function eventName({ service, name }: Pick<Operation, 'service' | 'name'>): string {
  return service === 'lambda' ? `${name}20150331${LAMBDA.test(name) ? 'v2' : ''}` : name;
}

/**
 * The parameters of a request as CloudTrail writes them: names begin in lower case, and lists of EC2 are `…Set.items`. Numbers of a
 * query service stay text. The XML body of S3 is left out. Null if there are none. Pure.
 */
export function requestParameters({ service, name, params }: Operation): Fields | null {
  const { Action: _, Version: __, ...asked } = params;
  const [names, instead] = HIDDEN[`${service} ${name}`] ?? [[], ''];
  const written = service === 'ec2' ? ofEc2(name, asked) : lowered(asked);
  if (!isObject(written) || Object.keys(written).length === 0) return null;
  const shown = Object.entries(written).map(([key, value]) => [key, names.includes(key) ? instead : value]);
  return Object.fromEntries(shown);
}

/** The answer as CloudTrail writes it; null for an empty answer and for a failure. Pure. */
export function responseElements({ service, name }: Operation, reply: Reply): Fields | null {
  if (reply.status >= 400) return null;
  const json = parseObject(reply.body);
  if (json) return filled(lowered(json));
  const answer = rootOf(reply, `${name}Response`);
  if (service !== 'ec2') return filled(lowered(withoutMembers(answer[`${name}Result`])));
  if (EC2_WRITTEN_WHOLE.test(name)) return { [`${name}Response`]: withItems(answer) };
  const { return: _, ...rest } = answer;
  const elements = withItems(rest);
  // An operation without an answer of its own answers `true`.
  return Object.keys(rest).length > 1 ? filled(elements) : filled({ ...rest, _return: true });
}

/** Code and message of an error as CloudTrail writes them; empty for a success. Pure. */
export function errorOf(
  { service }: Pick<Operation, 'service'>,
  reply: Reply,
): { errorCode?: string; errorMessage?: string } {
  if (reply.status < 400) return {};
  const body = reply.body.toString('utf8');
  const said = parseObject(reply.body) ?? {};
  const xml = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1];
  const code =
    String(said.__type ?? said.code ?? xml('Code') ?? 'InternalFailure')
      .split('#')
      .at(-1) ?? '';
  const errorMessage = String(said.message ?? said.Message ?? xml('Message') ?? '');
  const side = reply.status < 500 || code === 'RequestLimitExceeded' ? 'Client' : 'Server';
  if (service === 'ec2') return { errorCode: `${side}.${code}`, errorMessage };
  if (code.startsWith('AccessDenied')) return { errorCode: 'AccessDenied', errorMessage };
  // IAM's own errors have the names of its API model.
  const modelled = service === 'iam' && code !== 'Throttling' && !code.endsWith('Exception');
  return { errorCode: modelled ? `${code}Exception` : code, errorMessage };
}

/** The root of an XML answer, without its attributes; empty if there is none. */
function rootOf(reply: Reply, name: string): Fields {
  const body = reply.body.toString('utf8');
  const root = body.trimStart().startsWith('<') ? readXml(body)[name] : undefined;
  return isObject(root)
    ? Object.fromEntries(Object.entries(root).filter(([key]) => !key.startsWith('@_')))
    : {};
}

function filled(value: unknown): Fields | null {
  return isObject(value) && Object.keys(value).length > 0 ? value : null;
}

/** Lists of an answer of the query protocol, as lists. */
function withoutMembers(value: unknown): unknown {
  if (!isObject(value)) return Array.isArray(value) ? value.map(withoutMembers) : truth(value);
  const { member, ...rest } = value;
  if (member !== undefined && Object.keys(rest).length === 0) {
    return [member].flat().map(withoutMembers);
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutMembers(one)]));
}

/** `<tagSet><item>…` as `tagSet: { items: […] }`. */
function withItems(value: unknown): unknown {
  if (!isObject(value)) return Array.isArray(value) ? value.map(withItems) : truth(value);
  if ('item' in value) return { items: [value.item].flat().map(withItems) };
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, /Set$/.test(name) && one === '' ? {} : withItems(one)]),
  );
}

function ofEc2(name: string, params: Fields): Fields {
  if (EC2_WRITTEN_WHOLE.test(name)) return { [`${name}Request`]: whole(params) };
  return ec2Fields(params);
}

function ec2Fields(fields: Fields, within = ''): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => ec2Entry(name, value, within)));
}

function ec2Entry(name: string, value: unknown, within: string): [string, unknown] {
  const low = lower(name);
  if (!Array.isArray(value)) return [low, isObject(value) ? ec2Fields(value) : truth(value)];
  const items = value.map((one) => (isObject(one) ? ec2Fields(one, name) : { [low]: truth(one) }));
  if (name === 'Tag' && within === 'TagSpecification') return ['tags', items];
  return [EC2_SETS[name] ?? (name.endsWith('s') ? low : `${low}Set`), { items }];
}

/** Parameters as the request has them: the items of a list with their numbers, a single item without the list. */
function whole(value: unknown): unknown {
  if (Array.isArray(value)) {
    const each = value.map((one, at) => {
      const written = whole(one);
      return isObject(written) ? { ...written, tag: at + 1 } : { tag: at + 1, content: written };
    });
    return each.length === 1 ? each[0] : each;
  }
  if (!isObject(value)) return truth(value);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, whole(one)]));
}

function lowered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowered);
  if (!isObject(value)) return truth(value);
  const shown = Object.entries(value).filter(([name]) => !SECRETS.includes(name));
  return Object.fromEntries(shown.map(([name, one]) => [lower(name), lowered(one)]));
}

/** Lower-cases only the first letter, as CloudTrail does: `VpcId` → `vpcId`, `ARN` → `aRN`. */
function lower(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function truth(value: unknown): unknown {
  return value === 'true' ? true : value === 'false' ? false : value;
}
