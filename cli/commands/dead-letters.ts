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
import { DEAD_LETTER } from '../../shared/aws/read-message.ts';
import { arns, deadLettersOf, type Placed, QUEUES } from '../../shared/deployment/names.ts';
import { cell } from '../../shared/domain/escape.ts';
import { accountIn, type FailedReason } from '../../shared/domain/failed-work.ts';
import { counted, time } from '../../shared/domain/words.ts';
import { wholeNumber } from '../arguments.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { poll } from '../follow.ts';
import { print, printJson, printTable, say } from '../terminal.ts';

interface ListOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** `dead-letters`: lists and redrives messages that failed for good. */
export function deadLettersCommand(): Command {
  const command = new Command('dead-letters')
    .description('Messages in the dead-letter queues of Main.')
    .addHelpText('after', examples('orgkeeper dead-letters list'));
  command
    .command('list')
    .description('Lists the messages that failed for good. They stay in their queues.')
    .option('--limit <n>', 'maximum number of messages per queue', wholeNumber, 100)
    .option(
      '--json',
      'print a list of { queue, reason, messageId, accountId, sentAt, receives, body, unreadable, error }',
    )
    .addHelpText('after', examples('orgkeeper dead-letters list --limit 10'))
    .action(list);
  command
    .command('redrive')
    .description('Moves the messages back to their source queues, to be processed again.')
    .option('--timeout <seconds>', 'how long to wait for SQS', wholeNumber, 300)
    .option('--json', 'print a list of { queue, moved }')
    .addHelpText('after', examples('orgkeeper dead-letters redrive'))
    .action(redrive);
  return command;
}

async function list({ limit, json }: ListOptions): Promise<void> {
  const { config } = await connect();
  const sqs = queueClient(config.region);
  const full = (await deadLetterCounts(sqs)).filter(({ waiting }) => waiting > 0);
  const all = (await Promise.all(full.map(({ queue }) => readDeadLetters(sqs, queue, limit)))).flat();
  if (json) return printJson(all);
  for (const [at, { queue, reason, why, letters }] of byReason(all).entries()) {
    if (at > 0) print('');
    print(cell(`${queue}: ${counted(letters.length, 'message')}, ${reason}: ${why}`));
    const rows = letters.map(({ accountId, sentAt, receives, body, unreadable, error }) => {
      const said = unreadable ?? error;
      return [accountId ?? '–', time(sentAt), String(receives), ...(said ? [said] : []), body];
    });
    const detail = letters.some(({ unreadable, error }) => unreadable ?? error) ? ['WHY'] : [];
    printTable(['ACCOUNT', 'SENT', 'RECEIVED', ...detail, 'MESSAGE'], rows);
  }
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
  readonly reason: FailedReason;
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
  /** What EventBridge says, if it could not deliver the event. */
  readonly error?: string;
}

const REASONS: Readonly<Record<FailedReason, string>> = {
  NotJson: 'it is not JSON; find out who sends it.',
  InvalidMessage: 'it is not a message of this queue; find out who sends it.',
  FailedEveryTime: 'it failed each time that it was received; see the log of the function.',
  Undelivered: 'EventBridge could not put the event into the queue.',
};

/** Dead letters of one queue with the same reason. */
interface Group {
  readonly queue: string;
  readonly reason: FailedReason;
  readonly why: string;
  readonly letters: readonly DeadLetter[];
}

/** The dead letters by queue, then by reason. Pure. */
export function byReason(letters: readonly DeadLetter[]): Group[] {
  const queues = [...new Set(letters.map(({ queue }) => queue))];
  const reasons = Object.keys(REASONS) as FailedReason[];
  return queues.flatMap((queue) =>
    reasons.flatMap((reason) => {
      const group = letters.filter((letter) => letter.queue === queue && letter.reason === reason);
      return group.length > 0 ? [{ queue, reason, why: REASONS[reason], letters: group }] : [];
    }),
  );
}

/** Visibility timeout while messages are read: the time they stay hidden if this command crashes. */
const READING_SECONDS = 30;
/**
 * Attributes that EventBridge gives an event that it could not deliver.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
 */
const EVENT_BRIDGE = { code: 'ERROR_CODE', message: 'ERROR_MESSAGE' } as const;
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
          MessageAttributeNames: [...Object.values(DEAD_LETTER), ...Object.values(EVENT_BRIDGE)],
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
  const attributeOf = (name: string) => MessageAttributes[name]?.StringValue;
  const unreadable = attributeOf(DEAD_LETTER.why);
  const code = attributeOf(EVENT_BRIDGE.code);
  const error = code && `${code}: ${attributeOf(EVENT_BRIDGE.message) ?? ''}`;
  return {
    queue,
    reason: reasonOf(attributeOf(DEAD_LETTER.reason), { unreadable, error }),
    messageId: attributeOf(DEAD_LETTER.messageId) ?? MessageId,
    ...(accountId && { accountId }),
    sentAt: new Date(Number(Attributes.SentTimestamp ?? 0)).toISOString(),
    receives: Number(Attributes.ApproximateReceiveCount ?? 0),
    body: Body,
    ...(unreadable !== undefined && { unreadable }),
    ...(error && { error }),
  };
}

/** A message that cannot be read has a reason since 0.1.0; before, it had only its `unreadable`. */
function reasonOf(
  written: string | undefined,
  { unreadable, error }: { readonly unreadable: string | undefined; readonly error: string | undefined },
): FailedReason {
  if (written !== undefined && Object.hasOwn(REASONS, written)) return written as FailedReason;
  if (unreadable !== undefined) return 'InvalidMessage';
  return error ? 'Undelivered' : 'FailedEveryTime';
}

/** The client for Orgkeeper's queues in Main. */
export function queueClient(region: string): SQSClient {
  return new SQSClient({ region, useQueueUrlAsEndpoint: false });
}
