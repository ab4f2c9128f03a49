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

/** A function and the queue that it processes. */
export interface WorkerOptions {
  role: iam.IRole;
  grants: Permission[];
  /** The name of the policy with the grants, where the role has another one of ours. */
  policyName?: string;
  /** Folder of the bundle, which contains `index.mjs`. */
  code: string;
  description: string;
  config: string;
  timeout: Duration;
  memorySize: number;
  /**
   * The function sends messages to its own queue on purpose: the rest of a long sweep, or a later run. Lambda treats more than about
   * 16 of these in a row as a recursive loop and stops, unless the template allows it. In regions without loop detection
   * (`detectsLoops`), a template with that property would fail to deploy.
   */
  sendsToItself?: boolean;
  /** Maximum number of concurrent invocations; without it, only the account's quota limits a standard queue. */
  source: { queue: QueueWithDeadLetters; batchSize: number; maximumConcurrency: number };
  logRetentionDays: number;
  partition: string;
  region: string;
}

/** Commercial regions in which Lambda neither detects recursive loops nor supports the property. */
const WITHOUT_LOOP_DETECTION = new Set(['mx-central-1', 'ap-southeast-6']);

/**
 * Whether Lambda detects recursive loops in a region: in commercial regions except the newest; not in GovCloud; not documented for
 * China.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
export function detectsLoops(partition: string, region: string): boolean {
  return partition === 'aws' && !WITHOUT_LOOP_DETECTION.has(region);
}

/**
 * A function that processes a queue: its log group, its permissions, and the event source mapping, which reports failures message by
 * message. Nothing else invokes the function.
 */
export function worker(scope: Construct, name: FunctionName, options: WorkerOptions): lambda.Function {
  const parent = new Construct(scope, `${name[0]?.toUpperCase()}${name.slice(1)}`);
  const logGroup = new logs.LogGroup(parent, 'Logs', {
    logGroupName: `/aws/lambda/${functionName(name)}`,
    retention: options.logRetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const { partition, region } = options;
  const policy = attach(parent, 'Permissions', options.role, options.grants, options.policyName);
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
  // CDK adds the role both as a reference and as a dependency.
  (made.node.defaultChild as lambda.CfnFunction).addMetadata('cfn-lint', {
    config: { ignore_checks: ['W3005'] },
  });
  // Without its permissions the function would fail the first messages, and the mapping could not be created.
  made.node.addDependency(policy);
  mapping.node.addDependency(policy);
  return made;
}
