import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Client, MetadataBearer } from '@smithy/types';
import { localAccessKeyId } from './callers.ts';
import { type Lanes, laneOf } from './lanes.ts';
import type { QueueChanges } from './queue-changes.ts';
import { isRead, NoAnswer } from './wire.ts';

// biome-ignore lint/suspicious/noExplicitAny: every client of the SDK, whatever its commands and configuration
type AnyClient = Client<any, MetadataBearer, any> & {
  readonly config: { readonly defaultSigningName?: string };
};

/** The client of a service, as administrator of an account; the same one each time. */
export type OwnClient = <T extends AnyClient>(
  Service: new (settings: Settings) => T,
  as: { readonly account: string; readonly region: string },
) => T;

/** The configuration of the SDK's clients. */
interface Settings {
  readonly endpoint: string;
  readonly region: string;
  readonly maxAttempts: number;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly useQueueUrlAsEndpoint: boolean;
  readonly requestHandler: NodeHttpHandler;
}

/**
 * The SDK's clients for the emulator. One middleware sets the account of the call, waits for its lane, and throws NoAnswer if the
 * emulator cannot be reached. AWS's errors are thrown by the SDK as usual.
 */
export function ownClients({
  endpoint,
  lanes,
  queueChanges,
}: {
  readonly endpoint: () => string;
  readonly lanes: Lanes;
  readonly queueChanges: QueueChanges;
}): {
  readonly client: OwnClient;
  close(): void;
} {
  const clients = new Map<string, AnyClient>();
  // One pool for all: the emulator keeps a thread for each connection, and there is a client for each service of each account.
  const requestHandler = new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 64 } });

  const client: OwnClient = (Service, { account, region }) => {
    const key = [Service.name, account, region, endpoint()].join(' ');
    const known = clients.get(key);
    if (known) return known as InstanceType<typeof Service>;
    const made = new Service({
      endpoint: endpoint(),
      region,
      maxAttempts: 1,
      credentials: { accessKeyId: localAccessKeyId(account), secretAccessKey: 'local' },
      useQueueUrlAsEndpoint: false,
      requestHandler,
    });
    const service = made.config.defaultSigningName ?? Service.name;
    made.middlewareStack.add(
      (next, context) => async (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers['x-moto-account-id'] = account;
        const action = (context.commandName ?? '').replace(/Command$/, '');
        const call = { service, action };
        const answer = await lanes.run(laneOf(service, account), !isRead(call), () => answered(next(args)));
        const { QueueUrl: queueUrl } = args.input as { QueueUrl?: unknown };
        queueChanges.after({ ...call, queueUrl });
        return answer;
      },
      { step: 'finalizeRequest', name: 'orgkeeperOwnCall', priority: 'low' },
    );
    clients.set(key, made);
    return made;
  };

  return {
    client,
    close: () => {
      for (const one of clients.values()) one.destroy();
      clients.clear();
    },
  };
}

/** A failure without an HTTP status did not come from the emulator. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
    if ($metadata?.httpStatusCode !== undefined) throw error;
    throw new NoAnswer((error as Error).message, { cause: error });
  }
}
