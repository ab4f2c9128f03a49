import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { NAME_TAG, OWNER_TAG } from '../../controllers/kinds/kind.ts';
import { MAIN, MEMBER } from './factories.ts';
import { TableInMemory, type TableInput } from './table-in-memory.ts';

/**
 * As much of AWS as a healthy run calls, over HTTP and without an emulator's time or memory: a function in a process of its own talks to
 * it as to AWS. The accounts have what their baseline says, so that a run finds no difference, except for parameters that it is told to make.
 */

/** A parameter that each region of each account has. */
export interface FakeParameter {
  readonly name: string;
  readonly value: string;
}

/** A role that each account has, with its trust policy and its inline policies. */
export interface FakeRole {
  readonly name: string;
  readonly key: string;
  readonly trust: object;
  readonly policies: Readonly<Record<string, object>>;
}

/** What the accounts have. */
export interface World {
  readonly parameters: readonly FakeParameter[];
  readonly roles: readonly FakeRole[];
}

/** The server, and what it was asked. */
export interface FakeAws {
  readonly endpoint: string;
  readonly table: TableInMemory;
  /** The calls in their order: `ssm:GetParameters` … */
  readonly calls: string[];
  /** From now on each region of each account has only the parameters that are made there. */
  emptyParameters(): void;
  stop(): Promise<void>;
}

/** What a caller sends. */
interface Call {
  readonly service: string;
  readonly operation: string;
  readonly region: string;
  readonly account: string;
  // biome-ignore lint/suspicious/noExplicitAny: of any operation
  readonly input: any;
}

/** Starts the server. */
export async function fakeAws(world: World): Promise<FakeAws> {
  const table = new TableInMemory();
  const calls: string[] = [];
  let made: Set<string> | undefined;
  const server = createServer(async (request, response) => {
    const call = callOf(request, await textOf(request));
    calls.push(`${call.service}:${call.operation}`);
    const { status = 200, body } = answer(call, here(call, world, made), table);
    const type = body.startsWith('<') ? 'text/xml' : 'application/x-amz-json-1.0';
    response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': 'request' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    table,
    calls,
    emptyParameters() {
      made = new Set();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The world as it is in a region of an account. */
function here(
  { service, operation, account, region, input }: Call,
  world: World,
  made: Set<string> | undefined,
): World {
  if (!made) return world;
  const key = (name: string) => `${account} ${region} ${name}`;
  if (`${service}:${operation}` === 'ssm:PutParameter') made.add(key(input.Name));
  return { ...world, parameters: world.parameters.filter(({ name }) => made.has(key(name))) };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function callOf({ headers, method }: IncomingMessage, text: string): Call {
  const [, key = '', region = '', service = ''] =
    /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const at = { service, region, account: key.replace(/^ASIA/, '') };
  const target = headers['x-amz-target'];
  if (typeof target === 'string')
    return { ...at, operation: target.split('.').at(-1) ?? '', input: JSON.parse(text) };
  if (service === 's3') return { ...at, operation: method ?? '', input: text };
  const input = Object.fromEntries(new URLSearchParams(text));
  return { ...at, operation: input.Action ?? '', input };
}

interface Answer {
  readonly status?: number;
  readonly body: string;
}

function answer(call: Call, world: World, table: TableInMemory): Answer {
  switch (call.service) {
    case 'dynamodb':
      return ofTable(call, table);
    case 'sts':
      return { body: assumedRole(call.input) };
    case 'iam':
      return ofIam(call, world);
    default:
      return { body: JSON.stringify(ofOthers(call, world)) };
  }
}

function ofTable({ operation, input }: Call, table: TableInMemory): Answer {
  const command = `${operation.replace(/(Get|Write)Items?$/, '$1').replace(/Item$/, '')}Command`;
  try {
    return { body: JSON.stringify(marshalled(table.answer(command, unmarshalled(input) as TableInput))) };
  } catch (error) {
    const { name, message, CancellationReasons } = error as Error & { CancellationReasons?: unknown };
    const type = `com.amazonaws.dynamodb.v20120810#${name}`;
    return { status: 400, body: JSON.stringify({ __type: type, message, CancellationReasons }) };
  }
}

/** The fields of DynamoDB that hold items or values, in whatever depth of an input or answer. */
const HOLDERS = new Set([
  'Item',
  'Key',
  'Attributes',
  'ExpressionAttributeValues',
  'ExclusiveStartKey',
  'LastEvaluatedKey',
]);

function unmarshalled(value: unknown, name = ''): unknown {
  if (HOLDERS.has(name)) return unmarshall(value as never);
  return eachOf(value, name, unmarshalled, (item) => unmarshall(item as never));
}

function marshalled(value: unknown, name = ''): unknown {
  if (HOLDERS.has(name)) return value && stored(value as object);
  return eachOf(value, name, marshalled, (item) => stored(item as object));
}

function stored(item: object): unknown {
  return marshall(item, { removeUndefinedValues: true });
}

function eachOf(
  value: unknown,
  name: string,
  more: (value: unknown, name: string) => unknown,
  item: (value: unknown) => unknown,
): unknown {
  if (Array.isArray(value))
    return value.map((one) => (name === 'Keys' || name === 'Items' ? item(one) : more(one, '')));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      // The items that BatchGetItem answers, by the name of their table.
      if (name === 'Responses') return [key, (one as unknown[]).map(item)];
      return [key, more(one, key)];
    }),
  );
}

/** Credentials that name the account: the server has no memory of its sessions. */
function assumedRole({ RoleArn = '' }: { RoleArn?: string }): string {
  const account = RoleArn.split(':')[4];
  return `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA${account}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
}

function ofIam({ operation, input, account }: Call, { roles }: World): Answer {
  switch (operation) {
    case 'GetRole': {
      const role = roles.find(({ name }) => name === input.RoleName);
      if (!role)
        return {
          status: 404,
          body: '<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>There is none.</Message></Error></ErrorResponse>',
        };
      return { body: inXml('GetRole', `<Role>${roleXml(role, account)}</Role>`) };
    }
    case 'GetAccountAuthorizationDetails': {
      const list = roles.map((role) => {
        const policies = Object.entries(role.policies).map(
          ([name, policy]) =>
            `<member><PolicyName>${name}</PolicyName><PolicyDocument>${document(policy)}</PolicyDocument></member>`,
        );
        return `<member>${roleXml(role, account)}<RolePolicyList>${policies.join('')}</RolePolicyList><AttachedManagedPolicies/></member>`;
      });
      return {
        body: inXml(
          operation,
          `<IsTruncated>false</IsTruncated><RoleDetailList>${list.join('')}</RoleDetailList>`,
        ),
      };
    }
    default:
      throw new Error(`nobody expected iam:${operation}`);
  }
}

function inXml(operation: string, result: string): string {
  return `<${operation}Response><${operation}Result>${result}</${operation}Result></${operation}Response>`;
}

function roleXml({ name, key, trust }: FakeRole, account: string): string {
  const tags = { [OWNER_TAG]: MAIN, [NAME_TAG]: `roles.${key}` };
  const inXml = Object.entries(tags).map(
    ([key, value]) => `<member><Key>${key}</Key><Value>${value}</Value></member>`,
  );
  return `<RoleName>${name}</RoleName><Path>/</Path><Arn>arn:aws:iam::${account}:role/${name}</Arn><AssumeRolePolicyDocument>${document(trust)}</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration><Tags>${inXml.join('')}</Tags>`;
}

function document(policy: object): string {
  return encodeURIComponent(JSON.stringify(policy));
}

/** The tags of a page. */
const TAGS_PER_PAGE = 100;

function ofOthers({ service, operation, input, region, account }: Call, { parameters }: World): unknown {
  const arn = (name: string) => `arn:aws:ssm:${region}:${account}:parameter${name}`;
  const named = (names: readonly string[]) => parameters.filter(({ name }) => names.includes(name));
  switch (`${service}:${operation}`) {
    case 'ssm:GetParameters':
      return {
        Parameters: named(input.Names).map(({ name, value }) => ({
          ...{ Name: name, Value: value, Type: 'String', ARN: arn(name) },
        })),
      };
    case 'ssm:DescribeParameters':
      return {
        Parameters: named(input.ParameterFilters[0].Values).map(({ name }) => ({
          ...{ Name: name, Type: 'String', Tier: 'Standard', Description: 'Of the bench' },
        })),
      };
    case 'ssm:PutParameter':
      return { Version: 1, Tier: 'Standard' };
    case 'tagging:GetResources': {
      const start = Number(input.PaginationToken ?? 0);
      const end = start + TAGS_PER_PAGE;
      return {
        ResourceTagMappingList: parameters.slice(start, end).map(({ name }) => ({
          ResourceARN: arn(name),
          Tags: [
            { Key: OWNER_TAG, Value: MAIN },
            { Key: NAME_TAG, Value: name },
          ],
        })),
        PaginationToken: end < parameters.length ? String(end) : '',
      };
    }
    case 'sqs:SendMessage':
      return { MessageId: 'message', MD5OfMessageBody: md5(input.MessageBody) };
    case 'sqs:SendMessageBatch':
      return {
        Successful: input.Entries.map(({ Id, MessageBody }: Record<string, string>) => ({
          ...{ Id, MessageId: Id, MD5OfMessageBody: md5(MessageBody ?? '') },
        })),
        Failed: [],
      };
    case 'sqs:DeleteMessageBatch':
    case 'sqs:ChangeMessageVisibilityBatch':
      return { Successful: input.Entries.map(({ Id }: Record<string, string>) => ({ Id })), Failed: [] };
    case 'sqs:ChangeMessageVisibility':
    case 's3:PUT':
      return {};
    case 'events:PutEvents':
      return { FailedEntryCount: 0, Entries: input.Entries.map(() => ({ EventId: 'event' })) };
    case 'organizations:DescribeAccount':
      return {
        Account: {
          ...{
            Id: MEMBER,
            Name: 'genomics',
            Email: 'genomics@example.com',
            State: 'ACTIVE',
            Status: 'ACTIVE',
          },
          ...{ JoinedMethod: 'CREATED', JoinedTimestamp: 1_767_225_600 },
        },
      };
    default:
      throw new Error(`nobody expected ${service}:${operation}`);
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
