import { createHash } from 'node:crypto';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { remembered } from '../iam.ts';
import type { Deviation, Forward, KnownCall, Shim } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { isObject, jsonReply, parseObject, type Reply, text } from '../wire.ts';

type Fields = Record<string, unknown>;

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'forgets a deduplication id when its message is deleted, and deduplicates for the whole queue',
  here: 'deduplicates for five minutes, and per message group if the queue says so',
};

const REMEMBERED_MS = 5 * 60_000;
/** Separates deduplication id and group in the id for the emulator, whose scope is always the whole queue. */
const SCOPE = '~~';

/**
 * FIFO deduplication like in AWS: for five minutes, also after the message is deleted; per message group if the queue says so.
 */
export function fifoDeduplicationShim(upstream: Upstream, now: () => number = Date.now): Shim {
  const sent = new Map<string, { at: number; answer: Promise<Fields | undefined> }>();
  const scopes = new Map<string, Promise<string>>();

  /** Sends once for each deduplication id; a duplicate gets the answer of the first message. */
  async function once(call: KnownCall, entry: Fields, send: (entry: Fields) => Promise<Fields | undefined>) {
    const url = text(call.params, 'QueueUrl') ?? '';
    if (!url.endsWith('.fifo')) return send(entry);
    const group = text(entry, 'MessageGroupId') ?? '';
    const id =
      text(entry, 'MessageDeduplicationId') ??
      createHash('sha256')
        .update(text(entry, 'MessageBody') ?? '')
        .digest('hex');
    const scope = await scopeOf(call, url);
    const scoped = scope === 'messageGroup' ? `${id}${SCOPE}${group}` : id;
    const key = JSON.stringify([call.caller.account, call.region, url.split('/').at(-1), scoped]);
    for (const [old, { at }] of sent) {
      if (now() - at < REMEMBERED_MS) break;
      sent.delete(old);
    }
    const before = sent.get(key);
    const known = before && (await before.answer);
    if (known) return known;
    const explicit = text(entry, 'MessageDeduplicationId') ? { MessageDeduplicationId: scoped } : {};
    const answer = send({ ...entry, ...explicit });
    sent.delete(key);
    sent.set(key, { at: now(), answer: answer.catch(() => undefined) });
    const result = await answer;
    if (!result) sent.delete(key);
    return result;
  }

  function scopeOf({ caller, region }: KnownCall, QueueUrl: string): Promise<string> {
    const { account } = caller;
    return remembered(scopes, `${account}/${region}/${QueueUrl}`, async () => {
      const sqs = upstream.client(SQSClient, { account, region });
      const wanted = { QueueUrl, AttributeNames: ['DeduplicationScope' as const] };
      return (
        (await sqs.send(new GetQueueAttributesCommand(wanted))).Attributes?.DeduplicationScope ?? 'queue'
      );
    });
  }

  async function sendMessage(call: KnownCall, next: Forward): Promise<Reply> {
    let failure: Reply | undefined;
    const answer = await once(call, call.params, async (entry) => {
      const reply = await next(withBody(call, entry));
      if (reply.status === 200) return parseObject(reply.body);
      failure = reply;
      return undefined;
    });
    return failure ?? jsonReply(call, answer ?? {});
  }

  async function sendBatch(call: KnownCall, next: Forward): Promise<Reply> {
    const entries = Array.isArray(call.params.Entries) ? call.params.Entries.filter(isObject) : [];
    let left = false;
    const waiting: { entry: Fields; done: (answer: Fields | undefined) => void }[] = [];
    const answers = entries.map((entry) =>
      once(call, entry, (scoped) => {
        if (left) return Promise.resolve(undefined);
        return new Promise((done) => waiting.push({ entry: scoped, done }));
      }),
    );
    // All new messages are sent once the scope is known and duplicates are removed.
    await scopeOf(call, text(call.params, 'QueueUrl') ?? '').catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    left = true;
    let reply: Reply | undefined;
    if (waiting.length > 0) {
      const body = { ...call.params, Entries: waiting.map(({ entry }) => entry) };
      reply = await next(withBody(call, body)).catch((error) => {
        for (const { done } of waiting) done(undefined);
        throw error;
      });
    }
    const outcome = (reply && parseObject(reply.body)) ?? {};
    const successful = Array.isArray(outcome.Successful) ? outcome.Successful.filter(isObject) : [];
    for (const { entry, done } of waiting) done(successful.find((one) => one.Id === entry.Id));
    if (reply && reply.status !== 200) return reply;
    const all = (await Promise.all(answers)).map((answer, at) => ({ answer, id: entries[at]?.Id }));
    const refused = Array.isArray(outcome.Failed) ? outcome.Failed.filter(isObject) : [];
    const lost = all.filter(({ answer, id }) => !answer && !refused.some((one) => one.Id === id));
    return jsonReply(call, {
      Successful: all.flatMap(({ answer, id }) => (answer ? [{ ...answer, Id: id }] : [])),
      Failed: [...refused, ...lost.map(({ id }) => ({ Id: id, Code: 'InternalError', SenderFault: false }))],
    });
  }

  async function receive(call: KnownCall, next: Forward): Promise<Reply> {
    const reply = await next(call);
    const answer = parseObject(reply.body);
    if (reply.status !== 200 || !Array.isArray(answer?.Messages)) return reply;
    const messages = answer.Messages.filter(isObject).map((message) => restoreMessage(message));
    return jsonReply(call, { ...answer, Messages: messages });
  }

  return {
    services: ['sqs'],
    actions: ['SendMessage', 'SendMessageBatch', 'ReceiveMessage'],
    async answer(call, next) {
      if (!call.headers['x-amz-target']) return next(call);
      if (call.action === 'SendMessage') return sendMessage(call, next);
      if (call.action === 'ReceiveMessage') return receive(call, next);
      return (text(call.params, 'QueueUrl') ?? '').endsWith('.fifo') ? sendBatch(call, next) : next(call);
    },
  };
}

function withBody(call: KnownCall, params: Fields): KnownCall {
  return { ...call, params, body: Buffer.from(JSON.stringify(params)) };
}

/** A message with its original deduplication id, as AWS returns it. */
export function restoreMessage<T extends { Attributes?: unknown }>(message: T): T {
  const attributes = isObject(message.Attributes) ? { ...message.Attributes } : undefined;
  const id = attributes && text(attributes, 'MessageDeduplicationId');
  if (attributes && id) attributes.MessageDeduplicationId = id.split(SCOPE)[0];
  return attributes ? { ...message, Attributes: attributes } : message;
}
