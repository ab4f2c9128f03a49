import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ServiceFault } from './errors.ts';
import type { Announcement } from './status.ts';

/** The bus in Main, and the client to it. */
export interface Bus {
  readonly eventBridge: EventBridgeClient;
  readonly name: string;
}

/** Source of everything that Orgkeeper itself announces. */
export const OUR_SOURCE = 'orgkeeper';
/** Source of what people and pipelines ask for. */
export const REQUEST_SOURCE = 'orgkeeper.request';

/**
 * Puts events on the bus, ten at a time. PutEvents answers 200 with FailedEntryCount: only the failed entries are
 * sent again, three times at most; then ServiceFault, naming the first refusal.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export async function putEvents(
  bus: Bus,
  events: readonly Announcement[],
  source: string,
): Promise<string[]> {
  const ids: string[] = [];
  for (let start = 0; start < events.length; start += 10) {
    ids.push(...(await putBatch(bus, events.slice(start, start + 10), source)));
  }
  return ids;
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
  const refusal = entries.find((entry) => entry.ErrorCode);
  if (attempt === 3 || refusal?.ErrorCode === 'NotAuthorizedForSourceException') {
    throw new ServiceFault(
      `EventBridge refused ${failed.length} events: ${refusal?.ErrorCode} ${refusal?.ErrorMessage}`,
    );
  }
  return [...ids, ...(await putBatch(bus, failed, source, attempt + 1))];
}
