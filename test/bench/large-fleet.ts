import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import type { Item } from '../kit/expressions.ts';
import { aConfig, aPass, aRecord, aStatus } from '../kit/factories.ts';

/** A fleet, by what makes it large. */
export interface FleetSize {
  readonly accounts: number;
  /** Accounts whose last run found differences. */
  readonly differing: number;
  /** Lines of history on each of the last thirty days. */
  readonly linesADay: number;
}

const DAY_MS = 86_400_000;
const DAYS = 30;

/** A value as DynamoDB sends it. */
function wire(value: unknown): object {
  if (value === null) return { NULL: true };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') return { N: String(value) };
  if (Array.isArray(value)) return { L: value.map(wire) };
  if (typeof value === 'object') return { M: wireItem(value as Item) };
  return { S: String(value) };
}

function wireItem(item: Item): object {
  const held = Object.entries(item).filter(([, value]) => value !== undefined);
  return Object.fromEntries(held.map(([name, value]) => [name, wire(value)]));
}

const idOf = (at: number) => String(100_000_000_000 + at);
const PLACE = /10{11}/g;

/** The collections of the index, and of each the text of an item; `LINE` as the time of a line of history. */
function textsOf(now: Date): Record<'record' | 'status' | 'key' | 'line', (at: number) => string> {
  const id = idOf(0);
  const difference = {
    kind: 'network',
    resource: 'subnet public',
    path: 'tags.owner',
    action: 'updated',
  } as const;
  const lastPass = aPass({
    result: 'corrected',
    differences: [{ ...difference, desired: 'platform', actual: 'x' }],
  });
  const condition = (type: string) => ({
    ...{ type, status: 'True' as const, reason: 'InDesiredState', changedAt: now.toISOString() },
    message: 'Everything is as the baseline says.',
  });
  const conditions = ['Access', 'ExecutionRole', 'Network', 'Parameters'].map(condition);
  const names = ['vpc.id', 'subnet.public.id', 'subnet.data.id', 'role.arn', 'table.public.id', 'gateway.id'];
  const outputs = Object.fromEntries(
    names.map((name) => [name, `arn:aws:ec2:eu-west-1:${id}:x/0123456789abcdef0`]),
  );
  const listed = { collection: 'account', collectionKey: id };
  const record = { ...aRecord({ accountId: id }), ...accountKey(id), ...listed };
  const status = { ...aStatus({ accountId: id, conditions, outputs, lastPass }), ...statusKey(id) };
  const line = {
    ...lastPass,
    pk: statusKey(id).pk,
    sk: 'pass#LINE',
    collection: 'pass',
    collectionKey: 'LINE',
  };
  const text = (item: Item) => {
    const pattern = JSON.stringify(wireItem(item));
    return (at: number) => pattern.replaceAll(PLACE, idOf(at));
  };
  return {
    ...{ record: text(record), status: text(status), line: text({ ...line, startedAt: 'LINE' }) },
    key: text({ ...statusKey(id), differing: 'account', collectionKey: id }),
  };
}

interface Call {
  readonly IndexName?: string;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: { readonly at?: { readonly N: string } };
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S?: string }>>;
  readonly RequestItems?: {
    readonly orgkeeper: { readonly Keys: readonly Readonly<Record<'pk' | 'sk', { readonly S: string }>>[] };
  };
}

/**
 * Starts an endpoint that answers as Systems Manager and DynamoDB do for the commands that only read, about a fleet of this size: its
 * texts are made ahead, so that it costs each of those who are compared the same, and little.
 */
export async function startLargeFleet({ accounts, differing, linesADay }: FleetSize) {
  const config = JSON.stringify(aConfig());
  const now = new Date();
  const text = textsOf(now);
  const lines = linesADay * DAYS;
  const lineAt = (at: number) => {
    const time = new Date(now.getTime() - (at / Math.max(1, linesADay)) * DAY_MS).toISOString();
    return text.line(at % accounts).replaceAll('LINE', time);
  };
  const collections: Readonly<Record<string, { count: number; item: (at: number) => string }>> = {
    account: { count: accounts, item: text.record },
    differing: { count: differing, item: text.key },
    pass: { count: lines, item: lineAt },
  };

  /** DynamoDB's limit of a page is a megabyte. */
  function page({
    IndexName,
    Limit = 500,
    ExclusiveStartKey,
    ExpressionAttributeValues: values,
  }: Call): string {
    const name = IndexName === 'differing' ? IndexName : (values?.[':c']?.S ?? '');
    const { count, item } = collections[name] ?? { count: 0, item: () => '' };
    const from = Number(ExclusiveStartKey?.at?.N ?? 0);
    const to = Math.min(from + Limit, count);
    const items = Array.from({ length: Math.max(0, to - from) }, (_, at) => item(from + at));
    const last = to < count ? `,"LastEvaluatedKey":{"at":{"N":"${to}"}}` : '';
    return `{"Items":[${items.join(',')}]${last}}`;
  }

  function answer(action: string, call: Call): string {
    if (action === 'GetParameter') return `{"Parameter":{"Value":${JSON.stringify(config)}}}`;
    if (action === 'Query') return page(call);
    if (action === 'GetItem') return '{}';
    if (action !== 'BatchGetItem') throw new Error(`nobody expected ${action}`);
    const keys = call.RequestItems?.orgkeeper.Keys ?? [];
    const items = keys.map(({ pk, sk }) => {
      const at = Number(pk.S.slice('account#'.length)) - 100_000_000_000;
      return sk.S === 'status' ? text.status(at) : text.record(at);
    });
    return `{"Responses":{"orgkeeper":[${items.join(',')}]},"UnprocessedKeys":{}}`;
  }

  const server = createServer(async (request, response) => {
    const action = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const said = answer(action, JSON.parse(await bodyOf(request)) as Call);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(said);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: aConfig().region,
    stop: () => server.close(),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
