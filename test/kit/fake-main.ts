import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Main } from '../../shared/aws/main-clients.ts';
import type { Item } from './expressions.ts';
import { aConfig } from './factories.ts';
import { type MemoryTable, memoryTable } from './memory-table.ts';
import { answering, on } from './sdk.ts';

/** A message that was sent to a queue. */
export interface Sent {
  /** The last part of the queue's URL: `sweep`, `work.fifo`, `intake-dead` … */
  readonly queue: string;
  readonly message: unknown;
  readonly delaySeconds: number;
}

/** Table, bus and queues of Main in memory. */
export interface FakeMain {
  readonly main: Main;
  readonly store: MemoryTable;
  /** The events that were put on the bus, in order. */
  readonly put: { readonly detailType: string; readonly detail: Item }[];
  /** The messages that were sent to queues, in order. */
  readonly sent: Sent[];
  /** The messages that were sent to this queue. */
  sentTo(queue: string): unknown[];
  /** The changes of the visibility of messages, each with its seconds, in order. */
  readonly hidden: { readonly queue: string; readonly receiptHandle: string; readonly seconds: number }[];
  /** Receipts of the messages that a function deleted itself, in order. */
  readonly deleted: string[];
}

/** Makes a Main whose table has these items. */
export function fakeMain(items: readonly Item[] = []): FakeMain {
  const store = memoryTable(...items);
  const put: FakeMain['put'] = [];
  const sent: Sent[] = [];
  const hidden: FakeMain['hidden'] = [];
  const deleted: string[] = [];
  const receive = (url = '', body = '', delaySeconds = 0) =>
    sent.push({ queue: queueOf(url), message: parsed(body), delaySeconds });
  const region = 'eu-west-1';
  const eventBridge = answering(
    new EventBridgeClient({ region }),
    on(PutEventsCommand, ({ Entries = [] }) => {
      for (const { DetailType = '', Detail = '' } of Entries)
        put.push({ detailType: DetailType, detail: JSON.parse(Detail) });
      return { Entries: Entries.map((_, index) => ({ EventId: `event-${put.length}-${index}` })) };
    }),
  );
  const sqs = answering(
    new SQSClient({ region, md5: false }),
    on(SendMessageCommand, ({ QueueUrl, MessageBody, DelaySeconds }) => {
      receive(QueueUrl, MessageBody, DelaySeconds);
      return {};
    }),
    on(SendMessageBatchCommand, ({ QueueUrl, Entries = [] }) => {
      for (const { MessageBody, DelaySeconds } of Entries) receive(QueueUrl, MessageBody, DelaySeconds);
      return {};
    }),
    on(ChangeMessageVisibilityBatchCommand, ({ QueueUrl = '', Entries = [] }) => {
      for (const { ReceiptHandle = '', VisibilityTimeout = 0 } of Entries)
        hidden.push({ queue: queueOf(QueueUrl), receiptHandle: ReceiptHandle, seconds: VisibilityTimeout });
      return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
    }),
    on(DeleteMessageBatchCommand, ({ Entries = [] }) => {
      for (const { ReceiptHandle = '' } of Entries) deleted.push(ReceiptHandle);
      return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
    }),
  );
  const config = aConfig();
  return {
    main: {
      table: store.table,
      bus: { eventBridge, name: config.busName },
      intake: { sqs, url: config.intakeQueueUrl },
      work: { sqs, url: config.workQueueUrl },
      sweep: { sqs, url: config.sweepQueueUrl },
      creation: { sqs, url: config.creationQueueUrl },
      review: { sqs, url: config.reviewQueueUrl },
    },
    store,
    put,
    sent,
    sentTo: (queue) => sent.filter((one) => one.queue === queue).map(({ message }) => message),
    hidden,
    deleted,
  };
}

function queueOf(url: string): string {
  return url.split('/').at(-1) ?? '';
}

/** The body as data; as text if it is not JSON, which a dead letter may not be. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
