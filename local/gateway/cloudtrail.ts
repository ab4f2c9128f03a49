import { isObject, parseObject, type Reply } from './wire.ts';
import { readXml } from './xml.ts';

type Fields = Record<string, unknown>;

/** An action of EC2 whose parameters CloudTrail writes as the request has them, below one element, where older ones are rewritten. */
const EC2_WRITTEN_WHOLE = /VpcEndpoint|FlowLogs|NatGateway|LaunchTemplate|TransitGateway|ManagedPrefixList/;

/** Parameters that CloudTrail does not show, by service and action, and what stands there instead. */
const HIDDEN: Readonly<Record<string, readonly [names: readonly string[], instead: string]>> = {
  'ssm PutParameter': [['value'], 'HIDDEN_DUE_TO_SECURITY_REASONS'],
  'organizations CreateAccount': [['email', 'accountName'], '****'],
  'organizations CreateGovCloudAccount': [['email', 'accountName'], '****'],
};

interface Asked {
  /** Signing name. */
  readonly service: string;
  readonly action: string;
  readonly params: Fields;
}

/**
 * The parameters of a request as CloudTrail writes them: names begin in lower case, lists of query services are lists, those of EC2
 * `…Set.items`. A number of a query service stays text. Null when there are none. Pure.
 */
export function requestParameters({ service, action, params }: Asked): Fields | null {
  const { Action: _, Version: __, ...asked } = params;
  const [names, instead] = HIDDEN[`${service} ${action}`] ?? [[], ''];
  const written = service === 'ec2' ? ofEc2(action, nested(asked)) : lowered(withoutMembers(nested(asked)));
  if (!isObject(written) || Object.keys(written).length === 0) return null;
  const shown = Object.entries(written).map(([name, value]) => [
    name,
    names.includes(name) ? instead : value,
  ]);
  return Object.fromEntries(shown);
}

/** What was answered, as CloudTrail writes it; null for nothing, and for what failed. Pure. */
export function responseElements({ service, action }: Asked, reply: Reply): Fields | null {
  if (reply.status >= 400) return null;
  const json = parseObject(reply.body);
  if (json) return filled(lowered(json));
  const answer = rootOf(reply, `${action}Response`);
  if (service !== 'ec2') return filled(lowered(withoutMembers(answer[`${action}Result`])));
  if (EC2_WRITTEN_WHOLE.test(action)) return { [`${action}Response`]: withItems(answer) };
  const { return: _, ...rest } = answer;
  const elements = withItems(rest);
  // What has nothing to answer answers true.
  return Object.keys(rest).length > 1 ? filled(elements) : filled({ ...rest, _return: true });
}

/** Code and message of an error, as CloudTrail writes them; empty for what succeeded. Pure. */
export function errorOf(
  { service }: Pick<Asked, 'service'>,
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
  const side = reply.status < 500 ? 'Client' : 'Server';
  if (service === 'ec2') return { errorCode: `${side}.${code}`, errorMessage };
  if (code.startsWith('AccessDenied')) return { errorCode: 'AccessDenied', errorMessage };
  // IAM's own errors go by the names of its model.
  const modelled = service === 'iam' && code !== 'Throttling' && !code.endsWith('Exception');
  return { errorCode: modelled ? `${code}Exception` : code, errorMessage };
}

/** The root of an XML answer, without its attributes; empty when there is none. */
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

/** `{ 'Tag.1.Key': 'a' }` → `{ Tag: { 1: { Key: 'a' } } }`. JSON has no such names, and stays as it is. */
function nested(params: Fields): Fields {
  const whole: Fields = {};
  for (const [name, value] of Object.entries(params)) {
    const path = name.split('.');
    let here = whole;
    for (const step of path.slice(0, -1)) {
      const known = here[step];
      const next: Fields = isObject(known) ? known : {};
      here[step] = next;
      here = next;
    }
    here[path.at(-1) ?? ''] = value;
  }
  return whole;
}

/** `{ 1: a, 2: b }` as a list; undefined when it is none. */
function numbered(value: unknown): unknown[] | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  return entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key))
    ? entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, one]) => one)
    : undefined;
}

/** Lists of the query protocol, in requests and answers, as lists. */
function withoutMembers(value: unknown): unknown {
  if (!isObject(value)) return Array.isArray(value) ? value.map(withoutMembers) : truth(value);
  const { member, ...rest } = value;
  if (member !== undefined && Object.keys(rest).length === 0) {
    return (numbered(member) ?? [member].flat()).map(withoutMembers);
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

function ofEc2(action: string, params: Fields): Fields {
  if (EC2_WRITTEN_WHOLE.test(action)) return { [`${action}Request`]: whole(params) };
  return Object.fromEntries(Object.entries(params).map(([name, value]) => ec2Entry(name, value)));
}

function ec2Entry(name: string, value: unknown, within = ''): [string, unknown] {
  const list = numbered(value);
  const low = lower(name);
  if (!list) {
    if (!isObject(value)) return [low, truth(value)];
    return [low, Object.fromEntries(Object.entries(value).map(([key, one]) => ec2Entry(key, one)))];
  }
  const items = list.map((one) =>
    isObject(one)
      ? Object.fromEntries(Object.entries(one).map(([key, inner]) => ec2Entry(key, inner, name)))
      : { [low]: truth(one) },
  );
  if (name === 'ResourceId') return ['resourcesSet', { items }];
  if (name === 'Tag' && within === 'TagSpecification') return ['tags', items];
  return [name.endsWith('s') ? low : `${low}Set`, { items }];
}

/** As the request has it: each of a list with its number, one alone without the list. */
function whole(value: unknown): unknown {
  const list = numbered(value);
  if (!list) {
    if (!isObject(value)) return truth(value);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, whole(one)]));
  }
  const each = list.map((one, at) => {
    const written = whole(one);
    return isObject(written) ? { ...written, tag: at + 1 } : { tag: at + 1, content: written };
  });
  return each.length === 1 ? each[0] : each;
}

function lowered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowered);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [lower(name), lowered(one)]));
}

/** `VpcId` → `vpcId`, `ARN` → `aRN`: as CloudTrail has it, the first letter alone. */
function lower(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function truth(value: unknown): unknown {
  return value === 'true' ? true : value === 'false' ? false : value;
}
