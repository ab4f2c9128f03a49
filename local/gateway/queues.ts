import { createHash } from 'node:crypto';
import type { Upstream } from './upstream.ts';
import { type Call, isObject, jsonReply, parseObject, type Reply, text } from './wire.ts';

type Fields = Record<string, unknown>;

/** SQS, with what the emulator leaves out. */
export interface Queues {
  /** The answer for SendMessage, SendMessageBatch, ReceiveMessage; undefined for any other call. */
  answer(call: Call, account: string): Promise<Reply | undefined>;
}

const REMEMBERED_MS = 5 * 60_000;
/** Between deduplication id and group in what the emulator gets: its own scope is always the whole queue. */
const SCOPE = '~~';

/**
 * FIFO deduplication as AWS does it (five minutes, also after the message is deleted; per message group where
 * the queue says so).
 */
export function createQueues(upstream: Upstream, now: () => number = Date.now): Queues {
  const sent = new Map<string, { at: number; answer: Promise<Fields | undefined> }>();
  const scopes = new Map<string, Promise<string>>();

  /** Sends once per deduplication id; a duplicate gets the first one's answer. */
  async function once(
    call: Call,
    account: string,
    entry: Fields,
    send: (entry: Fields) => Promise<Fields | undefined>,
  ) {
    const url = text(call.params, 'QueueUrl') ?? '';
    if (!url.endsWith('.fifo')) return send(entry);
    const group = text(entry, 'MessageGroupId') ?? '';
    const id =
      text(entry, 'MessageDeduplicationId') ??
      createHash('sha256')
        .update(text(entry, 'MessageBody') ?? '')
        .digest('hex');
    const scope = await scopeOf(call, account, url);
    const scoped = scope === 'messageGroup' ? `${id}${SCOPE}${group}` : id;
    const key = JSON.stringify([account, call.region, url.split('/').at(-1), scoped]);
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

  function scopeOf(call: Call, account: string, url: string): Promise<string> {
    const key = `${account}/${call.region}/${url}`;
    let scope = scopes.get(key);
    if (!scope) {
      const as = { account, region: call.region, service: 'sqs' };
      const wanted = { QueueUrl: url, AttributeNames: ['DeduplicationScope'] };
      scope = upstream.json('AmazonSQS.GetQueueAttributes', wanted, as).then((reply) => {
        const attributes = parseObject(reply.body)?.Attributes;
        return (isObject(attributes) && text(attributes, 'DeduplicationScope')) || 'queue';
      });
      scope.catch(() => scopes.delete(key));
      scopes.set(key, scope);
    }
    return scope;
  }

  async function sendMessage(call: Call, account: string): Promise<Reply> {
    let failure: Reply | undefined;
    const answer = await once(call, account, call.params, async (entry) => {
      const reply = await upstream.forward(call, account, Buffer.from(JSON.stringify(entry)));
      if (reply.status === 200) return parseObject(reply.body);
      failure = reply;
      return undefined;
    });
    return failure ?? jsonReply(call, answer ?? {});
  }

  async function sendBatch(call: Call, account: string): Promise<Reply> {
    const entries = Array.isArray(call.params.Entries) ? call.params.Entries.filter(isObject) : [];
    let left = false;
    const waiting: { entry: Fields; done: (answer: Fields | undefined) => void }[] = [];
    const answers = entries.map((entry) =>
      once(call, account, entry, (scoped) => {
        if (left) return Promise.resolve(undefined);
        return new Promise((done) => waiting.push({ entry: scoped, done }));
      }),
    );
    // Everything that is new has asked to be sent once the scope is known and duplicates are told apart.
    await scopeOf(call, account, text(call.params, 'QueueUrl') ?? '').catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    left = true;
    let reply: Reply | undefined;
    if (waiting.length > 0) {
      const body = { ...call.params, Entries: waiting.map(({ entry }) => entry) };
      reply = await upstream.forward(call, account, Buffer.from(JSON.stringify(body))).catch((error) => {
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

  async function receive(call: Call, account: string): Promise<Reply> {
    const reply = await upstream.forward(call, account);
    const answer = parseObject(reply.body);
    if (reply.status !== 200 || !Array.isArray(answer?.Messages)) return reply;
    const messages = answer.Messages.filter(isObject).map(restoreMessage);
    return jsonReply(call, { ...answer, Messages: messages });
  }

  return {
    async answer(call, account) {
      if (!call.headers['x-amz-target']) return undefined;
      if (call.action === 'SendMessage') return sendMessage(call, account);
      if (call.action === 'SendMessageBatch') {
        const fifo = (text(call.params, 'QueueUrl') ?? '').endsWith('.fifo');
        return fifo ? sendBatch(call, account) : undefined;
      }
      return call.action === 'ReceiveMessage' ? receive(call, account) : undefined;
    },
  };
}

/** A message as AWS would hand it out: its deduplication id as it was sent. */
export function restoreMessage(message: Fields): Fields {
  const attributes = isObject(message.Attributes) ? { ...message.Attributes } : undefined;
  const id = attributes && text(attributes, 'MessageDeduplicationId');
  if (attributes && id) attributes.MessageDeduplicationId = id.split(SCOPE)[0];
  return attributes ? { ...message, Attributes: attributes } : message;
}
