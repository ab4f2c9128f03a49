import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { deadLettersOf } from '../deployment/names.ts';
import type { FailedReason } from '../domain/failed-work.ts';
import { check, type Issues } from '../domain/plain-words.ts';
import { zodProblems } from '../domain/requests.ts';
import type { Queue } from './queue.ts';

/** Why a message cannot be read. */
export interface Unreadable {
  readonly reason: Extract<FailedReason, 'NotJson' | 'InvalidMessage'>;
  /** One sentence without any text of the message. */
  readonly sentence: string;
  /** The same in detail; it may quote the message. */
  readonly why: string;
}

/** Attributes of a dead letter that the function itself sent there. */
export const DEAD_LETTER = {
  /** Why the message could not be read. */
  why: 'orgkeeper.unreadable',
  reason: 'orgkeeper.reason',
  /** Id of the message in its own queue. */
  messageId: 'orgkeeper.messageId',
} as const;

const WHY_CHARACTERS = 500;

/** Parses a message of a queue. Pure. */
export function readMessage<T>(
  schema: z.ZodType<T>,
  body: string,
): { readonly message: T } | { readonly unreadable: Unreadable } {
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch (error) {
    const why = `The message is not JSON: ${error instanceof Error ? error.message : error}`;
    return { unreadable: { reason: 'NotJson', sentence: 'The message is not JSON.', why } };
  }
  const checked = check(schema, content);
  if (checked.success) return { message: checked.data };
  const why = `${inWords(zodProblems(checked.error, ''))}.`;
  return { unreadable: { reason: 'InvalidMessage', sentence: withoutItsText(checked.error), why } };
}

function inWords(problems: readonly { readonly path: string; readonly message: string }[]): string {
  return problems.map(({ path, message }) => `${path || 'it'} ${message}`).join('; ');
}

/** The problems by the names of our fields: the sender of the message chose the names of all other fields. */
function withoutItsText({ issues }: Issues): string {
  const ours = issues.filter(({ code }) => code !== 'unrecognized_keys');
  const named = ours.map((issue) => (issue.code === 'custom' ? { ...issue, path: [] } : issue));
  const problems = zodProblems({ issues: named }, '');
  const unknown = ours.length < issues.length ? [{ path: '', message: 'has unknown fields' }] : [];
  return `The message is not a message of its queue: ${inWords([...problems, ...unknown])}.`;
}

/** A text as the value of a message attribute: shortened, without control characters. */
function attribute(text: string): { readonly DataType: 'String'; readonly StringValue: string } {
  const StringValue = text.slice(0, WHY_CHARACTERS).replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD]/g, '?');
  return { DataType: 'String', StringValue };
}

/**
 * Sends a message to the dead-letter queue of its queue, with the reason: it would be unreadable the next time, too. A FIFO queue
 * keeps the group, and takes the message once, however often this is repeated within five minutes.
 */
export async function bury(record: SQSRecord, queue: Queue, { reason, why }: Unreadable): Promise<void> {
  const { body, messageId, attributes } = record;
  const group = attributes.MessageGroupId;
  await queue.sqs.send(
    new SendMessageCommand({
      QueueUrl: deadLettersOf(queue.url),
      MessageBody: body,
      MessageAttributes: {
        [DEAD_LETTER.why]: attribute(why),
        [DEAD_LETTER.reason]: attribute(reason),
        [DEAD_LETTER.messageId]: attribute(messageId),
      },
      ...(group && { MessageGroupId: group, MessageDeduplicationId: messageId }),
    }),
  );
}
