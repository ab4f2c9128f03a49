import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { deadLettersOf } from '../deployment/names.ts';
import { check } from '../domain/plain-words.ts';
import { zodProblems } from '../domain/requests.ts';
import type { Queue } from './queue.ts';

/** Why a message cannot be read; stands on the dead letter and in the log. */
export interface Unreadable {
  readonly unreadable: string;
}

/** The attribute of a dead letter that says why its message could not be read. */
export const WHY = 'orgkeeper.unreadable';
const WHY_CHARACTERS = 500;

/**
 * Parses a message of a queue. An unreadable one would be unreadable the next time, too: it is sent to the dead-letter queue
 * at once, with the reason, and counts as handled. If that fails, the message is redelivered.
 */
export async function readMessage<T>(
  schema: z.ZodType<T>,
  record: SQSRecord,
  queue: Queue,
): Promise<{ readonly message: T } | Unreadable> {
  const read = parse(schema, record.body);
  if ('unreadable' in read) await bury(record, queue, read.unreadable);
  return read;
}

function parse<T>(schema: z.ZodType<T>, body: string): { readonly message: T } | Unreadable {
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch (error) {
    return { unreadable: `The message is not JSON: ${error instanceof Error ? error.message : error}` };
  }
  const parsed = check(schema, content);
  if (parsed.success) return { message: parsed.data };
  const problems = zodProblems(parsed.error, '').map(({ path, message }) => `${path || 'it'} ${message}`);
  return { unreadable: `${problems.join('; ')}.` };
}

/** A text as the value of a message attribute: shortened, without control characters. */
function attribute(text: string): string {
  return text.slice(0, WHY_CHARACTERS).replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD]/g, '?');
}

async function bury(record: SQSRecord, queue: Queue, why: string): Promise<void> {
  const { body, messageId, attributes } = record;
  const group = attributes.MessageGroupId;
  await queue.sqs.send(
    new SendMessageCommand({
      QueueUrl: deadLettersOf(queue.url),
      MessageBody: body,
      MessageAttributes: { [WHY]: { DataType: 'String', StringValue: attribute(why) } },
      ...(group && { MessageGroupId: group, MessageDeduplicationId: messageId }),
    }),
  );
}
