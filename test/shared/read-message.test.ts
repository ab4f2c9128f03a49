import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { bury, readMessage } from '../../shared/aws/read-message.ts';
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
  const answer = readMessage(schema, body);
  if ('unreadable' in answer) await bury(record, { sqs, url: `${BASE}/${name}` }, answer.unreadable);
  return { answer, buried };
}

const cause = { source: 'orgkeeper', detailType: 'Due', id: 'due:1' };
const work = { accountId: MEMBER, cause, requestedAt: '2026-11-20T10:00:00Z' };

describe('readMessage', () => {
  it('returns the content of a message', async () => {
    const { answer, buried } = await read(WorkMessage, 'orgkeeper-work.fifo', JSON.stringify(work));
    expect({ answer, buried }).toEqual({ answer: { message: work }, buried: [] });
  });

  it.each([
    ['of work', WorkMessage, work],
    ['for the sweep', SweepMessage, { ...work, accountId: undefined, task: 'sweep', sweepId: 's' }],
  ])('%s passes on what a newer version says in the cause', (_, schema, message) => {
    const said = { ...message, cause: { ...cause, approvedBy: 'somebody' } };
    expect(readMessage<unknown>(schema, JSON.stringify(said))).toEqual({ message: said });
  });

  it('of a newer version that asks for something unknown is not carried out by halves', () => {
    const body = JSON.stringify({ ...work, onlyLookAt: 'network' });
    expect(readMessage(WorkMessage, body)).toMatchObject({
      unreadable: { reason: 'InvalidMessage', why: expect.stringContaining('onlyLookAt') },
    });
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
    '%s that cannot be read becomes a dead letter at once, with the reason',
    async (_, schema, name, content, why) => {
      const body = JSON.stringify(content);
      const { answer, buried } = await read(schema, name, body);
      expect(answer).toEqual({
        unreadable: {
          reason: 'InvalidMessage',
          sentence: expect.stringContaining(why),
          why: expect.stringContaining(why),
        },
      });
      const fifo = name.endsWith('.fifo');
      expect(buried).toEqual([
        {
          QueueUrl: fifo ? `${BASE}/orgkeeper-work-dead.fifo` : `${BASE}/${name}-dead`,
          MessageBody: body,
          MessageAttributes: {
            'orgkeeper.unreadable': { DataType: 'String', StringValue: expect.stringContaining(why) },
            'orgkeeper.reason': { DataType: 'String', StringValue: 'InvalidMessage' },
            'orgkeeper.messageId': { DataType: 'String', StringValue: 'message-1' },
          },
          ...(fifo && { MessageGroupId: MEMBER, MessageDeduplicationId: 'message-1' }),
        },
      ]);
    },
  );

  it('says that a message is not JSON', async () => {
    const { answer, buried } = await read(WorkMessage, 'orgkeeper-work.fifo', '{"accountId":');
    expect(answer).toEqual({
      unreadable: {
        reason: 'NotJson',
        sentence: 'The message is not JSON.',
        why: expect.stringContaining('The message is not JSON: '),
      },
    });
    expect(buried).toHaveLength(1);
  });

  it('describes a message without the characters that SQS refuses', async () => {
    const { buried } = await read(WorkMessage, 'orgkeeper-work.fifo', '\ud83d');
    const [{ MessageAttributes }] = buried as [
      { MessageAttributes: Record<string, { StringValue: string }> },
    ];
    const said = MessageAttributes['orgkeeper.unreadable']?.StringValue;
    expect(said).toContain('The message is not JSON: ');
    expect(said?.isWellFormed()).toBe(true);
  });

  it.each([
    ['no JSON', 'Call +1 555 0100 now'],
    ['unknown fields', JSON.stringify({ ...work, 'Call +1 555 0100 now': 1 })],
    ['odd lengths', JSON.stringify({ ...work, cause: { 'Call +1 555 0100 now': { length: {} } } })],
    ['a wrong value', JSON.stringify({ ...work, accountId: 'Call +1 555 0100 now' })],
  ])('of %s is described by a sentence that repeats nothing of its text', async (_, body) => {
    const { answer } = await read(WorkMessage, 'orgkeeper-work.fifo', body);
    expect(answer).toMatchObject({ unreadable: { sentence: expect.not.stringContaining('555') } });
  });
});
