/** Who polls a queue learns here that there may be something to receive, instead of polling all the time. */
export interface QueueChanges {
  /** Must be called after every call to the emulator. */
  after(call: { readonly service: string; readonly action: string; readonly queueUrl: unknown }): void;
  /**
   * Resolves after the next call that may make a message of the queue receivable: one was sent, hidden for another time, or deleted,
   * which frees its group. A message that becomes visible with time resolves nothing.
   */
  next(queueUrl: string): Promise<void>;
}

const CHANGES = /^(SendMessage|DeleteMessage|ChangeMessageVisibility)(Batch)?$/;

/** Starts without anybody who waits. */
export function createQueueChanges(): QueueChanges {
  const waiting = new Map<string, { readonly promise: Promise<void>; readonly resolve: () => void }>();
  return {
    after({ service, action, queueUrl }) {
      if (service !== 'sqs' || !CHANGES.test(action) || typeof queueUrl !== 'string') return;
      const queue = queueAt(queueUrl);
      waiting.get(queue)?.resolve();
      waiting.delete(queue);
    },
    next(queueUrl) {
      const queue = queueAt(queueUrl);
      const known = waiting.get(queue) ?? Promise.withResolvers<void>();
      waiting.set(queue, known);
      return known.promise;
    },
  };
}

/** Account and name of the queue, which its URL ends with, whatever the host. */
function queueAt(url: string): string {
  return url.split('/').slice(-2).join('/');
}
