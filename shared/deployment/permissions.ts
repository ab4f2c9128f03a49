import { REQUEST_SOURCE } from '../domain/event-sources.ts';
import type { OrganizationRole } from './config.ts';
import {
  arns,
  deadLettersOf,
  FUNCTIONS,
  type FunctionName,
  mainIsManagement,
  NAMES,
  type Placed,
  QUEUES,
} from './names.ts';

/** One allowing statement of an identity policy, as data. */
export interface Permission {
  sid: string;
  actions: string[];
  resources: string[];
  /** Conditions in IAM's notation. */
  conditions?: Record<string, Record<string, string>>;
  /** Why a resource contains a wildcard; without a reason, cdk-nag rejects it. */
  because?: string;
}

/**
 * The permissions of each role of the deployment; the main and the management stack attach exactly these. A new call in a
 * controller needs its line here.
 */
export function permissions(context: Placed): Record<FunctionName | 'api' | OrganizationRole, Permission[]> {
  const arn = arns(context);
  const ownLogs = (name: FunctionName): Permission => ({
    sid: 'WriteOwnLogs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [`${arn.logGroup(name)}:*`],
    because: 'A function names its log streams itself; the group is its own.',
  });
  const announce: Permission = { sid: 'Announce', actions: ['events:PutEvents'], resources: [arn.bus] };
  const receive = (queue: string, ...more: string[]): Permission => ({
    sid: 'ReceiveOwnMessages',
    actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', ...more],
    resources: [queue],
  });
  const bury = (queue: string): Permission => ({
    sid: 'BuryUnreadable',
    actions: ['sqs:SendMessage'],
    resources: [arn.queue(deadLettersOf(queue))],
  });
  const send = (...resources: string[]): Permission => ({
    sid: 'SendWork',
    actions: ['sqs:SendMessage'],
    resources,
  });
  const records = (...actions: string[]): Permission => ({
    sid: 'UseRecords',
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [arn.table],
  });
  const changeRecords = records(
    'BatchGetItem',
    'ConditionCheckItem',
    'DeleteItem',
    'GetItem',
    'PutItem',
    'Query',
    'UpdateItem',
  );
  const listRecords: Permission = {
    sid: 'ListRecords',
    actions: ['dynamodb:Query'],
    resources: [arn.index('collection'), arn.index('due')],
  };
  // If Main is the management account, there are no organization roles: each role of Main has both sets of permissions.
  const inOrganization = (role: OrganizationRole): Permission[] =>
    mainIsManagement(context)
      ? organization[role]
      : [assume('EnterManagement', [arn.organizationRoles[role]])];
  const enterByAccessRole = assume(
    'EnterAccounts',
    arn.accessRoles,
    'Any account of the organization is entered; its trust decides.',
  );
  const organization: Record<OrganizationRole, Permission[]> = {
    reading: [LIST_ORGANIZATION, ...organizationReads(context)],
    creating: [...organizationReads(context), ...accountCreation(context)],
    entering: [enterByAccessRole],
    inspecting: [...organizationReads(context), ...inspectManagement(context)],
  };
  const useExecutionRoles = assume(
    'UseExecutionRoles',
    [arn.executionRoles],
    'Any managed account may have one; its trust and ExternalId decide.',
  );
  return {
    intake: [
      ownLogs('intake'),
      receive(arn.intakeQueue, 'sqs:ChangeMessageVisibility'),
      bury(NAMES.intakeQueue),
      send(arn.workQueue, arn.sweepQueue, arn.creationQueue),
      records('BatchGetItem', 'ConditionCheckItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'),
      announce,
      ...inOrganization('reading'),
    ],
    sweep: [
      ownLogs('sweep'),
      receive(arn.sweepQueue),
      bury(NAMES.sweepQueue),
      send(arn.workQueue, arn.sweepQueue, arn.creationQueue, arn.reviewQueue),
      changeRecords,
      listRecords,
      {
        sid: 'KeepPages',
        actions: ['s3:PutObject'],
        resources: [arn.reports],
        because: 'A page for each night, named after its day.',
      },
      announce,
      ...inOrganization('reading'),
    ],
    reconcile: [
      ownLogs('reconcile'),
      receive(arn.workQueue, 'sqs:ChangeMessageVisibility'),
      bury(NAMES.workQueue),
      // Accounts that import what the account of a run exports.
      send(arn.workQueue),
      changeRecords,
      announce,
      ...inOrganization('entering'),
      useExecutionRoles,
    ],
    'create-account': [
      ownLogs('create-account'),
      receive(arn.creationQueue),
      bury(NAMES.creationQueue),
      send(arn.workQueue, arn.creationQueue),
      records('ConditionCheckItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'),
      announce,
      ...inOrganization('creating'),
    ],
    // Beside those of reconcile, with which it shares the runner role: the execution roles and the entering role admit no other.
    review: [
      ownLogs('review'),
      receive(arn.reviewQueue, 'sqs:ChangeMessageVisibility'),
      bury(NAMES.reviewQueue),
      records('BatchGetItem', 'GetItem', 'PutItem', 'Query'),
      {
        sid: 'KeepObjects',
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [arn.reviews],
        because: 'An object for each account and review, in the folder of the account.',
      },
      announce,
    ].map((one) => ({ ...one, sid: `${one.sid}OfReviews` })),
    api: [
      records('BatchGetItem', 'GetItem', 'Query'),
      { ...listRecords, resources: [arn.index('collection')] },
      {
        sid: 'RequestPlans',
        actions: ['events:PutEvents'],
        resources: [arn.bus],
        conditions: {
          StringEquals: { 'events:source': REQUEST_SOURCE, 'events:detail-type': 'PlanRequested' },
        },
      },
      ...inspectMain(context),
      ...inOrganization('inspecting'),
      useExecutionRoles,
    ],
    ...organization,
  };
}

/** For the listing, which only sweep does. */
const LIST_ORGANIZATION: Permission = {
  sid: 'ListOrganization',
  actions: ['organizations:ListAccounts'],
  resources: ['*'],
  because: 'This call of Organizations names no resource.',
};

/** What Orgkeeper reads of an account and of the units above it. */
function organizationReads(context: Placed): Permission[] {
  return [
    {
      sid: 'ReadOrganization',
      actions: ['organizations:DescribeAccount', 'organizations:ListTagsForResource'],
      resources: [arns(context).accounts],
      because: 'All accounts of this one organization.',
    },
    {
      sid: 'ReadUnits',
      actions: ['organizations:DescribeOrganizationalUnit', 'organizations:ListParents'],
      resources: [arns(context).accounts, arns(context).organizationalUnits],
      because: 'Any account may be in any organizational unit of this one organization.',
    },
  ];
}

/** The calls of Organizations that make accounts on request. */
function accountCreation(context: Placed): Permission[] {
  const arn = arns(context);
  return [
    {
      sid: 'CreateAccounts',
      actions: [
        'organizations:CreateAccount',
        'organizations:DescribeCreateAccountStatus',
        'organizations:ListCreateAccountStatus',
      ],
      resources: ['*'],
      because: 'These calls of Organizations name no resource.',
    },
    {
      sid: 'TagNewAccounts',
      actions: ['organizations:TagResource'],
      resources: [arn.accounts],
      because: 'An account gets its tags as it is created, when it has no id yet.',
    },
    {
      sid: 'PlaceAccounts',
      actions: ['organizations:MoveAccount'],
      resources: [arn.accounts, arn.organizationalUnits, arn.roots],
      because: 'Any account may be asked for in any organizational unit of this one organization.',
    },
  ];
}

function assume(sid: string, resources: string[], because?: string): Permission {
  return { sid, actions: ['sts:AssumeRole'], resources, ...(because && { because }) };
}

/** What `orgkeeper doctor` reads in Main, as the API role. It writes nothing. */
export function inspectMain(placed: Placed): Permission[] {
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
    {
      sid: 'InspectRegions',
      actions: ['ec2:DescribeRegions'],
      resources: ['*'],
      because: 'This call of EC2 names no resource.',
    },
  ];
}

/** What `orgkeeper doctor` reads in the management account, as the inspecting role. It writes nothing. */
export function inspectManagement(placed: Placed): Permission[] {
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
