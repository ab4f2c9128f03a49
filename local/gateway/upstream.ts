import { Agent, request } from 'node:http';
import { createLanes, laneOf } from './lanes.ts';
import { type Call, isRead, type Reply } from './wire.ts';

/** In whose name a call of the gateway's own is made, and to which service. */
export interface As {
  readonly account: string;
  readonly region: string;
  readonly service: string;
}

/** There was no answer of the emulator: to a caller this is what a lost connection to AWS looks like. */
export class NoAnswer extends Error {}

/** The emulator behind the gateway. */
export interface Upstream {
  /** Its address, once connected. */
  endpoint(): string;
  connect(endpoint: string): void;
  /** Passes the call on as this account's. Rejects with NoAnswer when the emulator cannot be reached. */
  forward(call: Call, account: string, body?: Buffer): Promise<Reply>;
  /** A call of the gateway's own, as administrator of the account; not recorded. JSON protocol. */
  json(target: string, params: object, as: As): Promise<Reply>;
  /** A call of the gateway's own by the query protocol. */
  query(params: Record<string, string>, as: As): Promise<Reply>;
  /** A GET of the gateway's own, for services that speak REST. */
  get(path: string, as: As): Promise<Reply>;
  close(): void;
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'expect']);

/**
 * The emulator's check-then-set (FIFO queues, DynamoDB conditions) is not safe when its threads interleave: so
 * of calls to the same things at most one writes at a time. Calls that wait for a message go beside.
 */
export function upstreamAt(): Upstream {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let endpoint = 'http://127.0.0.1:9';
  const lanes = createLanes();

  function send(method: string, path: string, headers: Record<string, string>, body: Buffer): Promise<Reply> {
    const { hostname, port } = new URL(endpoint);
    return new Promise((resolve, reject) => {
      const lost = (cause: Error) => reject(new NoAnswer(cause.message, { cause }));
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
          answer.on('error', lost);
          answer.on('end', () => {
            resolve({
              status: answer.statusCode ?? 502,
              headers: plain(answer.headers),
              body: Buffer.concat(chunks),
            });
          });
        },
      );
      outgoing.on('error', lost);
      outgoing.end(body);
    });
  }

  function own(as: As, action: string, headers: Record<string, string>, body = '', path?: string) {
    const scope = `LKIA${as.account}/20260101/${as.region}/${as.service}/aws4_request`;
    const signed = {
      host: new URL(endpoint).host,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=local`,
      'x-moto-account-id': as.account,
    };
    const writes = !isRead({ service: as.service, action });
    const method = path ? 'GET' : 'POST';
    return lanes.run(laneOf(as.service, as.account), writes, () =>
      send(method, path ?? '/', { ...signed, ...headers }, Buffer.from(body)),
    );
  }

  return {
    endpoint: () => endpoint,
    connect: (address) => {
      endpoint = address;
    },
    forward(call, account, body = call.body) {
      const headers = { ...plain(call.headers), 'x-moto-account-id': account };
      const work = async () => {
        // Who gave up waiting has tried again, perhaps: doing it late would do it twice.
        if (call.abandoned()) throw new NoAnswer('The caller hung up before its turn came.');
        return send(call.method, call.url, headers, body);
      };
      if (Number(call.params.WaitTimeSeconds ?? 0) > 0) return work();
      return lanes.run(laneOf(call.service, account), !isRead(call), work);
    },
    json(target, params, as) {
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
      return own(as, target.split('.')[1] ?? '', headers, JSON.stringify(params));
    },
    query(params, as) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
      return own(as, params.Action ?? '', headers, new URLSearchParams(params).toString());
    },
    get: (path, as) => own(as, 'GET ', {}, '', path),
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
