import { Duration, RemovalPolicy, aws_sqs as sqs, Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { deadLettersOf } from '../../shared/deployment/names.ts';

/** A queue, and where its messages go that failed for good. */
export interface QueueWithDeadLetters {
  queue: sqs.Queue;
  deadLetters: sqs.Queue;
}

/**
 * A queue with its queue of dead letters, both encrypted by SQS and closed to plain HTTP. A message is received
 * `receives` times before it counts as dead. A name ending in `.fifo` makes a high-throughput FIFO queue, whose
 * groups wait for nobody but themselves.
 */
export function queueWithDeadLetters(
  scope: Construct,
  id: string,
  options: { name: string; visibilityTimeout: Duration; receives: number },
): QueueWithDeadLetters {
  const parent = new Construct(scope, id);
  const deadLetters = deadLetterQueue(parent, 'DeadLetters', deadLettersOf(options.name));
  const queue = new sqs.Queue(parent, 'Queue', {
    ...common(options.name),
    visibilityTimeout: options.visibilityTimeout,
    retentionPeriod: Duration.days(4),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: options.receives },
  });
  return { queue, deadLetters };
}

/** A queue that keeps what failed for good, for as long as SQS keeps anything. */
export function deadLetterQueue(scope: Construct, id: string, name: string): sqs.Queue {
  const queue = new sqs.Queue(scope, id, { ...common(name), retentionPeriod: Duration.days(14) });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'It is a queue of dead letters itself, of a queue or of a rule.',
  });
  return queue;
}

function common(queueName: string): sqs.QueueProps {
  return {
    queueName,
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(queueName.endsWith('.fifo') && {
      fifo: true,
      deduplicationScope: sqs.DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
    }),
  };
}
