import { EventBridgeClient, PutEventsCommand, type PutEventsResultEntry } from '@aws-sdk/client-eventbridge';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { Config } from '../deployment/config.ts';
import { InvalidDesiredState, ServiceFault } from '../domain/errors.ts';
import type { Announcement } from '../domain/status.ts';
import { requestHandler } from './connections.ts';
import { patience, pause } from './patience.ts';
import type { ClientSettings, Service } from './service.ts';
import { watch } from './watch.ts';

/** The bus in Main, and the client to it. */
export interface Bus {
  readonly eventBridge: EventBridgeClient;
  readonly name: string;
}

/** EventBridge, among the services of Main. */
export const eventBridgeService = {
  client: (settings: ClientSettings) => new EventBridgeClient(settings),
  signingName: 'events',
  protocol: 'json',
  endpoint: 'regional',
} as const satisfies Service<EventBridgeClient>;

/**
 * The bus of the deployment, as the caller itself or with `credentials`. Loads no client but EventBridge's. Its errors
 * are already ours wherever shared/aws/translate-error.ts knows them.
 */
export function busClient(
  config: Pick<Config, 'region' | 'busName'>,
  credentials?: AwsCredentialIdentity,
): Bus {
  const client = eventBridgeService.client({
    region: config.region,
    requestHandler,
    retryStrategy: patience(),
    ...(credentials && { credentials }),
  });
  return { eventBridge: watch(client, { name: 'events' }), name: config.busName };
}

/** Limits of one PutEvents: ten entries, 256 KB in total (1 MB in regions with the newer limit). */
const MOST_ENTRIES = 10;
const MOST_BYTES = 256 * 1024;
/**
 * The refusals of an entry that pass by themselves.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
 */
const PASSING: ReadonlySet<string> = new Set(['InternalFailure', 'ThrottlingException']);

/**
 * Puts events on the bus in as few calls as possible and returns their ids. PutEvents answers 200 with FailedEntryCount:
 * only the failed entries are sent again, at most twice, each time after a pause, since EventBridge throttles entries.
 * @throws ServiceFault that names the first error of EventBridge; InvalidDesiredState (`EventRefused`) at once, if it will refuse an event
 * again
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export async function putEvents(
  bus: Bus,
  events: readonly Announcement[],
  source: string,
): Promise<string[]> {
  const ids: string[] = [];
  for (const batch of batches(events, source)) ids.push(...(await putBatch(bus, batch, source)));
  return ids;
}

/** The events in order, in batches that fit into one request; an event that is too large is a batch of its own. */
function* batches(events: readonly Announcement[], source: string): Generator<Announcement[]> {
  let batch: Announcement[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = entryBytes(event, source);
    if (batch.length > 0 && (batch.length === MOST_ENTRIES || bytes + size > MOST_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(event);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/**
 * The size of an entry, as AWS counts it, without Time and Resources.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
 */
function entryBytes({ detailType, detail }: Announcement, source: string): number {
  return (
    Buffer.byteLength(source) + Buffer.byteLength(detailType) + Buffer.byteLength(JSON.stringify(detail))
  );
}

async function putBatch(
  bus: Bus,
  events: readonly Announcement[],
  source: string,
  attempt = 1,
): Promise<string[]> {
  const { Entries: entries = [] } = await bus.eventBridge.send(
    new PutEventsCommand({
      Entries: events.map(({ detailType, detail }) => ({
        EventBusName: bus.name,
        Source: source,
        DetailType: detailType,
        Detail: JSON.stringify(detail),
      })),
    }),
  );
  const failed = events.filter((_, index) => entries[index]?.ErrorCode);
  const ids = entries.flatMap((entry) => entry.EventId ?? []);
  if (failed.length === 0) return ids;
  const refusals = entries.filter(({ ErrorCode }) => ErrorCode);
  const said = ({ ErrorCode, ErrorMessage }: PutEventsResultEntry = {}) => `${ErrorCode} ${ErrorMessage}`;
  const lasting = refusals.find(({ ErrorCode = '' }) => !PASSING.has(ErrorCode));
  if (lasting) {
    throw new InvalidDesiredState(`EventBridge refuses an event: ${said(lasting)}`, [], {
      reason: 'EventRefused',
      remedy: 'It will be refused again: correct what the event holds, or the permission for it.',
    });
  }
  if (attempt === 3)
    throw new ServiceFault(`EventBridge rejected ${failed.length} events: ${said(refusals[0])}`);
  await pause(attempt);
  return [...ids, ...(await putBatch(bus, failed, source, attempt + 1))];
}
