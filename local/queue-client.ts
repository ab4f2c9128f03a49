import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { restoreMessage } from './gateway/shims/fifo-deduplication.ts';
import type { Upstream } from './gateway/upstream.ts';

/** The calls of an event source mapping for its queue. They go to the emulator directly and are not recorded. */
export interface LocalQueue {
  /** Resolves after the next call that may make a message receivable. */
  changed(): Promise<void>;
  receive(count: number): Promise<Message[]>;
  remove(messages: readonly Message[]): Promise<void>;
  send(body: string): Promise<void>;
}

/** The queue with this ARN. */
export function localQueue(upstream: Upstream, queueArn: string): LocalQueue {
  const [, , , region = '', account = '', name = ''] = queueArn.split(':');
  const QueueUrl = `${upstream.endpoint()}/${account}/${name}`;
  const sqs = () => upstream.client(SQSClient, { account, region });
  return {
    changed: () => upstream.queueChanges.next(QueueUrl),
    async receive(count) {
      const { Messages = [] } = await sqs().send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: Math.min(count, 10),
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      return Messages.map((message) => restoreMessage(message));
    },
    async remove(messages) {
      if (messages.length === 0) return;
      const Entries = messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
      await sqs().send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    },
    async send(body) {
      await sqs().send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    },
  };
}

/** The queue, as somebody sees it who may do with it only what is permitted: a poll that is denied receives nothing. */
export function permittedQueue(queue: LocalQueue, may: (action: string) => Promise<boolean>): LocalQueue {
  return {
    changed: () => queue.changed(),
    async receive(count) {
      const mayReceive = (await may('sqs:ReceiveMessage')) && (await may('sqs:GetQueueAttributes'));
      return mayReceive ? queue.receive(count) : [];
    },
    async remove(messages) {
      if (messages.length > 0 && (await may('sqs:DeleteMessage'))) await queue.remove(messages);
    },
    async send(body) {
      if (await may('sqs:SendMessage')) await queue.send(body);
    },
  };
}
