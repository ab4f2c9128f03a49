import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { readMessage } from '../../shared/aws/read-message.ts';
import { Envelope } from '../../shared/domain/envelope.ts';
import { CreationMessage, SweepMessage, WorkMessage } from '../../shared/domain/work.ts';
import { MEMBER } from '../kit/factories.ts';
import { answering, on } from '../kit/sdk.ts';

const BASE = 'https://sqs.example/345678901234';

/** What becomes of a message: what was read, and what was put among the dead letters. */
async function read(schema: z.ZodType<unknown>, name: string, body: string) {
  const buried: object[] = [];
  const sqs = answering(
    new SQSClient({ region: 'eu-west-1', md5: false }),
    on(SendMessageCommand, (input) => {
      buried.push(input);
      return {};
    }),
  );
  const fifo = name.endsWith('.fifo');
  const attributes = { ApproximateReceiveCount: '1', ...(fifo && { MessageGroupId: MEMBER }) };
  const record = { messageId: 'message-1', body, attributes } as SQSRecord;
  const queue = { sqs, url: `${BASE}/${name}` };
  return { answer: await readMessage(schema, record, queue), buried };
}

const cause = { source: 'orgkeeper', detailType: 'Due', id: 'due:1' };
const work = { accountId: MEMBER, cause, requestedAt: '2026-11-20T10:00:00Z' };

describe('a message', () => {
  it('is read as what it says', async () => {
    const { answer, buried } = await read(WorkMessage, 'orgkeeper-work.fifo', JSON.stringify(work));
    expect({ answer, buried }).toEqual({ answer: { message: work }, buried: [] });
  });

  it.each([
    [
      'of work',
      WorkMessage,
      'orgkeeper-work.fifo',
      { ...work, accountId: 'all' },
      'accountId an account id has',
    ],
    ['for the sweep', SweepMessage, 'orgkeeper-sweep', { task: 'dance' }, 'task '],
    ['for a creation', CreationMessage, 'orgkeeper-creation', { key: 7 }, 'key must be text, not a number.'],
    ['that is no event', Envelope, 'orgkeeper-intake', [], 'it must be a group of fields, not a list.'],
  ])(
    '%s that cannot be read is put among the dead letters at once, with why',
    async (_, schema, name, content, why) => {
      const body = JSON.stringify(content);
      const { answer, buried } = await read(schema, name, body);
      expect(answer).toEqual({ unreadable: expect.stringContaining(why) });
      const fifo = name.endsWith('.fifo');
      expect(buried).toEqual([
        {
          QueueUrl: fifo ? `${BASE}/orgkeeper-work-dead.fifo` : `${BASE}/${name}-dead`,
          MessageBody: body,
          MessageAttributes: {
            'orgkeeper.unreadable': { DataType: 'String', StringValue: expect.stringContaining(why) },
          },
          ...(fifo && { MessageGroupId: MEMBER, MessageDeduplicationId: 'message-1' }),
        },
      ]);
    },
  );

  it('that is no JSON says so', async () => {
    const { answer, buried } = await read(WorkMessage, 'orgkeeper-work.fifo', '{"accountId":');
    expect(answer).toEqual({ unreadable: expect.stringContaining('The message is not JSON: ') });
    expect(buried).toHaveLength(1);
  });

  it('is described without what SQS takes for no text', async () => {
    const { buried } = await read(WorkMessage, 'orgkeeper-work.fifo', '\ud83d');
    const [{ MessageAttributes }] = buried as [
      { MessageAttributes: Record<string, { StringValue: string }> },
    ];
    const said = MessageAttributes['orgkeeper.unreadable']?.StringValue;
    expect(said).toContain('The message is not JSON: ');
    expect(said?.isWellFormed()).toBe(true);
  });

  it('comes again where it cannot be put there', async () => {
    const sqs = answering(
      new SQSClient({ region: 'eu-west-1', md5: false }),
      on(SendMessageCommand, () => Promise.reject(new Error('SQS is gone'))),
    );
    const record = { messageId: 'message-1', body: '', attributes: {} } as SQSRecord;
    const reading = readMessage(WorkMessage, record, { sqs, url: BASE });
    await expect(reading).rejects.toThrow('SQS is gone');
  });
});
