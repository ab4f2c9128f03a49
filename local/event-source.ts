import type { Message } from '@aws-sdk/client-sqs';
import type { FunctionPool } from './function-pool.ts';
import type { LocalQueue } from './queue-client.ts';

/** A deployed mapping from a queue to a function. */
export interface EventSource {
  readonly id: string;
  readonly queueArn: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly maximumConcurrency: number;
  readonly reportsItemFailures: boolean;
}

/** How long a message that becomes visible with time may wait; one that is sent is received at once. */
const IDLE_MS = 500;

/**
 * Polls the queue and invokes the function like a Lambda event source mapping: with batch size and concurrency; successful messages
 * are deleted, failed ones become visible again after their timeout. `stop` waits for running batches.
 */
export function runEventSource(
  source: EventSource,
  deps: { queue: LocalQueue; pool: FunctionPool; region: string; enabled: () => boolean },
) {
  const running = new Set<Promise<void>>();
  let stopped = false;

  async function work(messages: Message[]): Promise<void> {
    const records = messages.map((message) => recordOf(message, source, deps.region));
    const outcome = await deps.pool.invoke({ Records: records });
    if (stopped || 'error' in outcome) return;
    const failed = source.reportsItemFailures ? failedIds(outcome.result, messages) : new Set<string>();
    await deps.queue.remove(messages.filter(({ MessageId = '' }) => !failed.has(MessageId)));
  }

  async function poll(): Promise<void> {
    while (!stopped) {
      if (!deps.enabled()) {
        await pause(IDLE_MS);
        continue;
      }
      if (running.size >= source.maximumConcurrency) {
        await Promise.race(running);
        continue;
      }
      const changed = deps.queue.changed();
      // Polls again if the emulator does not answer, as Lambda does. The runtime notices if the emulator has ended.
      const messages = await deps.queue.receive(source.batchSize).catch(() => []);
      if (stopped) return;
      if (messages.length === 0) {
        await Promise.race([pause(IDLE_MS), changed, ...running]);
        continue;
      }
      const batch = work(messages)
        // A message that was not deleted is redelivered.
        .catch(() => undefined)
        .finally(() => running.delete(batch));
      running.add(batch);
    }
  }

  const polling = poll();
  return {
    async stop(): Promise<void> {
      stopped = true;
      await polling;
    },
  };
}

function recordOf(message: Message, source: EventSource, region: string) {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    {
      stringValue: value.StringValue,
      binaryValue: value.BinaryValue,
      stringListValues: [],
      binaryListValues: [],
      dataType: value.DataType,
    },
  ]);
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: source.queueArn,
    awsRegion: region,
  };
}

/** As in Lambda, the whole batch has failed if an identifier is unknown or the answer has another shape. */
function failedIds(result: unknown, messages: Message[]): Set<string> {
  if (result === null || result === '') return new Set();
  const all = new Set(messages.map(({ MessageId = '' }) => MessageId));
  const failures = (result as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(failures)) return all;
  const ids = failures.map((failure: { itemIdentifier?: unknown }) => failure?.itemIdentifier);
  return ids.every((id) => typeof id === 'string' && all.has(id)) ? new Set(ids as string[]) : all;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
