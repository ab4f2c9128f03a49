import {
  type Duration,
  type aws_iam as iam,
  aws_lambda as lambda,
  aws_logs as logs,
  RemovalPolicy,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { type FunctionName, functionName } from '../../shared/deployment/names.ts';
import type { Permission } from '../../shared/deployment/permissions.ts';
import { attach } from './grants.ts';
import type { QueueWithDeadLetters } from './queue.ts';

/** A function and the queue that it works off. */
export interface WorkerOptions {
  role: iam.IRole;
  grants: Permission[];
  /** Folder of the bundle, with `index.mjs`. */
  code: string;
  description: string;
  config: string;
  timeout: Duration;
  memorySize: number;
  /**
   * It sends messages to its own queue on purpose: what is left of a long sweep, a look at something later. Lambda
   * takes more than about 16 in a row for a runaway loop and stops invoking, unless it is allowed here; where Lambda
   * does not look for loops (`detectsLoops`), there is nothing to allow, and a template that did would not deploy.
   */
  sendsToItself?: boolean;
  /** `maximumConcurrency`: Lambda invokes no more at a time; a standard queue has no other limit than the account's. */
  source: { queue: QueueWithDeadLetters; batchSize: number; maximumConcurrency: number };
  logRetentionDays: number;
  partition: string;
  region: string;
}

/** Commercial regions in which Lambda neither detects recursive loops nor knows the property. */
const WITHOUT_LOOP_DETECTION = new Set(['mx-central-1', 'ap-southeast-6']);

/**
 * Whether Lambda looks for recursive loops there: in commercial regions, but for the newest; not in GovCloud, and in
 * China no document says so.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
export function detectsLoops(partition: string, region: string): boolean {
  return partition === 'aws' && !WITHOUT_LOOP_DETECTION.has(region);
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
  const { partition, region } = options;
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
    ...(options.sendsToItself &&
      detectsLoops(partition, region) && { recursiveLoop: lambda.RecursiveLoop.ALLOW }),
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
    maxConcurrency: maximumConcurrency,
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
