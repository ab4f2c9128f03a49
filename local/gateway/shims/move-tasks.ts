import { randomUUID } from 'node:crypto';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  SQSServiceException,
} from '@aws-sdk/client-sqs';
import type { Deviation, Shim } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { type Call, errorReply, jsonReply, type Reply, text } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'cannot move dead letters back',
  here: 'StartMessageMoveTask and ListMessageMoveTasks',
};

interface Task {
  readonly TaskHandle: string;
  readonly SourceArn: string;
  readonly DestinationArn: string;
  readonly StartedTimestamp: number;
  Status: 'RUNNING' | 'COMPLETED' | 'FAILED';
  ApproximateNumberOfMessagesMoved: number;
  FailureReason?: string;
}

/** Tasks start immediately and run concurrently, one for each queue. They end with the runtime. */
export function moveTasksShim(upstream: Upstream): Shim {
  const tasks: Task[] = [];

  function queueAt(arn: string) {
    const [, , , region = '', account = '', name = ''] = arn.split(':');
    const QueueUrl = `${upstream.endpoint()}/${account}/${name}`;
    return { QueueUrl, sqs: upstream.client(SQSClient, { account, region }) };
  }

  async function move(task: Task): Promise<void> {
    const { sqs, QueueUrl } = queueAt(task.SourceArn);
    const to = queueAt(task.DestinationArn);
    for (;;) {
      const { Messages: messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      if (messages.length === 0) return;
      for (const { Body, Attributes, MessageAttributes, ReceiptHandle } of messages) {
        const group = Attributes?.MessageGroupId;
        const fifo = group ? { MessageGroupId: group, MessageDeduplicationId: randomUUID() } : {};
        const message = { QueueUrl: to.QueueUrl, MessageBody: Body, MessageAttributes, ...fifo };
        await to.sqs.send(new SendMessageCommand(message)).catch((cause) => {
          throw new Error('CouldNotMoveToDestination', { cause });
        });
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        task.ApproximateNumberOfMessagesMoved += 1;
      }
    }
  }

  async function isThere(arn: string): Promise<boolean> {
    const { sqs, QueueUrl } = queueAt(arn);
    try {
      await sqs.send(new GetQueueAttributesCommand({ QueueUrl }));
      return true;
    } catch (error) {
      if (error instanceof SQSServiceException) return false;
      throw error;
    }
  }

  async function start(call: Call): Promise<Reply> {
    const SourceArn = text(call.params, 'SourceArn') ?? '';
    if (!(await isThere(SourceArn))) {
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
    services: ['sqs'],
    actions: ['StartMessageMoveTask', 'ListMessageMoveTasks'],
    async answer(call) {
      if (call.action === 'StartMessageMoveTask') return start(call);
      const of = tasks.filter(({ SourceArn }) => SourceArn === text(call.params, 'SourceArn'));
      return jsonReply(call, { Results: of.slice(0, Number(call.params.MaxResults ?? 1)) });
    },
  };
}
