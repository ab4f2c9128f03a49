import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { watch } from '../../shared/aws/watch.ts';
import { ServiceFault } from '../../shared/domain/errors.ts';
import { answering, on, unexpected } from './sdk.ts';

describe('answering', () => {
  const region = 'eu-west-1';

  it('answers a command by its input', async () => {
    const sqs = answering(
      new SQSClient({ region, md5: false }),
      on(SendMessageCommand, ({ MessageBody }) => ({ MessageId: `id of ${MessageBody}` })),
    );
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl: 'q', MessageBody: 'x' }));
    expect(sent.MessageId).toBe('id of x');
  });

  it('throws for a command without an answer', async () => {
    const sqs = answering(new SQSClient({ region }));
    await expect(sqs.send(new CreateQueueCommand({ QueueName: 'q' }))).rejects.toThrow(
      'nobody expected CreateQueueCommand',
    );
    // It would fail this test, too.
    expect(unexpected.splice(0)).toEqual(['CreateQueueCommand']);
  });

  it('lets the middleware of the client see calls and errors', async () => {
    const commands: string[] = [];
    const sqs = answering(
      new SQSClient({ region, md5: false }),
      on(SendMessageCommand, () => {
        throw Object.assign(new Error('later'), { name: 'InternalError', $fault: 'server' });
      }),
    );
    watch(sqs, { name: 'sqs' }, { onCall: ({ command }) => commands.push(command) });
    const sending = sqs.send(new SendMessageCommand({ QueueUrl: 'q', MessageBody: 'x' }));
    await expect(sending).rejects.toBeInstanceOf(ServiceFault);
    expect(commands).toEqual(['sqs:SendMessage']);
  });
});
