import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import type { Queue } from '../domain/work.ts';

/** Seconds until a message that failed for a passing reason is seen again: doubling, with jitter, ten minutes at most. */
export function backoffSeconds(receives: number, random: () => number = Math.random): number {
  const ceiling = Math.min(600, 2 * 2 ** Math.min(receives - 1, 12));
  return Math.max(1, Math.round(ceiling * (0.5 + random() / 2)));
}

/**
 * Makes a message visible again after its backoff: those that failed together, of a throttling, do not come back
 * together. Without this call the queue brings the message again when its visibility ends.
 */
export async function comeAgain(
  queue: Queue,
  { receiptHandle, receives }: { readonly receiptHandle: string; readonly receives: number },
): Promise<void> {
  await hide(queue, receiptHandle, backoffSeconds(receives));
}

/** Nobody else gets the message for so many seconds from now on. */
export async function hide({ sqs, url }: Queue, receiptHandle: string, seconds: number): Promise<void> {
  await sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: url,
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: seconds,
    }),
  );
}
