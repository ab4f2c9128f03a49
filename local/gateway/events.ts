import { randomUUID } from 'node:crypto';
import type { Caller } from './callers.ts';
import type { Upstream } from './upstream.ts';
import { type Call, errorReply, isObject, jsonReply, parseObject, type Reply, text } from './wire.ts';

/** Travels inside an event's detail, where the emulator would lose its envelope; taken out before anyone reads. */
const MARKER = '__orgkeeper_local__';

/** What the envelope of an event says of its origin. */
export interface Envelope {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  /** ISO, to the second. */
  readonly time: string;
  readonly resources: readonly string[];
}

/** One event for a bus. */
export interface BusEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Record<string, unknown>;
}

/** What PutEvents needs. */
export interface EventsDeps {
  readonly upstream: Upstream;
  /** Whether the bus policy of another account's bus (or of the own one, if it denies) admits the entry. */
  readonly busAdmits: (request: BusRequest) => Promise<boolean>;
}

/** A wish to put one event on a bus. */
export interface BusRequest {
  readonly caller: Caller;
  readonly bus: Bus;
  readonly source: string;
  readonly detailType: string;
}

/** An event bus by its address. */
export interface Bus {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

type Entry = Record<string, unknown>;
type Result = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

const LIMIT_BYTES = 1024 * 1024;

/** PutEvents as AWS does it: entries checked one by one, the bus's owner asked, the envelope kept. */
export async function answerPutEvents(call: Call, caller: Caller, deps: EventsDeps): Promise<Reply> {
  const entries = (Array.isArray(call.params.Entries) ? call.params.Entries : []).filter(isObject);
  if (entries.length === 0 || entries.length > 10) return deps.upstream.forward(call, caller.account);
  if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > LIMIT_BYTES) {
    const message = 'Total size of the entries in the request is over the limit.';
    return errorReply(call, 400, 'ValidationException', message);
  }
  const results: Result[] = [];
  const accepted: {
    entry: Entry;
    detail: Record<string, unknown>;
    bus: Bus;
    envelope: Envelope;
    at: number;
  }[] = [];
  for (const [at, entry] of entries.entries()) {
    const bus = busOf(text(entry, 'EventBusName'), caller, call.region);
    const source = text(entry, 'Source') ?? '';
    const detailType = text(entry, 'DetailType') ?? '';
    if (!(await deps.busAdmits({ caller, bus, source, detailType }))) {
      const arn = `arn:aws:events:${bus.region}:${bus.account}:event-bus/${bus.name}`;
      const because = 'because no resource-based policy allows the events:PutEvents action';
      const message = `User: ${caller.arn} is not authorized to perform: events:PutEvents on resource: ${arn} ${because}`;
      return errorReply(call, 400, 'AccessDeniedException', message);
    }
    const detail = detailOf(entry);
    const refusal = refusalOf(entry, detail);
    results.push(refusal ?? { EventId: '' });
    if (refusal || !detail) continue;
    const envelope = envelopeOf(entry, caller.account, call.region);
    accepted.push({ entry, detail, bus, envelope, at });
  }
  for (const { entry, detail, bus, envelope, at } of accepted) {
    const reply = await putOne(deps.upstream, bus, { ...entry, Detail: mark(detail, envelope) });
    const result = parseObject(reply.body)?.Entries;
    const first: unknown = Array.isArray(result) ? result[0] : undefined;
    if (reply.status !== 200) return reply;
    results[at] = isObject(first) && first.ErrorCode ? (first as Result) : { EventId: envelope.id };
  }
  const failed = results.filter((result) => 'ErrorCode' in result).length;
  return jsonReply(call, { FailedEntryCount: failed, Entries: results });
}

/** Puts an event as an AWS service would: any source, in the name of the bus's account unless one is given. */
export async function putServiceEvent(
  upstream: Upstream,
  bus: Bus,
  event: BusEvent,
  account: string = bus.account,
): Promise<void> {
  const envelope = envelopeOf({}, account, bus.region);
  await putOne(upstream, bus, {
    Source: event.source,
    DetailType: event.detailType,
    Detail: mark(event.detail, envelope),
  });
}

/** A message body as the receiver should see it: the event's own envelope restored, the marker gone. */
export function restoreEnvelope(body: string): string {
  if (!body.includes(MARKER)) return body;
  const event = parseObject(Buffer.from(body));
  if (!event || !isObject(event.detail) || !isObject(event.detail[MARKER])) return body;
  const { [MARKER]: envelope, ...detail } = event.detail;
  const { version, 'detail-type': detailType, source } = event;
  const { id, account, time, region, resources } = envelope as unknown as Envelope;
  return JSON.stringify({
    version,
    id,
    'detail-type': detailType,
    source,
    account,
    time,
    region,
    resources,
    detail,
  });
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

function detailOf(entry: Entry): Record<string, unknown> | undefined {
  const detail = text(entry, 'Detail');
  return detail ? parseObject(Buffer.from(detail)) : undefined;
}

function envelopeOf(entry: Entry, account: string, region: string): Envelope {
  const seconds = Number(entry.Time ?? Date.now() / 1000);
  const resources = Array.isArray(entry.Resources)
    ? entry.Resources.filter((one) => typeof one === 'string')
    : [];
  const time = `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
  return { id: randomUUID(), account, region, time, resources };
}

function mark(detail: Record<string, unknown>, envelope: Envelope): string {
  return JSON.stringify({ ...detail, [MARKER]: envelope });
}

function putOne(upstream: Upstream, bus: Bus, entry: Entry): Promise<Reply> {
  const as = { account: bus.account, region: bus.region, service: 'events' };
  return upstream.json('AWSEvents.PutEvents', { Entries: [{ ...entry, EventBusName: bus.name }] }, as);
}

function busOf(name: string | undefined, caller: Caller, region: string): Bus {
  const match = /^arn:[\w-]+:events:([\w-]+):(\d{12}):event-bus\/(.+)$/.exec(name ?? '');
  if (match?.[1] && match[2] && match[3]) return { region: match[1], account: match[2], name: match[3] };
  return { account: caller.account, region, name: name || 'default' };
}

function sizeOf(entry: Entry): number {
  const fields = ['Source', 'DetailType', 'Detail'].map((name) => Buffer.byteLength(text(entry, name) ?? ''));
  return fields.reduce((sum, bytes) => sum + bytes, entry.Time === undefined ? 0 : 14);
}
