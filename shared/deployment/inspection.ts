import type { Grant } from './grant.ts';
import { arns, deadLettersOf, FUNCTIONS, type Placed, QUEUES } from './names.ts';

/** What `orgkeeper doctor` reads in Main, as the API role. It writes nothing. */
export function inspectMain(placed: Placed): Grant[] {
  const arn = arns(placed);
  const queues = Object.values(QUEUES);
  return [
    { sid: 'InspectBus', actions: ['events:DescribeEventBus'], resources: [arn.bus] },
    { sid: 'InspectRules', actions: READ_RULE, resources: arn.rules },
    {
      sid: 'InspectDeadLetters',
      actions: READ_QUEUE,
      resources: queues.map((name) => arn.queue(deadLettersOf(name))),
    },
    {
      sid: 'InspectFunctions',
      actions: ['lambda:GetFunctionConfiguration'],
      resources: FUNCTIONS.map(arn.function),
    },
    {
      sid: 'InspectSources',
      actions: ['lambda:ListEventSourceMappings'],
      resources: ['*'],
      because: 'This call of Lambda names no resource.',
    },
    { sid: 'InspectSchedules', actions: ['scheduler:GetSchedule'], resources: arn.schedules },
    { sid: 'InspectRunner', actions: ['iam:GetRole'], resources: [arn.runnerRole] },
  ];
}

/** What `orgkeeper doctor` reads in the management account, as the inspecting role. It writes nothing. */
export function inspectManagement(placed: Placed): Grant[] {
  const arn = arns(placed);
  return [
    {
      sid: 'InspectOrganization',
      actions: ['cloudtrail:DescribeTrails', 'organizations:DescribeOrganization'],
      resources: ['*'],
      because: 'These calls name no resource.',
    },
    {
      sid: 'InspectTrails',
      actions: ['cloudtrail:GetEventSelectors', 'cloudtrail:GetTrailStatus'],
      resources: [arn.trails],
      because: 'Which trail brings the events to EventBridge is the choice of the organization.',
    },
    {
      sid: 'InspectRoles',
      actions: ['iam:GetRole'],
      resources: [
        arn.organizationRoles.reading,
        arn.organizationRoles.creating,
        arn.organizationRoles.entering,
      ],
    },
    { sid: 'InspectForwarding', actions: READ_RULE, resources: [arn.forwardingRule] },
    { sid: 'InspectUndelivered', actions: READ_QUEUE, resources: [arn.undelivered] },
  ];
}

const READ_RULE = ['events:DescribeRule', 'events:ListTargetsByRule'];
const READ_QUEUE = ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'];
