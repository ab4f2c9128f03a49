import { randomUUID } from 'node:crypto';
import type { Upstream } from './upstream.ts';
import { type Call, errorReply, isObject, jsonReply, parseObject, type Reply, text } from './wire.ts';

type Fields = Record<string, unknown>;

/** SQS's tasks that move dead letters back, which the emulator does not have. */
export interface MoveTasks {
  /** The answer for StartMessageMoveTask and ListMessageMoveTasks; undefined for any other call. */
  answer(call: Call): Promise<Reply | undefined>;
}

interface Task {
  readonly TaskHandle: string;
  readonly SourceArn: string;
  readonly DestinationArn: string;
  readonly StartedTimestamp: number;
  Status: 'RUNNING' | 'COMPLETED' | 'FAILED';
  ApproximateNumberOfMessagesMoved: number;
  FailureReason?: string;
}

/** Tasks run at once and beside each other, one for a queue at a time. They end with the runtime. */
export function createMoveTasks(upstream: Upstream): MoveTasks {
  const tasks: Task[] = [];

  async function sqs(arn: string, action: string, params: Fields): Promise<Fields | undefined> {
    const [, , , region = '', account = '', name = ''] = arn.split(':');
    const QueueUrl = `${upstream.endpoint()}/${account}/${name}`;
    const as = { account, region, service: 'sqs' };
    const reply = await upstream.json(`AmazonSQS.${action}`, { QueueUrl, ...params }, as);
    return reply.status === 200 ? (parseObject(reply.body) ?? {}) : undefined;
  }

  async function move(task: Task): Promise<void> {
    for (;;) {
      const received = await sqs(task.SourceArn, 'ReceiveMessage', {
        MaxNumberOfMessages: 10,
        AttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      });
      const messages = Array.isArray(received?.Messages) ? received.Messages.filter(isObject) : [];
      if (messages.length === 0) return;
      for (const message of messages) {
        const attributes = isObject(message.Attributes) ? message.Attributes : {};
        const MessageGroupId = text(attributes, 'MessageGroupId');
        const fifo = MessageGroupId ? { MessageGroupId, MessageDeduplicationId: randomUUID() } : {};
        const sent = { MessageBody: message.Body, MessageAttributes: message.MessageAttributes, ...fifo };
        if (!(await sqs(task.DestinationArn, 'SendMessage', sent)))
          throw new Error('CouldNotMoveToDestination');
        await sqs(task.SourceArn, 'DeleteMessage', { ReceiptHandle: message.ReceiptHandle });
        task.ApproximateNumberOfMessagesMoved += 1;
      }
    }
  }

  async function start(call: Call): Promise<Reply> {
    const SourceArn = text(call.params, 'SourceArn') ?? '';
    if (!(await sqs(SourceArn, 'GetQueueAttributes', {}))) {
      const message = "The resource that you specified for the SourceArn parameter doesn't exist.";
      return errorReply(call, 404, 'ResourceNotFoundException', message);
    }
    if (tasks.some((task) => task.SourceArn === SourceArn && task.Status === 'RUNNING')) {
      const message =
        'There is already a task running. Only one active task is allowed for a source queue arn.';
      return errorReply(call, 400, 'UnsupportedOperation', message);
    }
    const task: Task = {
      TaskHandle: randomUUID(),
      SourceArn,
      DestinationArn: text(call.params, 'DestinationArn') ?? '',
      StartedTimestamp: Date.now(),
      Status: 'RUNNING',
      ApproximateNumberOfMessagesMoved: 0,
    };
    tasks.unshift(task);
    move(task).then(
      () => {
        task.Status = 'COMPLETED';
      },
      (error: Error) => {
        task.Status = 'FAILED';
        task.FailureReason = error.message;
      },
    );
    return jsonReply(call, { TaskHandle: task.TaskHandle });
  }

  return {
    async answer(call) {
      if (call.action === 'StartMessageMoveTask') return start(call);
      if (call.action !== 'ListMessageMoveTasks') return undefined;
      const of = tasks.filter(({ SourceArn }) => SourceArn === text(call.params, 'SourceArn'));
      return jsonReply(call, { Results: of.slice(0, Number(call.params.MaxResults ?? 1)) });
    },
  };
}
