import { Agent, request } from 'node:http';
import { createLanes, laneOf } from './lanes.ts';
import { type OwnClient, ownClients } from './own-clients.ts';
import { createQueueChanges, type QueueChanges } from './queue-changes.ts';
import type { KnownCall } from './shim.ts';
import { isRead, NoAnswer, type Reply } from './wire.ts';

/** The emulator behind the gateway. */
export interface Upstream {
  /** Its address, once connected. */
  endpoint(): string;
  connect(endpoint: string): void;
  /** Forwards the call in its caller's name. Rejects with NoAnswer if the emulator cannot be reached. */
  forward(call: KnownCall, body?: Buffer): Promise<Reply>;
  /** Clients for the gateway's own calls, which go to the emulator directly and are not recorded. */
  readonly client: OwnClient;
  /** Of queues, by calls of both kinds. */
  readonly queueChanges: QueueChanges;
  close(): void;
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'expect']);

/**
 * The emulator's check-then-set (FIFO queues, DynamoDB conditions) is not thread-safe, so only one call at a time writes in a lane.
 * Calls that wait for a message use no lane.
 */
export function upstreamAt(): Upstream {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let endpoint = 'http://127.0.0.1:9';
  const lanes = createLanes();
  const queueChanges = createQueueChanges();

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

  const own = ownClients({ endpoint: () => endpoint, lanes, queueChanges });

  return {
    endpoint: () => endpoint,
    connect: (address) => {
      endpoint = address;
    },
    async forward(call, body = call.body) {
      const { account } = call.caller;
      const headers = { ...plain(call.headers), 'x-moto-account-id': account };
      const work = async () => {
        // A caller that has disconnected may have retried: the call would be carried out twice.
        if (call.abandoned())
          throw new NoAnswer('The caller disconnected while the call waited for its lane.');
        return send(call.method, call.url, headers, body);
      };
      if (Number(call.params.WaitTimeSeconds ?? 0) > 0) return work();
      const reply = await lanes.run(laneOf(call.service, account), !isRead(call), work);
      queueChanges.after({ ...call, queueUrl: call.params.QueueUrl });
      return reply;
    },
    client: own.client,
    queueChanges,
    close: () => {
      agent.destroy();
      own.close();
    },
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
