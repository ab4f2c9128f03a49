import { Agent, request } from 'node:http';
import type { Call, Reply } from './wire.ts';

/** The emulator behind the gateway. */
export interface Upstream {
  readonly endpoint: string;
  /** Passes the call on as this account's. Rejects when the emulator cannot be reached. */
  forward(call: Call, account: string, body?: Buffer): Promise<Reply>;
  /** A call of the gateway's own, as administrator of the account; not recorded. JSON protocol. */
  json(
    target: string,
    params: object,
    as: { account: string; region: string; service: string },
  ): Promise<Reply>;
  /** A call of the gateway's own by the query protocol. */
  query(
    params: Record<string, string>,
    as: { account: string; region: string; service: string },
  ): Promise<Reply>;
  close(): void;
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'expect']);

/**
 * The emulator answers one call at a time: it runs on one thread at heart, and its check-then-set (FIFO
 * queues, DynamoDB conditions) is not safe when its threads interleave. Calls that wait for a message go beside.
 */
export function upstreamAt(endpoint: string): Upstream {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const { hostname, port } = new URL(endpoint);
  let last: Promise<unknown> = Promise.resolve();

  function send(method: string, path: string, headers: Record<string, string>, body: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          agent,
          hostname,
          port,
          method,
          path,
          headers: { ...headers, 'content-length': String(body.length) },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            resolve({
              status: answer.statusCode ?? 502,
              headers: plain(answer.headers),
              body: Buffer.concat(chunks),
            });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  function oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  }

  function own(
    headers: Record<string, string>,
    body: string,
    as: { account: string; region: string; service: string },
  ) {
    const scope = `LKIA${as.account}/20260101/${as.region}/${as.service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=local`;
    return oneByOne(() =>
      send(
        'POST',
        '/',
        { host: `${hostname}:${port}`, authorization, 'x-moto-account-id': as.account, ...headers },
        Buffer.from(body),
      ),
    );
  }

  return {
    endpoint,
    forward(call, account, body = call.body) {
      const headers = { ...plain(call.headers), 'x-moto-account-id': account };
      const work = () => send(call.method, call.url, headers, body);
      return Number(call.params.WaitTimeSeconds ?? 0) > 0 ? work() : oneByOne(work);
    },
    json(target, params, as) {
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
      return own(headers, JSON.stringify(params), as);
    },
    query(params, as) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
      return own(headers, new URLSearchParams(params).toString(), as);
    },
    close: () => agent.destroy(),
  };
}

function plain(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || HOP_BY_HOP.has(name)) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}
