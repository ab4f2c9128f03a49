import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { SQSEvent, SQSRecord } from 'aws-lambda';

/** An event with these messages, as a function receives it from SQS. */
export function batch(...Records: readonly SQSRecord[]): Pick<SQSEvent, 'Records'> {
  return { Records: [...Records] };
}

/** A message of a queue: data, or a text, which need not be JSON; of a FIFO queue if it has a group. */
export function aMessage(
  content: unknown,
  {
    id = 'message-1',
    receives = 1,
    sentAt = new Date(0),
    group,
  }: { id?: string; receives?: number; sentAt?: Date; group?: string | undefined } = {},
): SQSRecord {
  return {
    messageId: id,
    receiptHandle: `receipt of ${id}`,
    body: typeof content === 'string' ? content : JSON.stringify(content),
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentAt.getTime()),
      SenderId: 'sender',
      ApproximateFirstReceiveTimestamp: String(sentAt.getTime()),
      ...(group !== undefined && { MessageGroupId: group }),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:345678901234:queue',
    awsRegion: 'eu-west-1',
  };
}

/** The context of an invocation with this number of seconds left. */
export function secondsLeft(seconds: number) {
  return { getRemainingTimeInMillis: () => seconds * 1000 };
}

/** Metrics that print nothing; otherwise they are lines of the log. */
export function silentMetrics(): Metrics {
  process.env.POWERTOOLS_METRICS_DISABLED = 'true';
  return new Metrics({ namespace: 'Test' });
}

/** A logger that prints nothing, and the lines that it got: `level message`. */
export function silentLogger(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const logger = new Logger({ logLevel: 'SILENT' });
  const told = (level: string) => (message: unknown) => void lines.push(`${level} ${message}`);
  Object.assign(logger, {
    info: told('info'),
    warn: told('warn'),
    error: told('error'),
    createChild: () => logger,
  });
  return { logger, lines };
}
