import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { Command } from 'commander';
import { WHY } from '../../shared/aws/read-message.ts';
import { arns, deadLettersOf, type Placed, QUEUES } from '../../shared/deployment/names.ts';
import { wholeNumber } from '../arguments.ts';
import { connect } from '../client.ts';
import { Failure } from '../failure.ts';
import { poll } from '../follow.ts';
import { cell, counted, printJson, printTable, say, time } from '../terminal.ts';

interface ListOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** `dead-letters`: lists and redrives messages that failed for good. */
export function deadLettersCommand(): Command {
  const command = new Command('dead-letters').description('Messages in the dead-letter queues of Main.');
  command
    .command('list')
    .description('Lists the messages that failed for good. They stay in their queues.')
    .option('--limit <n>', 'maximum number of messages per queue', wholeNumber, 100)
    .option('--json', 'print a list of { queue, messageId, accountId, sentAt, receives, body, unreadable }')
    .action(list);
  command
    .command('redrive')
    .description('Moves the messages back to their source queues, to be processed again.')
    .option('--timeout <seconds>', 'how long to wait for SQS', wholeNumber, 300)
    .option('--json', 'print a list of { queue, moved }')
    .action(redrive);
  return command;
}

async function list({ limit, json }: ListOptions): Promise<void> {
  const { config } = await connect();
  const sqs = queueClient(config.region);
  const full = (await deadLetterCounts(sqs)).filter(({ waiting }) => waiting > 0);
  const all = (await Promise.all(full.map(({ queue }) => readDeadLetters(sqs, queue, limit)))).flat();
  if (json) return printJson(all);
  const rows = all.map(({ queue, accountId, sentAt, receives, body, unreadable }) => [
    queue,
    accountId ?? '–',
    time(sentAt),
    String(receives),
    cell(unreadable ? `cannot be read (${unreadable}) ${body}` : body),
  ]);
  if (rows.length > 0) printTable(['QUEUE', 'ACCOUNT', 'SENT', 'RECEIVED', 'MESSAGE'], rows);
  const waiting = full.reduce((sum, one) => sum + one.waiting, 0);
  say(
    waiting === 0
      ? 'No message has failed for good.'
      : `${all.length} of ${waiting} messages; once the cause is corrected: \`orgkeeper dead-letters redrive\`.`,
  );
}

async function redrive(options: { timeout: number; json?: boolean }): Promise<void> {
  const { config } = await connect();
  const sqs = queueClient(config.region);
  const moved: { queue: string; moved: number }[] = [];
  for (const { queue, waiting } of await deadLetterCounts(sqs)) {
    if (waiting === 0) continue;
    const count = await redriveDeadLetters(sqs, config, { queue, seconds: options.timeout });
    moved.push({ queue, moved: count });
    if (!options.json) say(`${counted(count, 'message')} moved back to ${queue}.`);
  }
  if (options.json) printJson(moved);
  else if (moved.length === 0) say('No message has failed for good; nothing was moved.');
}

/** A message that failed for good. */
interface DeadLetter {
  /** The queue that it failed in. */
  readonly queue: string;
  readonly messageId: string;
  /** The account that the message is about, if it names one. */
  readonly accountId?: string;
  /** ISO time. */
  readonly sentAt: string;
  /** How often it was received, including by this command. */
  readonly receives: number;
  readonly body: string;
  /** Why the message could not be read, if that is why it failed. */
  readonly unreadable?: string;
}

/** Visibility timeout while messages are read: the time they stay hidden if this command crashes. */
const READING_SECONDS = 30;
/** Long polling, so that SQS queries all its servers. */
const WAIT_SECONDS = 1;

/** The queues in Main that have dead letters, each with their number. */
async function deadLetterCounts(sqs: SQSClient): Promise<{ queue: string; waiting: number }[]> {
  return Promise.all(
    Object.values(QUEUES).map(async (queue) => {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: await urlOf(sqs, deadLettersOf(queue)),
          AttributeNames: ['ApproximateNumberOfMessages'],
        }),
      );
      return { queue, waiting: Number(Attributes?.ApproximateNumberOfMessages ?? 0) };
    }),
  );
}

/**
 * Reads at most `limit` dead letters of a queue and leaves them there. A FIFO queue returns at most ten messages of one account at
 * a time.
 */
async function readDeadLetters(sqs: SQSClient, queue: string, limit: number): Promise<DeadLetter[]> {
  const QueueUrl = await urlOf(sqs, deadLettersOf(queue));
  const seen = new Map<string, Message>();
  try {
    while (seen.size < limit) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: Math.min(10, limit - seen.size),
          VisibilityTimeout: READING_SECONDS,
          WaitTimeSeconds: WAIT_SECONDS,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: [WHY],
        }),
      );
      if (Messages.length === 0) break;
      for (const message of Messages) seen.set(message.MessageId ?? '', message);
    }
  } finally {
    await giveBack(sqs, QueueUrl, [...seen.values()]);
  }
  return [...seen.values()].map((message) => deadLetter(queue, message));
}

async function giveBack(sqs: SQSClient, QueueUrl: string, messages: readonly Message[]): Promise<void> {
  for (let start = 0; start < messages.length; start += 10) {
    const Entries = messages.slice(start, start + 10).map(({ ReceiptHandle }, at) => ({
      Id: String(at),
      ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
}

/**
 * Moves all dead letters back to their queue, waits until that is done, and returns their number. Names the destination, since
 * events that EventBridge could not deliver were never in the queue.
 * @throws Failure if SQS cannot move them, or not within `seconds`
 */
async function redriveDeadLetters(
  sqs: SQSClient,
  placed: Placed,
  { queue, seconds }: { queue: string; seconds: number },
): Promise<number> {
  const dead = deadLettersOf(queue);
  const SourceArn = arns(placed).queue(dead);
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: arns(placed).queue(queue) }));
  return poll(
    async () => {
      const { Results = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }));
      const [task] = Results;
      if (task?.Status === 'RUNNING') return undefined;
      if (task?.Status === 'COMPLETED') return task.ApproximateNumberOfMessagesMoved ?? 0;
      throw new Failure(
        `SQS stopped moving messages out of ${dead}: ${task?.FailureReason ?? task?.Status ?? 'the task no longer exists'}.`,
      );
    },
    {
      seconds,
      every: 500,
      late: () =>
        `SQS is still moving messages out of ${dead} and goes on: see \`orgkeeper dead-letters list\`.`,
    },
  );
}

async function urlOf(sqs: SQSClient, QueueName: string): Promise<string> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  return QueueUrl ?? '';
}

function deadLetter(queue: string, message: Message): DeadLetter {
  const { MessageId = '', Body = '', Attributes = {}, MessageAttributes = {} } = message;
  const accountId = accountIn(Body);
  const unreadable = MessageAttributes[WHY]?.StringValue;
  return {
    queue,
    messageId: MessageId,
    ...(accountId && { accountId }),
    sentAt: new Date(Number(Attributes.SentTimestamp ?? 0)).toISOString(),
    receives: Number(Attributes.ApproximateReceiveCount ?? 0),
    body: Body,
    ...(unreadable !== undefined && { unreadable }),
  };
}

/**
 * The account that a message is about: that of a work message, or the one in an event's detail, never the sender. Undefined if the
 * message names none. Pure.
 */
export function accountIn(body: string): string | undefined {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch {
    return undefined;
  }
  const detail = field(message, 'detail');
  for (const place of [
    field(detail, 'serviceEventDetails'),
    field(detail, 'requestParameters'),
    detail,
    message,
  ]) {
    for (const value of [place, ...Object.values((place ?? {}) as object)]) {
      const account = field(value, 'accountId') ?? field(field(value, 'account'), 'accountId');
      if (typeof account === 'string' && /^\d{12}$/.test(account) && value !== field(detail, 'userIdentity'))
        return account;
    }
  }
  return undefined;
}

function field(of: unknown, name: string): unknown {
  return of !== null && typeof of === 'object' ? (of as Record<string, unknown>)[name] : undefined;
}

/** The client for Orgkeeper's queues in Main. */
export function queueClient(region: string): SQSClient {
  return new SQSClient({ region, useQueueUrlAsEndpoint: false });
}
