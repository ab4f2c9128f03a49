import { type App, Duration, aws_iam as iam, Stack, aws_ssm as ssm } from 'aws-cdk-lib';
import { INTAKE_CONCURRENCY } from '../shared/aws/organization.ts';
import type { Config } from '../shared/deployment/config.ts';
import {
  arns,
  type FunctionName,
  NAMES,
  reviewsBucket,
  STACKS,
  templatesBucket,
} from '../shared/deployment/names.ts';
import { permissions } from '../shared/deployment/permissions.ts';
import {
  CREATION_RECEIVES,
  INTAKE_RECEIVES,
  REVIEW_RECEIVES,
  SWEEP_RECEIVES,
  WORK_RECEIVES,
} from '../shared/domain/work.ts';
import { archive, bus } from './constructs/bus.ts';
import { attach } from './constructs/grants.ts';
import { mainTable } from './constructs/main-table.ts';
import { monitoring } from './constructs/monitoring.ts';
import { notices } from './constructs/notices.ts';
import { outputs } from './constructs/outputs.ts';
import { queueWithDeadLetters } from './constructs/queue.ts';
import { reviews } from './constructs/reviews.ts';
import { schedules } from './constructs/schedules.ts';
import { templates } from './constructs/templates.ts';
import { worker } from './constructs/worker.ts';
import type { DeploymentContext } from './context.ts';
import { MEGABYTES } from './memory.ts';
import { mainSynthesizer } from './synthesizer.ts';

/**
 * Visibility timeout of each queue, as a multiple of its function's timeout: how long the messages of a killed invocation wait
 * (docs/decisions/0015-recovery.md). Runs shorten that of their own message and renew it while they work.
 */
const VISIBILITY = { intake: 2, sweep: 2, 'create-account': 2, reconcile: 1, review: 2 } as const;

/**
 * Orgkeeper itself: bus, queues, functions, table, schedules, alarms. Depends on the identity stack. Deleting it retains the table
 * and the roles.
 */
export function mainStack(app: App, context: DeploymentContext, code: Record<FunctionName, string>): Stack {
  const stack = new Stack(app, STACKS.main, {
    env: { account: context.mainAccountId, region: context.region },
    synthesizer: mainSynthesizer(),
    description: 'Orgkeeper: keeps every account of the organization in its desired state',
  });
  const timeouts = {
    intake: Duration.minutes(1),
    sweep: Duration.minutes(5),
    reconcile: Duration.minutes(2),
    'create-account': Duration.minutes(1),
    review: Duration.minutes(5),
  };
  const queue = (id: string, name: string, worksFor: FunctionName, receives: number) =>
    queueWithDeadLetters(stack, id, {
      name,
      receives,
      visibilityTimeout: Duration.seconds(VISIBILITY[worksFor] * timeouts[worksFor].toSeconds()),
    });
  const queues = {
    intake: queue('IntakeMessages', NAMES.intakeQueue, 'intake', INTAKE_RECEIVES),
    sweep: queue('SweepMessages', NAMES.sweepQueue, 'sweep', SWEEP_RECEIVES),
    reconcile: queue('WorkMessages', NAMES.workQueue, 'reconcile', WORK_RECEIVES),
    creation: queue('CreationMessages', NAMES.creationQueue, 'create-account', CREATION_RECEIVES),
    review: queue('ReviewMessages', NAMES.reviewQueue, 'review', REVIEW_RECEIVES),
  };
  mainTable(stack);
  templates(stack, templatesBucket(context));
  reviews(stack, reviewsBucket(context));
  const eventBus = bus(stack, context, queues.intake);
  const tells = notices(stack, context, eventBus);
  archive(stack, context, eventBus);
  schedules(stack, context);

  const config = stack.toJsonString(
    configuration(context, {
      intakeQueueUrl: queues.intake.queue.queueUrl,
      workQueueUrl: queues.reconcile.queue.queueUrl,
      sweepQueueUrl: queues.sweep.queue.queueUrl,
      creationQueueUrl: queues.creation.queue.queueUrl,
      reviewQueueUrl: queues.review.queue.queueUrl,
    }),
  );
  new ssm.StringParameter(stack, 'Config', {
    parameterName: NAMES.configParameter,
    description: 'Configuration of this deployment, for the orgkeeper command line',
    stringValue: config,
  });
  const grants = permissions(context);
  const ownRole = (id: string, roleName: string) =>
    new iam.Role(stack, id, { roleName, assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const { logRetentionDays, partition, region } = context;
  const shared = { config, logRetentionDays, partition, region };
  worker(stack, 'intake', {
    ...shared,
    description: 'Turns events into account records and work messages',
    role: ownRole('IntakeRole', NAMES.intakeRole),
    grants: grants.intake,
    code: code.intake,
    timeout: timeouts.intake,
    memorySize: MEGABYTES.intake,
    source: { queue: queues.intake, batchSize: 10, maximumConcurrency: INTAKE_CONCURRENCY },
  });
  worker(stack, 'sweep', {
    ...shared,
    description: 'Lists the organization; requests runs of all accounts and of due accounts',
    role: ownRole('SweepRole', NAMES.sweepRole),
    grants: grants.sweep,
    code: code.sweep,
    timeout: timeouts.sweep,
    memorySize: MEGABYTES.sweep,
    sendsToItself: true,
    source: { queue: queues.sweep, batchSize: 1, maximumConcurrency: 2 },
  });
  worker(stack, 'create-account', {
    ...shared,
    description: 'Creates accounts on request, within the limits of Organizations',
    role: ownRole('CreationRole', NAMES.creationRole),
    grants: grants['create-account'],
    code: code['create-account'],
    timeout: timeouts['create-account'],
    memorySize: MEGABYTES['create-account'],
    sendsToItself: true,
    source: { queue: queues.creation, batchSize: 1, maximumConcurrency: 2 },
  });
  worker(stack, 'reconcile', {
    ...shared,
    description: 'Reconciles up to ten accounts at once',
    role: iam.Role.fromRoleName(stack, 'RunnerRole', NAMES.runnerRole),
    grants: grants.reconcile,
    code: code.reconcile,
    timeout: timeouts.reconcile,
    memorySize: MEGABYTES.reconcile,
    sendsToItself: true,
    source: { queue: queues.reconcile, batchSize: 10, maximumConcurrency: context.maximumConcurrency },
  });
  worker(stack, 'review', {
    ...shared,
    description: 'Reviews who may enter an account, and what may be entered from it',
    role: iam.Role.fromRoleName(stack, 'ReviewerRole', NAMES.runnerRole),
    grants: grants.review,
    policyName: 'orgkeeper-review',
    code: code.review,
    timeout: timeouts.review,
    memorySize: MEGABYTES.review,
    source: { queue: queues.review, batchSize: 1, maximumConcurrency: 5 },
  });
  attach(stack, 'ApiPermissions', iam.Role.fromRoleName(stack, 'ApiRole', NAMES.apiRole), grants.api);
  monitoring(stack, context, tells);
  outputs(stack, context);
  return stack;
}

function configuration(
  context: DeploymentContext,
  urls: Pick<
    Config,
    'intakeQueueUrl' | 'workQueueUrl' | 'sweepQueueUrl' | 'creationQueueUrl' | 'reviewQueueUrl'
  >,
): Config {
  const arn = arns(context);
  const { since, organizationalUnits } = context.onboard;
  return {
    partition: context.partition,
    region: context.region,
    organizationsRegion: context.organizationsRegion,
    mainAccountId: context.mainAccountId,
    managementAccountId: context.managementAccountId,
    organizationId: context.organizationId,
    tableName: NAMES.table,
    busName: NAMES.bus,
    templatesBucket: templatesBucket(context),
    ...urls,
    organizationRoleArns: arn.organizationRoles,
    organizationExternalId: context.organizationExternalId,
    runnerRoleArn: arn.runnerRole,
    apiRoleArn: arn.apiRole,
    accessRoleNames: context.accessRoleNames,
    executionRolePattern: context.executionRolePattern,
    rolePolicyQuotas: context.rolePolicyQuotas,
    defaultBaseline: context.defaultBaseline,
    onboard: { ...(since && { since }), ...(organizationalUnits && { organizationalUnits }) },
    requesters: context.requesters,
  };
}
