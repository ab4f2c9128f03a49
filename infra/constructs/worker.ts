import {
  type Duration,
  type aws_iam as iam,
  aws_lambda as lambda,
  aws_logs as logs,
  RemovalPolicy,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Grant } from '../grant.ts';
import { type FunctionName, functionName } from '../names.ts';
import { attach } from './grants.ts';
import type { QueueWithDeadLetters } from './queue.ts';

/** A function and the queue that it works off. */
export interface WorkerOptions {
  role: iam.IRole;
  grants: Grant[];
  /** Folder of the bundle, with `index.mjs`. */
  code: string;
  description: string;
  config: string;
  timeout: Duration;
  memorySize: number;
  /**
   * It sends messages to its own queue on purpose: what is left of a long sweep, a look at something later. Lambda
   * takes more than about 16 in a row for a runaway loop and stops invoking, unless it is allowed here.
   */
  sendsToItself?: boolean;
  source: { queue: QueueWithDeadLetters; batchSize: number; maximumConcurrency?: number };
  logRetentionDays: number;
}

/**
 * A function that works off a queue: its log group, its permissions, and the mapping from the queue, which
 * reports failures message by message. Nothing but that mapping invokes it.
 */
export function worker(scope: Construct, name: FunctionName, options: WorkerOptions): lambda.Function {
  const parent = new Construct(scope, `${name[0]?.toUpperCase()}${name.slice(1)}`);
  const logGroup = new logs.LogGroup(parent, 'Logs', {
    logGroupName: `/aws/lambda/${functionName(name)}`,
    retention: options.logRetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const policy = attach(parent, 'Permissions', options.role, options.grants);
  const made = new lambda.Function(parent, 'Function', {
    functionName: functionName(name),
    description: options.description,
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    handler: 'index.handler',
    code: lambda.Code.fromAsset(options.code),
    role: options.role,
    logGroup,
    timeout: options.timeout,
    memorySize: options.memorySize,
    ...(options.sendsToItself && { recursiveLoop: lambda.RecursiveLoop.ALLOW }),
    environment: {
      ORGKEEPER_CONFIG: options.config,
      POWERTOOLS_SERVICE_NAME: functionName(name),
      POWERTOOLS_METRICS_NAMESPACE: 'Orgkeeper',
    },
  });
  const { queue, batchSize, maximumConcurrency } = options.source;
  const mapping = new lambda.EventSourceMapping(parent, 'Source', {
    target: made,
    eventSourceArn: queue.queue.queueArn,
    batchSize,
    reportBatchItemFailures: true,
    ...(maximumConcurrency && { maxConcurrency: maximumConcurrency }),
  });
  // CDK says of the role both that it is used and that it comes first.
  (made.node.defaultChild as lambda.CfnFunction).addMetadata('cfn-lint', {
    config: { ignore_checks: ['W3005'] },
  });
  // Without its permissions the function would fail the first messages, and the mapping would not be made.
  made.node.addDependency(policy);
  mapping.node.addDependency(policy);
  return made;
}
