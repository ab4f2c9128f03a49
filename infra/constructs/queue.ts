import { Duration, RemovalPolicy, aws_sqs as sqs, Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { deadLettersOf } from '../../shared/deployment/names.ts';

/** A queue and its dead-letter queue. */
export interface QueueWithDeadLetters {
  queue: sqs.Queue;
  deadLetters: sqs.Queue;
}

/**
 * A queue with its dead-letter queue, both encrypted by SQS and without plain HTTP. A message becomes a dead letter after `receives`
 * receives. A name that ends in `.fifo` makes a high-throughput FIFO queue, whose message groups do not wait for each other.
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

/** A dead-letter queue, with SQS's longest retention. */
export function deadLetterQueue(scope: Construct, id: string, name: string): sqs.Queue {
  const queue = new sqs.Queue(scope, id, { ...common(name), retentionPeriod: Duration.days(14) });
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'It is itself a dead-letter queue, of a queue or of a rule.',
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
