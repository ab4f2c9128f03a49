import { REQUEST_SOURCE } from '../domain/event-sources.ts';
import type { OrganizationRole } from './config.ts';
import type { Grant } from './grant.ts';
import { inspectMain, inspectManagement } from './inspection.ts';
import { arns, deadLettersOf, type FunctionName, mainIsManagement, NAMES, type Placed } from './names.ts';

/**
 * What each role of the deployment may do, and nothing else: the main and the management stack attach exactly
 * this. A new call in a controller needs its line here.
 */
export function permissions(context: Placed): Record<FunctionName | 'api' | OrganizationRole, Grant[]> {
  const arn = arns(context);
  const ownLogs = (name: FunctionName): Grant => ({
    sid: 'WriteOwnLogs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [`${arn.logGroup(name)}:*`],
    because: 'A function names its log streams itself; the group is its own.',
  });
  const announce: Grant = { sid: 'Announce', actions: ['events:PutEvents'], resources: [arn.bus] };
  const receive = (queue: string, ...more: string[]): Grant => ({
    sid: 'ReceiveOwnMessages',
    actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', ...more],
    resources: [queue],
  });
  const bury = (queue: string): Grant => ({
    sid: 'BuryUnreadable',
    actions: ['sqs:SendMessage'],
    resources: [arn.queue(deadLettersOf(queue))],
  });
  const send = (...resources: string[]): Grant => ({
    sid: 'SendWork',
    actions: ['sqs:SendMessage'],
    resources,
  });
  const records = (...actions: string[]): Grant => ({
    sid: 'UseRecords',
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [arn.table],
  });
  const listRecords: Grant = { sid: 'ListRecords', actions: ['dynamodb:Query'], resources: arn.indexes };
  // Main that is the management account needs no organization roles: each role of Main does both halves itself.
  const inOrganization = (role: OrganizationRole): Grant[] =>
    mainIsManagement(context)
      ? organization[role]
      : [assume('EnterManagement', [arn.organizationRoles[role]])];
  const enterByAccessRole = assume(
    'EnterAccounts',
    arn.accessRoles,
    'Any account of the organization is entered; its trust decides.',
  );
  const organization: Record<OrganizationRole, Grant[]> = {
    reading: organizationReads(context),
    creating: [...organizationReads(context), ...accountCreation(context)],
    entering: [enterByAccessRole],
    inspecting: [...organizationReads(context), ...inspectManagement(context)],
  };
  const useExecutionRoles = assume(
    'UseExecutionRoles',
    [arn.executionRoles],
    'Any kept account may have one; its trust and ExternalId decide.',
  );
  return {
    intake: [
      ownLogs('intake'),
      receive(arn.intakeQueue, 'sqs:ChangeMessageVisibility'),
      bury(NAMES.intakeQueue),
      send(arn.workQueue, arn.sweepQueue, arn.creationQueue),
      records('BatchGetItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'),
      announce,
      ...inOrganization('reading'),
    ],
    sweep: [
      ownLogs('sweep'),
      receive(arn.sweepQueue),
      bury(NAMES.sweepQueue),
      send(arn.workQueue, arn.sweepQueue, arn.creationQueue),
      records('BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'),
      listRecords,
      announce,
      ...inOrganization('reading'),
    ],
    reconcile: [
      ownLogs('reconcile'),
      receive(arn.workQueue, 'sqs:ChangeMessageVisibility'),
      bury(NAMES.workQueue),
      records(
        'BatchGetItem',
        'ConditionCheckItem',
        'DeleteItem',
        'GetItem',
        'PutItem',
        'Query',
        'UpdateItem',
      ),
      announce,
      ...inOrganization('entering'),
      useExecutionRoles,
    ],
    'create-account': [
      ownLogs('create-account'),
      receive(arn.creationQueue),
      bury(NAMES.creationQueue),
      send(arn.workQueue, arn.creationQueue),
      records('GetItem', 'PutItem', 'Query', 'UpdateItem'),
      announce,
      ...inOrganization('creating'),
    ],
    api: [
      records('BatchGetItem', 'GetItem', 'Query'),
      { ...listRecords, resources: [arn.collectionIndex] },
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

/** The calls of Organizations that Orgkeeper makes. */
function organizationReads(context: Placed): Grant[] {
  return [
    {
      sid: 'ListOrganization',
      actions: ['organizations:ListAccounts'],
      resources: ['*'],
      because: 'This call of Organizations names no resource.',
    },
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
function accountCreation(context: Placed): Grant[] {
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

function assume(sid: string, resources: string[], because?: string): Grant {
  return { sid, actions: ['sts:AssumeRole'], resources, ...(because && { because }) };
}
