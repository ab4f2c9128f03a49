import { randomUUID } from 'node:crypto';
import { type BusAddress, type BusEvent, type Buses, busAt } from '../buses.ts';
import type { Caller } from '../callers.ts';
import type { Deviation, KnownCall, Shim } from '../shim.ts';
import { errorReply, isObject, jsonReply, parseObject, type Reply, text } from '../wire.ts';

/** The dependencies of this shim. */
export interface EventsDeps {
  readonly buses: Buses;
}

/** An event that an AWS service puts. */
export interface ServiceEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Record<string, unknown>;
  /** Region of the envelope; default: that of the bus. */
  readonly account?: string | undefined;
  /** ISO time of the event, for a late one; default: now. */
  readonly time?: string | undefined;
}

type Entry = Record<string, unknown>;
type Result = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

const LIMIT_BYTES = 1024 * 1024;

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator:
    'cannot put events to a bus of another account; changes the region of an event at each bus and drops its `account`',
  here: 'the gateway carries out the rules that moto stores (`local/gateway/buses.ts`), and the envelope does not change',
};

/** PutEvents like AWS: entries are checked one by one, and the envelope does not change. */
export function putEventsShim(deps: EventsDeps): Shim {
  return {
    services: ['events'],
    actions: ['PutEvents'],
    answer: (call, next) => {
      const entries = (Array.isArray(call.params.Entries) ? call.params.Entries : []).filter(isObject);
      return entries.length === 0 || entries.length > 10 ? next(call) : putEvents(call, entries, deps);
    },
  };
}

async function putEvents(call: KnownCall, entries: readonly Entry[], deps: EventsDeps): Promise<Reply> {
  const { caller } = call;
  if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > LIMIT_BYTES) {
    const message = 'Total size of the entries in the request is over the limit.';
    return errorReply(call, 400, 'ValidationException', message);
  }
  const results: Result[] = [];
  const accepted: { bus: BusAddress; event: BusEvent }[] = [];
  for (const entry of entries) {
    const bus = busOf(text(entry, 'EventBusName'), caller, call.region);
    const source = text(entry, 'Source') ?? '';
    const detailType = text(entry, 'DetailType') ?? '';
    const detail = parseObject(Buffer.from(text(entry, 'Detail') || '[]'));
    const refusal = refusalOf(entry, detail);
    if (refusal || !detail) {
      results.push(refusal ?? { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' });
      continue;
    }
    const resources = Array.isArray(entry.Resources) ? entry.Resources.map(String) : [];
    const time = new Date(Number(entry.Time ?? Date.now() / 1000) * 1000);
    const origin = { account: caller.account, region: call.region, time, resources };
    const event = eventOf({ source, detailType, detail }, origin);
    results.push({ EventId: event.id });
    accepted.push({ bus, event });
  }
  for (const { bus, event } of accepted) await deps.buses.deliver(bus, event);
  const failed = results.filter((result) => 'ErrorCode' in result).length;
  return jsonReply(call, { FailedEntryCount: failed, Entries: results });
}

/** Puts an event like an AWS service: with any source. */
export async function putServiceEvent(buses: Buses, bus: BusAddress, event: ServiceEvent): Promise<void> {
  const origin = {
    account: event.account ?? bus.account,
    region: bus.region,
    time: event.time === undefined ? new Date() : new Date(event.time),
    resources: [],
  };
  await buses.deliver(bus, eventOf(event, origin));
}

function eventOf(
  { source, detailType, detail }: ServiceEvent,
  { account, region, time, resources }: { account: string; region: string; time: Date; resources: string[] },
): BusEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source,
    account,
    time: `${time.toISOString().slice(0, 19)}Z`,
    region,
    resources,
    detail,
  };
}

function refusalOf(entry: Entry, detail: Record<string, unknown> | undefined): Result | undefined {
  if ((text(entry, 'Source') ?? '').startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  for (const name of ['Source', 'DetailType', 'Detail']) {
    if (text(entry, name)) continue;
    const message = `Parameter ${name} is not valid. Reason: ${name} is a required argument.`;
    return { ErrorCode: 'InvalidArgument', ErrorMessage: message };
  }
  return detail ? undefined : { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
}

function busOf(name: string | undefined, caller: Caller, region: string): BusAddress {
  return busAt(name ?? '') ?? { account: caller.account, region, name: name || 'default' };
}

function sizeOf(entry: Entry): number {
  const fields = ['Source', 'DetailType', 'Detail'].map((name) => Buffer.byteLength(text(entry, name) ?? ''));
  return fields.reduce((sum, bytes) => sum + bytes, entry.Time === undefined ? 0 : 14);
}
