import {
  CreateQueueCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../kit/wait.ts';
import { MAIN, startTestGateway, type TestGateway } from './support.ts';

let local: TestGateway;
let sqs: SQSClient;
beforeAll(async () => {
  local = await startTestGateway();
  sqs = new SQSClient({ ...local.as(MAIN), useQueueUrlAsEndpoint: false });
}, 60_000);
afterAll(() => local?.stop());

const arn = (name: string) => `arn:aws:sqs:eu-west-1:${MAIN}:${name}`;

async function queue(QueueName: string): Promise<string | undefined> {
  const Attributes = { FifoQueue: 'true' };
  return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl;
}

/** The newest task, once it is over. */
async function over(SourceArn: string) {
  return until('the task is over', async () => {
    const { Results: [task] = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }));
    return task && task.Status !== 'RUNNING' ? task : undefined;
  });
}

describe('A task that moves dead letters', () => {
  it('moves all of them, with their groups, in their order', async () => {
    const dead = await queue('a-dead.fifo');
    const QueueUrl = await queue('a.fifo');
    for (let at = 0; at < 12; at++) {
      await sqs.send(
        new SendMessageCommand({
          QueueUrl: dead,
          MessageBody: String(at),
          MessageGroupId: 'one',
          MessageDeduplicationId: String(at),
        }),
      );
    }
    const SourceArn = arn('a-dead.fifo');
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: arn('a.fifo') }));
    expect(await over(SourceArn)).toMatchObject({
      Status: 'COMPLETED',
      ApproximateNumberOfMessagesMoved: 12,
    });
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }),
    );
    expect(Messages.map(({ Body, Attributes }) => [Body, Attributes?.MessageGroupId])).toEqual(
      Array.from({ length: 10 }, (_, at) => [String(at), 'one']),
    );
  });

  it('fails if there is no destination, and loses none', async () => {
    const dead = await queue('b-dead.fifo');
    const message = { MessageBody: 'kept', MessageGroupId: 'one', MessageDeduplicationId: 'one' };
    await sqs.send(new SendMessageCommand({ QueueUrl: dead, ...message }));
    const SourceArn = arn('b-dead.fifo');
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: arn('nowhere.fifo') }));
    expect(await over(SourceArn)).toMatchObject({ Status: 'FAILED', ApproximateNumberOfMessagesMoved: 0 });
  });

  it('is refused for a queue that does not exist', async () => {
    const start = new StartMessageMoveTaskCommand({
      SourceArn: arn('nowhere'),
      DestinationArn: arn('a.fifo'),
    });
    await expect(sqs.send(start)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
