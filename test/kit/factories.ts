import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import type { Rollout } from '../../shared/domain/rollout.ts';
import type { AccountStatus, PassRecord } from '../../shared/domain/status.ts';
import type { RejectedRequest } from '../../shared/store/rejections.ts';

/** Test data: complete and valid; a test gives only the fields that it is about. */

export const MAIN = '345678901234';
export const MANAGEMENT = '210987654321';
export const MEMBER = '456789012345';

/** The roles in the management account, as the main stack names them in that partition. */
export function organizationRoles(partition: string, management = MANAGEMENT) {
  const role = (purpose: string) =>
    `arn:${partition}:iam::${management}:role/orgkeeper-Organization${purpose}Role`;
  return {
    reading: role('Reading'),
    creating: role('Creating'),
    entering: role('Entering'),
    inspecting: role('Inspecting'),
  };
}

export function aConfig(given: Partial<Config> = {}): Config {
  return {
    partition: 'aws',
    region: 'eu-west-1',
    organizationsRegion: 'us-east-1',
    mainAccountId: MAIN,
    managementAccountId: MANAGEMENT,
    organizationId: 'o-exampleorg1',
    tableName: 'orgkeeper',
    busName: 'orgkeeper',
    templatesBucket: 'orgkeeper-templates',
    workQueueUrl: 'https://sqs.example/work.fifo',
    sweepQueueUrl: 'https://sqs.example/sweep',
    intakeQueueUrl: 'https://sqs.example/intake',
    creationQueueUrl: 'https://sqs.example/creation',
    reviewQueueUrl: 'https://sqs.example/review',
    organizationRoleArns: organizationRoles('aws'),
    organizationExternalId: 'orgkeeper-o-exampleorg1',
    runnerRoleArn: `arn:aws:iam::${MAIN}:role/orgkeeper-WorkflowLoopRunnerRole`,
    apiRoleArn: `arn:aws:iam::${MAIN}:role/orgkeeper-ApiHandlerRole`,
    accessRoleNames: ['OrganizationAccountAccessRole', 'AWSControlTowerExecution'],
    executionRolePattern: 'orgkeeper-execution*',
    rolePolicyQuotas: { trustPolicyCharacters: 2_048, managedPolicies: 10 },
    defaultBaseline: 'analytics',
    onboard: {},
    requesters: [],
    ...given,
  };
}

/** A trust policy that admits only the runner, with this ExternalId. */
export function aTrust(externalId: string) {
  return {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: aConfig().runnerRoleArn },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': externalId } },
    },
  };
}

export function aRecord(given: Partial<AccountRecord> = {}): AccountRecord {
  return {
    schemaVersion: 1,
    accountId: MEMBER,
    name: 'genomics',
    email: 'genomics@example.com',
    origin: 'created',
    lifecycle: 'managed',
    generation: 3,
    paused: false,
    mode: 'enforce',
    baseline: { name: 'analytics', version: 3 },
    externalId: 'abcdefghijklmnopqrstuvwxyz012345',
    values: {},
    tags: {},
    registeredAt: '2026-11-20T09:14:07.000Z',
    changedBy: 'event-1',
    requestedAt: '2026-11-20T09:14:07.000Z',
    ...given,
  };
}

/** A rejected request, as the intake saves it. */
export function aRejected(id: string, given: Partial<RejectedRequest> = {}): RejectedRequest {
  return {
    cause: { source: 'orgkeeper.request', detailType: 'AccountRegistrationRequested', id },
    sentBy: MAIN,
    accountId: MEMBER,
    rejectedAt: '2026-11-20T10:00:00.000Z',
    ...given,
  };
}

export function aPass(given: Partial<PassRecord> = {}): PassRecord {
  return {
    id: 'pass-1',
    startedAt: '2026-11-20T10:00:00.000Z',
    finishedAt: '2026-11-20T10:00:02.000Z',
    cause: { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-2' },
    baseline: { name: 'analytics', version: 3 },
    result: 'unchanged',
    calls: { reads: 14, writes: 0 },
    differences: [],
    ...given,
  };
}

export function aStatus(given: Partial<AccountStatus> = {}): AccountStatus {
  return {
    schemaVersion: 1,
    accountId: MEMBER,
    version: 7,
    observedGeneration: 3,
    ready: true,
    readySince: '2026-11-20T09:15:00.000Z',
    conditions: [],
    outputs: {},
    foreign: [],
    lastPass: aPass(),
    ...given,
  };
}

/** A roll-out from analytics@3 to analytics@4 that has just started. */
export function aRollout(given: Partial<Rollout> = {}): Rollout {
  return {
    schemaVersion: 1,
    id: 'analytics-4-abcdef',
    version: 1,
    from: { name: 'analytics', version: 3 },
    to: { name: 'analytics', version: 4 },
    waves: ['1', '50%', '100%'],
    bakeMinutes: 30,
    failures: '5%',
    stage: { is: 'planning' },
    readyAt: [],
    startedAt: '2026-11-20T11:00:00.000Z',
    changedAt: '2026-11-20T11:00:00.000Z',
    patientFrom: given.changedAt ?? '2026-11-20T11:00:00.000Z',
    ...given,
  };
}

/** A published baseline as an item of the table. */
export function aBaselineItem({ name = 'analytics', version = 3 } = {}) {
  return {
    pk: `baseline#${name}`,
    sk: `version#${String(version).padStart(9, '0')}`,
    schemaVersion: 1,
    name,
    version,
    description: '',
    sections: {},
    text: '',
    publishedAt: '2026-11-20T09:00:00.000Z',
  };
}

export function anOrganizationAccount(given: Partial<OrganizationAccount> = {}): OrganizationAccount {
  return {
    accountId: MEMBER,
    name: 'genomics',
    email: 'genomics@example.com',
    active: true,
    state: 'ACTIVE',
    joinedAt: '2026-11-20T09:14:06.000Z',
    joinedBy: 'created',
    ...given,
  };
}
