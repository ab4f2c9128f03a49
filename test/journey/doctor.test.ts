import {
  CloudTrailClient,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import { DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeEventBusCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutPermissionCommand,
  PutTargetsCommand,
  RemovePermissionCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  GetScheduleCommand,
  SchedulerClient,
  UpdateScheduleCommand,
  type UpdateScheduleCommandInput,
} from '@aws-sdk/client-scheduler';
import { GetQueueUrlCommand, PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  DeleteParameterCommand,
  GetParameterCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordedCall } from '../../local/gateway/recorder.ts';
import type { Placed } from '../../shared/deployment/names.ts';
import { inspectMain, inspectManagement } from '../../shared/deployment/permissions.ts';
import { type BusEvent, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { deleteRole, retrust } from '../kit/journey/roles.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { until } from '../kit/wait.ts';

interface Told {
  readonly check: string;
  readonly ok: boolean | null;
  readonly message: string;
  readonly remedy?: string;
}
/** Breaks one thing; what it returns mends that. */
type Break = () => Promise<() => Promise<unknown>>;

let runtime: TestRuntime;
let fleet: Fleet;
let accountId: string;

beforeAll(async () => {
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
  accountId = await fleet.createAccount('kept');
  await fleet.untilReady(accountId);
}, 240_000);
afterAll(() => runtime?.stop());

const main = () => runtime.as(runtime.accounts.main);
const management = () => runtime.as(runtime.accounts.management, 'us-east-1');
const queues = (settings: ReturnType<typeof main>) =>
  new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });

async function doctor(): Promise<{ code: number | null; stderr: string; told: Told[] }> {
  const { code, stdout, stderr } = await fleet.orgkeeper('doctor', '--json');
  return { code, stderr, told: JSON.parse(stdout) };
}

/** Names of the checks that said so. */
const named = (told: readonly Told[], ok: boolean | null) =>
  told.filter((one) => one.ok === ok).map(({ check }) => check);

describe('orgkeeper doctor of a deployment without problems', () => {
  it('passes every check, with exactly the permissions that are documented', async () => {
    await runtime.clearCalls();
    const { code, told, stderr } = await doctor();
    expect(told.filter(({ ok }) => ok !== true)).toEqual([]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `${told.length} of ${told.length} checks are ok.\n`,
    });

    const calls = (await runtime.calls()).filter(({ session }) => session?.startsWith('doctor-'));
    expect(calls.filter(({ access }) => access === 'write')).toEqual([]);
    const inAccount = (account: string) =>
      new Set(calls.filter((call) => call.account === account).map(permissionOf));
    const placed: Placed = {
      partition: 'aws',
      region: runtime.region,
      organizationsRegion: 'us-east-1',
      mainAccountId: runtime.accounts.main,
      managementAccountId: runtime.accounts.management,
      organizationId: runtime.organizationId,
      accessRoleNames: [],
      executionRolePattern: '',
    };
    const granted = (grants: ReturnType<typeof inspectMain>) => grants.flatMap(({ actions }) => actions);
    expect(inAccount(runtime.accounts.main)).toEqual(
      new Set([
        ...granted(inspectMain(placed)),
        ...['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query', 'sts:AssumeRole'],
      ]),
    );
    expect(inAccount(runtime.accounts.management)).toEqual(new Set(granted(inspectManagement(placed))));
  }, 60_000);

  it('prints one line for each check', async () => {
    const { stdout } = await fleet.orgkeeper('doctor');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line).toMatch(/^ok {6}[a-z-]+ +\S.*\.$/);
  }, 60_000);
});

describe('Dead letters', () => {
  const UNFIT = ['orgkeeper-intake', 'orgkeeper-sweep', 'orgkeeper-creation'];

  /** Twelve ticks for the sweep, and work of one account that makes no sense any more. */
  async function fail(): Promise<void> {
    const sqs = queues(main());
    for (let at = 0; at < 12; at++) await send(sqs, 'orgkeeper-sweep-dead', JSON.stringify({ task: 'due' }));
    const work = {
      accountId,
      cause: { source: 'test', detailType: 'Test', id: 'dead-letter' },
      requestedAt: new Date().toISOString(),
    };
    await send(sqs, 'orgkeeper-work-dead.fifo', JSON.stringify(work), {
      MessageGroupId: accountId,
      MessageDeduplicationId: 'dead-letter',
    });
  }
  const list = async () => JSON.parse((await fleet.orgkeeper('dead-letters', 'list', '--json')).stdout);

  it('can be listed any number of times, and stay; moved back, they are worked on', async () => {
    await fail();
    const first = await list();
    expect(first).toHaveLength(13);
    expect(first.at(-1)).toEqual({
      queue: 'orgkeeper-work.fifo',
      reason: 'FailedEveryTime',
      messageId: expect.any(String),
      accountId,
      sentAt: expect.stringMatching(/^\d{4}-.*Z$/),
      receives: 1,
      body: expect.stringContaining('dead-letter'),
    });
    expect(await list()).toHaveLength(13);
    const table = await fleet.orgkeeper('dead-letters', 'list', '--limit', '2');
    expect(table.stdout.trimEnd().split('\n')).toHaveLength(2 + 2 + 1 + 2 + 1);
    expect(table.stderr).toMatch(/^3 of 13 messages/);

    const redriven = await fleet.orgkeeper('dead-letters', 'redrive', '--json');
    expect(redriven).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(redriven.stdout)).toEqual([
      { queue: 'orgkeeper-sweep', moved: 12 },
      { queue: 'orgkeeper-work.fifo', moved: 1 },
    ]);
    expect(await list()).toEqual([]);
    await fleet.untilAccounts(
      'have had the pass of the dead letter',
      [accountId],
      ({ lastPass }) => lastPass?.cause.id === 'dead-letter',
    );
    const again = await fleet.orgkeeper('dead-letters', 'redrive');
    expect(again).toEqual({ code: 0, stdout: '', stderr: expect.stringMatching(/nothing was moved/) });
  }, 120_000);

  it('are messages that cannot be read, from every queue, at once: each is announced once, and listed by reason', async () => {
    const bus = await listen(runtime);
    const sqs = queues(main());
    const poison = 'reversed \u202e text';
    const invalid = JSON.stringify({ accountId, [poison]: poison });
    const ofAccount = (id: string) => ({ MessageGroupId: accountId, MessageDeduplicationId: id });
    const all = [...UNFIT, 'orgkeeper-work.fifo'];
    for (const queue of UNFIT) await send(sqs, queue, poison);
    await send(sqs, 'orgkeeper-work.fifo', poison, ofAccount('poison-1'));
    await send(sqs, 'orgkeeper-work.fifo', invalid, ofAccount('poison-2'));

    const failed = ({ 'detail-type': type }: BusEvent) => type === 'WorkFailed';
    const heard = await until('five announcements', async () => {
      const events = await bus.heard(failed);
      return events.length >= 5 ? events : undefined;
    });
    const listed = await until('five dead letters', async () => {
      const letters: { queue: string; reason: string; messageId: string }[] = await list();
      return letters.length >= 5 ? letters : undefined;
    });
    const sorted = (of: readonly { queue?: unknown; reason?: unknown; messageId?: unknown }[]) =>
      of.map(({ queue, reason, messageId }) => `${queue} ${reason} ${messageId}`).sort();
    expect(listed.map(({ queue, reason }) => `${queue} ${reason}`).sort()).toEqual(
      [...all.map((queue) => `${queue} NotJson`), 'orgkeeper-work.fifo InvalidMessage'].sort(),
    );
    expect(sorted(heard.map(({ detail }) => detail))).toEqual(sorted(listed));
    expect(JSON.stringify(heard)).not.toContain('reversed');
    expect(heard.filter(({ detail }) => detail.accountId === accountId)).toHaveLength(1);

    const { stdout } = await fleet.orgkeeper('dead-letters', 'list');
    expect(stdout).toContain('orgkeeper-work.fifo: 1 message, InvalidMessage: ');
    expect(stdout).toContain('reversed');
    expect(stdout).not.toContain('\u202e');

    for (const queue of all) await purge(sqs, queue.replace(/(\.fifo)?$/, '-dead$1'));
    expect(await list()).toEqual([]);
    expect(await bus.heard(failed)).toHaveLength(5);
  }, 120_000);
});

/** What breaks, the checks that must fail then, and what their remedy must speak of. */
const BREAKAGES: readonly [string, { checks: string[]; remedy: RegExp; skips?: RegExp; by: Break }][] = [
  [
    'the configuration is of another version',
    {
      checks: ['configuration'],
      remedy: /npm run deploy:main/,
      skips: /./,
      by: () => configured({ novelty: 1 }),
    },
  ],
  [
    'the deployment is for another organization',
    {
      checks: ['organization', 'functions'],
      remedy: /organizationId|deploy:main/,
      by: () => configured({ organizationId: 'o-somethingelse' }),
    },
  ],
  [
    'the API role trusts nobody',
    {
      checks: ['api-role'],
      remedy: /`operators`/,
      // Only what the caller's own permissions show, which are those that the command needs.
      skips:
        /^(runner-role|inspecting-role|organization-roles|account-access|organization|forwarding|trail|undelivered|bus|rules|functions|sources|schedules|dead-letters|baseline|pauses|regions)$/,
      by: () => retrust(main(), 'orgkeeper-ApiHandlerRole', () => []),
    },
  ],
  [
    'the inspecting role wants another ExternalId',
    {
      checks: ['inspecting-role'],
      remedy: /deploy:management/,
      skips: /^(organization-roles|organization|forwarding|trail|undelivered)$/,
      by: () =>
        retrust(management(), 'orgkeeper-OrganizationInspectingRole', (statements) =>
          JSON.parse(JSON.stringify(statements).replaceAll(`orgkeeper-${runtime.organizationId}`, 'another')),
        ),
    },
  ],
  [
    'the entering role is gone',
    {
      checks: ['organization-roles'],
      remedy: /deploy:management/,
      by: () => deleteRole(management(), 'orgkeeper-OrganizationEnteringRole'),
    },
  ],
  [
    'the creating role wants no ExternalId',
    {
      checks: ['organization-roles'],
      remedy: /revert-drift/,
      by: () =>
        retrust(management(), 'orgkeeper-OrganizationCreatingRole', (statements) =>
          statements.map(({ Condition: _, ...rest }) => rest),
        ),
    },
  ],
  [
    'the inspecting role wants no ExternalId',
    {
      checks: ['inspecting-role'],
      remedy: /revert-drift/,
      by: () =>
        retrust(management(), 'orgkeeper-OrganizationInspectingRole', (statements) =>
          statements.map(({ Condition: _, ...rest }) => rest),
        ),
    },
  ],
  [
    'the access role of a member trusts nobody',
    {
      checks: ['account-access'],
      remedy: /orgkeeper sweep \d{12} --wait/,
      by: async () => {
        const sweep = () => fleet.orgkeeper('sweep', accountId, '--wait');
        const mend = await retrust(runtime.as(accountId), 'OrganizationAccountAccessRole', () => []);
        // The function may still have a session open for reading: what it writes, it opens one for.
        await new SSMClient(runtime.as(accountId)).send(
          new DeleteParameterCommand({ Name: '/orgkeeper/account/id' }),
        );
        await sweep();
        return async () => {
          await mend();
          await sweep();
        };
      },
    },
  ],
  [
    'the trail is stopped',
    {
      checks: ['trail'],
      remedy: /start-logging/,
      by: async () => {
        const trails = new CloudTrailClient(management());
        await trails.send(new StopLoggingCommand({ Name: 'management-events' }));
        return () => trails.send(new StartLoggingCommand({ Name: 'management-events' }));
      },
    },
  ],
  [
    'the trail logs only what reads',
    {
      checks: ['trail'],
      remedy: /create-trail/,
      by: async () => {
        const log = (ReadWriteType: 'ReadOnly' | 'All') =>
          new CloudTrailClient(management()).send(
            new PutEventSelectorsCommand({
              TrailName: 'management-events',
              EventSelectors: [{ ReadWriteType, IncludeManagementEvents: true }],
            }),
          );
        await log('ReadOnly');
        return () => log('All');
      },
    },
  ],
  [
    'the forwarding rule is disabled',
    {
      checks: ['forwarding'],
      remedy: /deploy:management/,
      by: () => disabled(management(), { Name: 'orgkeeper-forwarding' }),
    },
  ],
  [
    'the forwarding rule leads nowhere',
    {
      checks: ['forwarding'],
      remedy: /deploy:management/,
      by: () => untargeted(management(), { Rule: 'orgkeeper-forwarding' }),
    },
  ],
  [
    'the bus admits anybody',
    { checks: ['bus'], remedy: /deploy:main/, by: () => admitting({ Effect: 'Allow', Principal: '*' }) },
  ],
  [
    'the bus refuses the management account',
    { checks: ['bus'], remedy: /deploy:main/, by: () => admitting({ Effect: 'Deny', Principal: '*' }) },
  ],
  [
    'requests lead nowhere',
    {
      checks: ['rules'],
      remedy: /deploy:main/,
      by: () => untargeted(main(), { Rule: 'orgkeeper-requests', EventBusName: 'orgkeeper' }),
    },
  ],
  [
    "the rule of the organization's events is disabled",
    {
      checks: ['rules'],
      remedy: /deploy:main/,
      by: () => disabled(main(), { Name: 'orgkeeper-organization-events', EventBusName: 'orgkeeper' }),
    },
  ],
  [
    'a function has another configuration',
    {
      checks: ['functions'],
      remedy: /revert-drift/,
      by: async () => {
        const lambda = new LambdaClient(main());
        const FunctionName = 'orgkeeper-sweep';
        const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
        const Variables = { ...Environment?.Variables, ORGKEEPER_CONFIG: '{}' };
        await lambda.send(
          new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }),
        );
        return () =>
          lambda.send(
            new UpdateFunctionConfigurationCommand({
              FunctionName,
              Environment: { Variables: Environment?.Variables },
            }),
          );
      },
    },
  ],
  [
    'a queue is not worked off',
    {
      checks: ['sources'],
      remedy: /deploy:main/,
      by: async () => {
        const lambda = new LambdaClient(main());
        const FunctionName = 'orgkeeper-reconcile';
        const found = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
        const UUID = found.EventSourceMappings?.[0]?.UUID;
        await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
        return () => lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
      },
    },
  ],
  [
    'a schedule is disabled',
    {
      checks: ['schedules'],
      remedy: /deploy:main/,
      by: async () => {
        const scheduler = new SchedulerClient(main());
        const of = { Name: 'orgkeeper-nightly', GroupName: 'orgkeeper' };
        const { State, Target, FlexibleTimeWindow, ScheduleExpression } = await scheduler.send(
          new GetScheduleCommand(of),
        );
        const update = (state: 'ENABLED' | 'DISABLED' | undefined) =>
          scheduler.send(
            new UpdateScheduleCommand({
              ...of,
              Target,
              FlexibleTimeWindow,
              ScheduleExpression,
              State: state,
            } as UpdateScheduleCommandInput),
          );
        await update('DISABLED');
        return () => update(State);
      },
    },
  ],
  [
    'a schedule is deleted',
    {
      checks: ['schedules'],
      remedy: /deploy:main/,
      by: async () => {
        const scheduler = new SchedulerClient(main());
        const of = { Name: 'orgkeeper-due', GroupName: 'orgkeeper' };
        const { Target, FlexibleTimeWindow, ScheduleExpression } = await scheduler.send(
          new GetScheduleCommand(of),
        );
        await scheduler.send(new DeleteScheduleCommand(of));
        const again = { ...of, Target, FlexibleTimeWindow, ScheduleExpression } as CreateScheduleCommandInput;
        return () => scheduler.send(new CreateScheduleCommand(again));
      },
    },
  ],
  [
    'a message failed for good',
    {
      checks: ['dead-letters'],
      remedy: /`orgkeeper dead-letters list`.*`orgkeeper dead-letters redrive`/,
      by: async () => {
        await send(queues(main()), 'orgkeeper-sweep-dead', JSON.stringify({ task: 'due' }));
        return () => fleet.orgkeeper('dead-letters', 'redrive');
      },
    },
  ],
  [
    'an event was not delivered to Main',
    {
      checks: ['undelivered'],
      remedy: /purge-queue/,
      by: async () => {
        const QueueUrl = await send(queues(management()), 'orgkeeper-management-undelivered', '{}');
        return () => queues(management()).send(new PurgeQueueCommand({ QueueUrl }));
      },
    },
  ],
  [
    'a baseline names a region that AWS does not have',
    {
      checks: ['regions'],
      remedy: /Publish a version with another region/,
      by: async () => {
        const dynamo = new DynamoDBClient(main());
        const Key = { pk: { S: 'baseline#analytics' }, sk: { S: 'version#000000001' } };
        const { Item } = await dynamo.send(new GetItemCommand({ TableName: 'orgkeeper', Key }));
        const regions = { L: [{ S: 'eu-west-9' }] };
        await dynamo.send(new PutItemCommand({ TableName: 'orgkeeper', Item: { ...Item, regions } }));
        return () => dynamo.send(new PutItemCommand({ TableName: 'orgkeeper', Item }));
      },
    },
  ],
  [
    'the default baseline is not there',
    {
      checks: ['baseline'],
      remedy: /`orgkeeper baseline publish infra\/baselines\/analytics.yaml`/,
      by: async () => {
        const dynamo = new DynamoDBClient(main());
        const Key = { pk: { S: 'baseline#analytics' }, sk: { S: 'version#000000001' } };
        const { Item } = await dynamo.send(new GetItemCommand({ TableName: 'orgkeeper', Key }));
        await dynamo.send(new DeleteItemCommand({ TableName: 'orgkeeper', Key }));
        return () => dynamo.send(new PutItemCommand({ TableName: 'orgkeeper', Item }));
      },
    },
  ],
  [
    'the runner role is gone',
    {
      // Without it the function's own role is another one, too: but it is still named as it was.
      checks: ['runner-role'],
      remedy: /orgkeeper sweep/,
      by: () => deleteRole(main(), 'orgkeeper-WorkflowLoopRunnerRole'),
    },
  ],
];

// That it passes once the problem is corrected, shows at the next problem, which is then the only one, and after the last one.
describe('orgkeeper doctor finds the problem, names the remedy, and passes once it is corrected:', () => {
  it.each(BREAKAGES)(
    '%s',
    async (_, { checks, remedy, skips = /^$/, by }) => {
      const mend = await by();
      const { code, told, stderr } = await doctor().finally(mend);
      expect(named(told, false)).toEqual(checks);
      expect(named(told, null).filter((name) => !skips.test(name))).toEqual([]);
      for (const one of told.filter(({ ok }) => ok === false)) expect(one.remedy).toMatch(remedy);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: `orgkeeper: ${checks.length} of ${told.length} checks failed: ${checks.join(', ')}.\n`,
      });
    },
    90_000,
  );

  it('the last one', async () => {
    const { code, told } = await doctor();
    expect(told.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(code).toBe(0);
  }, 60_000);
});

function permissionOf({ service, action }: RecordedCall): string {
  const rest: [RegExp, string][] = [
    [/^GET .*\/event-source-mappings/, 'ListEventSourceMappings'],
    [/^GET .*\/functions\/.*\/configuration/, 'GetFunctionConfiguration'],
    [/^GET \/schedules\//, 'GetSchedule'],
  ];
  return `${service}:${rest.find(([pattern]) => pattern.test(action))?.[1] ?? action}`;
}

async function configured(change: Record<string, unknown>): Promise<() => Promise<unknown>> {
  const ssm = new SSMClient(main());
  const Name = '/orgkeeper/config';
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
  const put = (Value: string) => ssm.send(new PutParameterCommand({ Name, Value, Overwrite: true }));
  await put(JSON.stringify({ ...JSON.parse(Parameter?.Value ?? ''), ...change }));
  return () => put(Parameter?.Value ?? '');
}

async function disabled(
  settings: ReturnType<typeof main>,
  rule: { Name: string; EventBusName?: string },
): Promise<() => Promise<unknown>> {
  const events = new EventBridgeClient(settings);
  await events.send(new DisableRuleCommand(rule));
  return () => events.send(new EnableRuleCommand(rule));
}

async function untargeted(
  settings: ReturnType<typeof main>,
  rule: { Rule: string; EventBusName?: string },
): Promise<() => Promise<unknown>> {
  const events = new EventBridgeClient(settings);
  const { Targets = [] } = await events.send(new ListTargetsByRuleCommand(rule));
  await events.send(new RemoveTargetsCommand({ ...rule, Ids: Targets.flatMap(({ Id }) => Id ?? []) }));
  return () => events.send(new PutTargetsCommand({ ...rule, Targets }));
}

/** Adds a statement about everything to the policy of the bus. */
async function admitting(statement: object): Promise<() => Promise<unknown>> {
  const events = new EventBridgeClient(main());
  const bus = { EventBusName: 'orgkeeper' };
  const { Arn, Policy = '' } = await events.send(new DescribeEventBusCommand({ Name: 'orgkeeper' }));
  const { Version, Statement } = JSON.parse(Policy) as { Version: string; Statement: object[] };
  const more = { Sid: 'Broken', Action: 'events:PutEvents', Resource: Arn, ...statement };
  const broken = JSON.stringify({ Version, Statement: [...Statement, more] });
  await events.send(new PutPermissionCommand({ ...bus, Policy: broken }));
  return () => events.send(new RemovePermissionCommand({ ...bus, StatementId: 'Broken' }));
}

async function purge(sqs: SQSClient, QueueName: string): Promise<void> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
}

async function send(
  sqs: SQSClient,
  QueueName: string,
  MessageBody: string,
  order: { MessageGroupId?: string; MessageDeduplicationId?: string } = {},
): Promise<string | undefined> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...order }));
  return QueueUrl;
}
