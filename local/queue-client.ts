import { restoreMessage } from './gateway/queues.ts';
import type { Upstream } from './gateway/upstream.ts';
import { isObject, parseObject } from './gateway/wire.ts';

/** A message as SQS gives it. */
export interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes: Record<string, string>;
  readonly MessageAttributes?: Record<string, Record<string, unknown>>;
}

/** One queue, as its mapping sees it. Its calls are the emulator's own business, so nothing records them. */
export interface Queue {
  receive(count: number): Promise<Message[]>;
  remove(messages: readonly Message[]): Promise<void>;
  send(body: string): Promise<void>;
}

/** The queue with this ARN. */
export function queueClient(upstream: Upstream, queueArn: string): Queue {
  const [, , , region = '', account = '', name = ''] = queueArn.split(':');
  const url = `${upstream.endpoint()}/${account}/${name}`;
  const call = async (action: string, params: object) => {
    const as = { account, region, service: 'sqs' };
    const reply = await upstream.json(`AmazonSQS.${action}`, { QueueUrl: url, ...params }, as);
    if (reply.status !== 200) throw new Error(`${action} on ${name}: ${reply.body.toString('utf8', 0, 300)}`);
    return parseObject(reply.body) ?? {};
  };
  return {
    async receive(count) {
      const { Messages } = await call('ReceiveMessage', {
        MaxNumberOfMessages: Math.min(count, 10),
        AttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      });
      const messages = Array.isArray(Messages) ? Messages.filter(isObject) : [];
      return messages.map((message) => restoreMessage(message) as unknown as Message);
    },
    async remove(messages) {
      if (messages.length === 0) return;
      const entries = messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
      await call('DeleteMessageBatch', { Entries: entries });
    },
    async send(body) {
      await call('SendMessage', { MessageBody: body });
    },
  };
}
