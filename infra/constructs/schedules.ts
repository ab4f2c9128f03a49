import { aws_iam as iam, aws_scheduler as scheduler } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { arns, NAMES } from '../../shared/deployment/names.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import type { DeploymentContext } from '../context.ts';

/**
 * The schedules. The tick of each minute (due work), the hourly listing and the night's summary send a message to the sweep queue, which
 * nobody else may; the nightly sweep and the monthly review put the same events on the bus as a person. An undeliverable tick is dropped
 * after a minute, since the next one does its work; what happens once a night or a month is retried for an hour.
 */
export function schedules(scope: Construct, context: DeploymentContext): Construct {
  const parent = new Construct(scope, 'Schedules');
  const arn = arns(context);
  const group = new scheduler.CfnScheduleGroup(parent, 'Group', { name: NAMES.scheduleGroup });
  const role = new iam.Role(parent, 'Role', {
    description: 'Orgkeeper: the role of the schedules',
    assumedBy: new iam.PrincipalWithConditions(new iam.ServicePrincipal('scheduler.amazonaws.com'), {
      StringEquals: { 'aws:SourceAccount': context.mainAccountId, 'aws:SourceArn': arn.scheduleGroup },
    }),
    inlinePolicies: {
      orgkeeper: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({ sid: 'Tick', actions: ['sqs:SendMessage'], resources: [arn.sweepQueue] }),
          new iam.PolicyStatement({
            sid: 'AskForSweep',
            actions: ['events:PutEvents'],
            resources: [arn.bus],
          }),
        ],
      }),
    },
  });
  const schedule = (
    id: string,
    expression: string,
    maximumEventAgeInSeconds: number,
    target: Pick<scheduler.CfnSchedule.TargetProperty, 'arn' | 'input' | 'eventBridgeParameters'>,
  ) =>
    new scheduler.CfnSchedule(parent, id, {
      name: `orgkeeper-${id.toLowerCase()}`,
      groupName: NAMES.scheduleGroup,
      scheduleExpression: expression,
      scheduleExpressionTimezone: context.timeZone,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        ...target,
        roleArn: role.roleArn,
        retryPolicy: { maximumEventAgeInSeconds, maximumRetryAttempts: 185 },
      },
    }).addResourceDependency(group);

  schedule('Due', context.dueSchedule, 60, { arn: arn.sweepQueue, input: JSON.stringify({ task: 'due' }) });
  schedule('List', context.listSchedule, 60, {
    arn: arn.sweepQueue,
    input: JSON.stringify({ task: 'list' }),
  });
  schedule('Nightly', context.nightlySchedule, 3600, {
    arn: arn.bus,
    input: JSON.stringify({ reason: 'nightly' }),
    eventBridgeParameters: { source: REQUEST_SOURCE, detailType: 'DriftSweepRequested' },
  });
  // The time that was scheduled is the same in every attempt, so that a night has one summary.
  schedule('Summary', context.nightlySchedule, 3600, {
    arn: arn.sweepQueue,
    input: JSON.stringify({ task: 'summary', night: '<aws.scheduler.scheduled-time>' }),
  });
  schedule('Review', context.reviewSchedule, 3600, {
    arn: arn.bus,
    input: JSON.stringify({ reason: 'schedule' }),
    eventBridgeParameters: { source: REQUEST_SOURCE, detailType: 'AccessReviewRequested' },
  });
  return parent;
}
