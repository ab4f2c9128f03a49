import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, expect, jest } from '@jest/globals';
import { run } from '../../cli/program.ts';
import { startEmulator } from '../../local/emulator.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { AccountStatus, PassRecord } from '../../shared/domain/status.ts';
import { loadAccount, saveRecord } from '../../shared/store/accounts.ts';
import { saveStatus } from '../../shared/store/statuses.ts';
import { captured, type Ran } from '../kit/captured.ts';
import { createTable } from '../kit/emulated-table.ts';
import { aPass, aRecord, aStatus, organizationRoles } from '../kit/factories.ts';

/** A busy machine is no failure: the first use of the SDK alone can take seconds. */
jest.setTimeout(60_000);

const MAIN = '123456789012';
const REGION = 'eu-west-1';

export const config: Config = {
  partition: 'aws',
  region: REGION,
  organizationsRegion: 'us-east-1',
  mainAccountId: MAIN,
  managementAccountId: '999988887777',
  organizationId: 'o-abcdefghij',
  tableName: 'orgkeeper',
  busName: 'orgkeeper',
  templatesBucket: 'orgkeeper-templates',
  workQueueUrl: 'http://localhost/work.fifo',
  sweepQueueUrl: 'http://localhost/sweep',
  intakeQueueUrl: 'http://localhost/intake',
  creationQueueUrl: 'http://localhost/creation',
  reviewQueueUrl: 'http://localhost/review',
  organizationRoleArns: organizationRoles('aws', '999988887777'),
  organizationExternalId: 'organization-external-id',
  runnerRoleArn: `arn:aws:iam::${MAIN}:role/orgkeeper-WorkflowLoopRunnerRole`,
  apiRoleArn: `arn:aws:iam::${MAIN}:role/orgkeeper-ApiHandlerRole`,
  accessRoleNames: ['OrganizationAccountAccessRole'],
  executionRolePattern: 'orgkeeper-*',
  rolePolicyQuotas: { trustPolicyCharacters: 2_048, managedPolicies: 10 },
  defaultBaseline: 'analytics',
  onboard: {},
  requesters: [],
};

/** Who runs the command line, as STS of the emulator says. */
export const CALLER = expect.stringMatching(/^arn:aws:sts::123456789012:/);

/** A request as it arrived on the bus. */
export interface Arrived {
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: Record<string, unknown>;
}

/** An emulated Main account with a deployment's table, parameter and bus, and nobody who reconciles. */
export interface World {
  readonly table: Table;
  /** Environment of a spawned command line. */
  readonly env: Record<string, string>;
  /** Empties the table. */
  reset(): Promise<void>;
  /** The next request on the bus, or undefined when none comes within the seconds. */
  nextRequest(seconds?: number): Promise<Arrived | undefined>;
  stop(): Promise<void>;
}

/** A world for all tests of a file, which is emptied before each of them. */
export function useWorld(): Omit<World, 'stop'> {
  let started: World | undefined;
  const world = () => {
    if (!started) throw new Error('the world is there for tests and their hooks');
    return started;
  };
  beforeAll(async () => {
    started = await startWorld();
  }, 90_000);
  beforeEach(() => world().reset());
  afterAll(() => started?.stop());
  return {
    get table() {
      return world().table;
    },
    get env() {
      return world().env;
    },
    reset: () => world().reset(),
    nextRequest: (seconds) => world().nextRequest(seconds),
  };
}

export async function startWorld(): Promise<World> {
  const directory = join(import.meta.dirname, '..', '..', '.orgkeeper');
  const emulator = await startEmulator({ directory, say: (line) => console.log(line) });
  const env = {
    AWS_ENDPOINT_URL: emulator.endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
  };
  Object.assign(process.env, env);
  const { table } = mainClients(config);
  const dynamo = new DynamoDBClient({});
  await createTable(dynamo);
  await putConfig(config);
  await new S3Client({}).send(
    new CreateBucketCommand({
      Bucket: config.templatesBucket,
      CreateBucketConfiguration: { LocationConstraint: REGION },
    }),
  );
  const { sqs, queueUrl } = await createBus();
  return {
    table,
    env,
    reset: async () => {
      await dynamo.send(new DeleteTableCommand({ TableName: 'orgkeeper' }));
      await createTable(dynamo);
    },
    nextRequest: async (seconds = 5) => {
      const { Messages: [message] = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: seconds }),
      );
      if (!message?.Body) return undefined;
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
      return JSON.parse(message.Body) as Arrived;
    },
    stop: () => emulator.stop(),
  };
}

/** What the main stack says of the deployment. */
export async function putConfig(said: Config): Promise<void> {
  const parameter = { Name: '/orgkeeper/config', Type: 'String', Value: JSON.stringify(said) } as const;
  await new SSMClient({}).send(new PutParameterCommand({ ...parameter, Overwrite: true }));
}

/** Runs the command line in this process; colours are taken off. */
export async function orgkeeper(...argv: string[]): Promise<Ran> {
  const { code, stdout, stderr } = await captured(() => run(argv));
  return { code, stdout: stripVTControlCharacters(stdout), stderr: stripVTControlCharacters(stderr) };
}

/** A record that was just made. */
export const record = (accountId: string, more: Partial<AccountRecord> = {}): AccountRecord =>
  aRecord({ accountId, generation: 1, ...more });

export const pass = (more: Partial<PassRecord> = {}): PassRecord =>
  aPass({
    startedAt: '2026-01-02T03:04:05.000Z',
    finishedAt: '2026-01-02T03:04:07.000Z',
    cause: { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-1' },
    ...more,
  });

/** What a first pass leaves that found everything as it should be. */
export const status = (accountId: string, more: Partial<AccountStatus> = {}): AccountStatus =>
  aStatus({
    accountId,
    version: 1,
    observedGeneration: 1,
    conditions: [
      {
        type: 'ExecutionRole',
        status: 'True',
        reason: 'InDesiredState',
        message: 'Everything is as the baseline says.',
        changedAt: '2026-01-01T00:01:00.000Z',
      },
    ],
    outputs: { 'role.arn': `arn:aws:iam::${accountId}:role/orgkeeper-analysis` },
    lastPass: pass(),
    ...more,
  });

/** Puts an account into the table, as intake would. */
export async function keep(table: Table, kept: AccountRecord): Promise<void> {
  if (!(await saveRecord(table, kept, undefined))) throw new Error(`${kept.accountId} is there already`);
}

/** Leaves what a pass would leave: a status, and a line of history when it found something. */
export async function leave(table: Table, left: AccountStatus): Promise<void> {
  const items = await loadAccount(table, left.accountId);
  const before = items.status?.version ?? 0;
  const { record } = items;
  if (!record) throw new Error(`${left.accountId} is not there`);
  const { lastPass } = left;
  // No pass saves a status of an account that is retired: it was left there before.
  const managed: AccountRecord = { ...record, lifecycle: 'managed' };
  await saveRecord(table, managed, record);
  const options = { passId: lastPass?.id ?? 'none', now: new Date(), record };
  const found = lastPass && lastPass.result !== 'unchanged';
  await saveStatus(
    table,
    { ...left, version: before + 1 },
    found ? { ...options, inHistory: true } : options,
  );
  await saveRecord(table, record, managed);
}

async function createBus(): Promise<{ sqs: SQSClient; queueUrl: string }> {
  const events = new EventBridgeClient({});
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  await events.send(new CreateEventBusCommand({ Name: 'orgkeeper' }));
  const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'intake' }));
  const EventPattern = JSON.stringify({ source: ['orgkeeper.request'] });
  const rule = { Name: 'requests', EventBusName: 'orgkeeper' };
  await events.send(new PutRuleCommand({ ...rule, EventPattern }));
  const Targets = [{ Id: 'intake', Arn: `arn:aws:sqs:${REGION}:${MAIN}:intake` }];
  await events.send(new PutTargetsCommand({ Rule: rule.Name, EventBusName: rule.EventBusName, Targets }));
  return { sqs, queueUrl };
}
