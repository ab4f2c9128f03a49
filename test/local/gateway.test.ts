import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutPermissionCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import {
  CreateAccountCommand,
  CreateOrganizationCommand,
  DescribeCreateAccountStatusCommand,
  ListAccountsCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MAIN, MANAGEMENT, receiving, startTestGateway, type TestGateway } from './support.ts';

let local: TestGateway;
beforeAll(async () => {
  local = await startTestGateway();
}, 60_000);
afterAll(() => local?.stop());

/** Lets an account put events of this source on the bus. */
async function admit(bus: string, busArn: string, account: string, source: string) {
  const statement = {
    Sid: 'Admitted',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'events:PutEvents',
    Resource: busArn,
    Condition: { StringEquals: { 'events:source': source } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await new EventBridgeClient(local.as(MAIN)).send(new PutPermissionCommand({ EventBusName: bus, Policy }));
}

const queueBehind = (account: string, region: string, bus: string, pattern: object) =>
  receiving(local, { account, region, bus }, pattern);

describe('CreateAccount through the gateway', () => {
  it('puts CreateAccountResult, name masked, on the default bus of the management account in us-east-1', async () => {
    const client = new OrganizationsClient(local.as(MANAGEMENT, 'us-east-1'));
    await client.send(new CreateOrganizationCommand({ FeatureSet: 'ALL' }));
    const received = await queueBehind(MANAGEMENT, 'us-east-1', 'default', {
      source: ['aws.organizations'],
      'detail-type': ['AWS Service Event via CloudTrail'],
    });
    const { CreateAccountStatus } = await client.send(
      new CreateAccountCommand({ AccountName: 'genomics', Email: 'genomics@example.com' }),
    );
    const [event, ...more] = await received();
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      version: '0',
      account: MANAGEMENT,
      region: 'us-east-1',
      source: 'aws.organizations',
      'detail-type': 'AWS Service Event via CloudTrail',
      resources: [],
      detail: {
        eventName: 'CreateAccountResult',
        recipientAccountId: MANAGEMENT,
        serviceEventDetails: {
          createAccountStatus: {
            id: CreateAccountStatus?.Id,
            state: 'SUCCEEDED',
            accountName: '****',
            accountId: CreateAccountStatus?.AccountId,
            requestedTimestamp: expect.stringMatching(/^\w{3} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M$/),
          },
        },
      },
    });
    expect(Object.keys(event.detail)).not.toContain('__orgkeeper_local__');
  });

  it('ends as FAILED if another account has the email, whoever made that account, in upper or lower case', async () => {
    const client = new OrganizationsClient(local.as(MANAGEMENT, 'us-east-1'));
    const received = await queueBehind(MANAGEMENT, 'us-east-1', 'default', {
      source: ['aws.organizations'],
      'detail-type': ['AWS Service Event via CloudTrail'],
    });
    const create = async (AccountName: string, Email: string) =>
      (await client.send(new CreateAccountCommand({ AccountName, Email }))).CreateAccountStatus;
    const accounts = async () => (await client.send(new ListAccountsCommand({}))).Accounts ?? [];
    const [management] = await accounts();
    const taken = {
      State: 'FAILED',
      FailureReason: 'EMAIL_ALREADY_EXISTS',
      Id: expect.stringMatching(/^car-/),
    };
    expect(await create('again', 'Genomics@example.com')).toMatchObject(taken);
    expect(await create('management', management?.Email ?? '')).toMatchObject(taken);
    const twins = await Promise.all([create('one', 'twin@example.com'), create('two', 'twin@example.com')]);
    expect(twins.map((status) => status?.State).toSorted()).toEqual(['FAILED', 'SUCCEEDED']);
    expect((await accounts()).map(({ Email }) => Email)).toHaveLength(3);
    const events: { id: string; state: string; failureReason?: string }[] = [];
    while (events.length < 4) {
      const more = await received();
      events.push(...more.map(({ detail }) => detail.serviceEventDetails.createAccountStatus));
    }
    expect(events.map(({ failureReason }) => failureReason).filter(Boolean)).toHaveLength(3);
    const id = events.find(({ state }) => state === 'FAILED')?.id;
    const asked = new DescribeCreateAccountStatusCommand({ CreateAccountRequestId: id });
    expect((await client.send(asked)).CreateAccountStatus).toMatchObject(taken);
  });

  it('puts no event if the call fails', async () => {
    const received = await queueBehind(MANAGEMENT, 'us-east-1', 'default', {
      source: ['aws.organizations'],
      'detail-type': ['AWS Service Event via CloudTrail'],
    });
    const nobody = new OrganizationsClient(local.as('111111111111', 'us-east-1'));
    const asked = nobody.send(new CreateAccountCommand({ AccountName: 'x', Email: 'x@example.com' }));
    await expect(asked).rejects.toThrow();
    expect(await received()).toEqual([]);
  });
});

describe('An error of the gateway itself', () => {
  it('is answered to the caller: an event pattern with an unknown matcher', async () => {
    await queueBehind(MAIN, 'eu-west-1', 'default', {
      'detail-type': ['Unknown matcher'],
      source: [{ cidr: '10.0.0.0/8' }],
    });
    const Entries = [{ Source: '10.1.2.3', DetailType: 'Unknown matcher', Detail: '{}' }];
    await expect(
      new EventBridgeClient(local.as(MAIN)).send(new PutEventsCommand({ Entries })),
    ).rejects.toMatchObject({
      name: 'InternalFailure',
      message: 'The local runtime does not know the matcher cidr of an event pattern.',
    });
  });
});

describe('PutEvents through the gateway', () => {
  const entry = { Source: 'orgkeeper.request', DetailType: 'DriftSweepRequested', Detail: '{"reason":"x"}' };

  it('keeps account, time, region and resources of the sender when a bus of another account admits the event', async () => {
    const main = new EventBridgeClient(local.as(MAIN));
    await main.send(new CreateEventBusCommand({ Name: 'hub' }));
    const received = await queueBehind(MAIN, 'eu-west-1', 'hub', { source: ['orgkeeper.request'] });
    const management = new EventBridgeClient(local.as(MANAGEMENT, 'us-east-1'));
    await management.send(
      new PutRuleCommand({ Name: 'on', EventPattern: '{"source":["orgkeeper.request"]}' }),
    );
    const Arn = `arn:aws:events:eu-west-1:${MAIN}:event-bus/hub`;
    await management.send(new PutTargetsCommand({ Rule: 'on', Targets: [{ Id: '1', Arn }] }));
    const Time = new Date('2026-11-20T09:14:07Z');
    await management.send(new PutEventsCommand({ Entries: [entry] }));
    expect(await received()).toEqual([]);
    await admit('hub', Arn, MANAGEMENT, 'orgkeeper.request');
    await management.send(new PutEventsCommand({ Entries: [{ ...entry, Time, Resources: ['arn:aws:x'] }] }));
    expect(await received()).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        'detail-type': 'DriftSweepRequested',
        source: 'orgkeeper.request',
        account: MANAGEMENT,
        time: '2026-11-20T09:14:07Z',
        region: 'us-east-1',
        resources: ['arn:aws:x'],
        detail: { reason: 'x' },
      },
    ]);
  });

  it('refuses, entry by entry, sources of AWS and details that are not an object', async () => {
    const { Entries, FailedEntryCount } = await new EventBridgeClient(local.as(MAIN)).send(
      new PutEventsCommand({
        Entries: [
          { ...entry, Source: 'aws.organizations' },
          { ...entry, Detail: '[1]' },
          { ...entry, Detail: '{' },
          entry,
        ],
      }),
    );
    expect(FailedEntryCount).toBe(3);
    expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      'NotAuthorizedForSourceException',
      'MalformedDetail',
      'MalformedDetail',
      undefined,
    ]);
  });

  it('refuses more than 1 MB', async () => {
    const Detail = JSON.stringify({ name: 'x'.repeat(1024 * 1024) });
    const asked = new EventBridgeClient(local.as(MAIN)).send(
      new PutEventsCommand({ Entries: [{ ...entry, Detail }] }),
    );
    await expect(asked).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('reaches a bus of another account if its policy admits source and account, and not otherwise', async () => {
    const main = new EventBridgeClient(local.as(MAIN));
    const { EventBusArn } = await main.send(new CreateEventBusCommand({ Name: 'guarded' }));
    await admit('guarded', EventBusArn ?? '', MANAGEMENT, 'orgkeeper.request');
    const received = await queueBehind(MAIN, 'eu-west-1', 'guarded', { source: [{ prefix: '' }] });
    const put = (account: string, Source: string) =>
      new EventBridgeClient(local.as(account)).send(
        new PutEventsCommand({
          Entries: [{ ...entry, Source, ...(EventBusArn ? { EventBusName: EventBusArn } : {}) }],
        }),
      );
    await put(MANAGEMENT, 'orgkeeper.request');
    await expect(put(MANAGEMENT, 'foreign')).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(put('111111111111', 'orgkeeper.request')).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expect((await received()).map(({ account }) => account)).toEqual([MANAGEMENT]);
  });
});

describe('A FIFO queue behind the gateway', () => {
  it('keeps a deduplication id after its message is deleted, separately for each group', async () => {
    const sqs = new SQSClient({ ...local.as(MAIN), useQueueUrlAsEndpoint: false });
    const Attributes = {
      FifoQueue: 'true',
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    };
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'work.fifo', Attributes }));
    const message = { MessageBody: 'body', MessageDeduplicationId: 'event-1', MessageGroupId: 'a' };
    const receive = async () => {
      const wanted = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All' as const] };
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(wanted));
      for (const { ReceiptHandle } of Messages)
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      return Messages.map(({ Attributes: is }) => [is?.MessageGroupId, is?.MessageDeduplicationId]);
    };
    const first = await sqs.send(new SendMessageCommand({ QueueUrl, ...message }));
    expect(await receive()).toEqual([['a', 'event-1']]);
    const again = await sqs.send(new SendMessageCommand({ QueueUrl, ...message }));
    expect(again.MessageId).toBe(first.MessageId);
    const { Successful, Failed } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: '1', ...message },
          { Id: '2', ...message, MessageGroupId: 'b' },
          { Id: '3', ...message, MessageGroupId: 'b' },
        ],
      }),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(['1', '2', '3']);
    expect(Failed ?? []).toEqual([]);
    expect(await receive()).toEqual([['b', 'event-1']]);
  });
});

describe('The record of calls', () => {
  it('has account, caller, action, parameters, and whether the call writes', async () => {
    local.gateway.recorder.clear();
    const ssm = new SSMClient(local.as(MAIN));
    await ssm.send(new PutParameterCommand({ Name: '/a', Value: 'x', Type: 'String' }));
    await expect(ssm.send(new GetParameterCommand({ Name: '/b' }))).rejects.toThrow();
    const record = async (filter: string) => {
      const answer = await fetch(`${local.gateway.endpoint}/_orgkeeper/calls?account=${MAIN}${filter}`);
      return ((await answer.json()) as { calls: { id: number; action: string }[] }).calls;
    };
    const [first, ...others] = await record('&limit=1');
    expect([first?.action, others]).toEqual(['PutParameter', []]);
    expect((await record(`&limit=1&since=${first?.id}`)).map(({ action }) => action)).toEqual([
      'GetParameter',
    ]);
    expect(await record('')).toMatchObject([
      {
        service: 'ssm',
        action: 'PutParameter',
        access: 'write',
        account: MAIN,
        callerArn: `arn:aws:iam::${MAIN}:user/administrator`,
        params: { Name: '/a' },
        status: 200,
      },
      { action: 'GetParameter', access: 'read', status: 400, errorCode: 'ParameterNotFound' },
    ]);
  });
});

describe('A planned fault', () => {
  afterEach(() => local.gateway.faults.clear());
  const get = () => new SSMClient(local.as(MAIN)).send(new GetParameterCommand({ Name: '/fault' }));
  const put = () =>
    new SSMClient(local.as(MAIN)).send(
      new PutParameterCommand({ Name: '/fault', Value: 'x', Type: 'String', Overwrite: true }),
    );

  it('answers with the planned error, for the planned number of calls, after the planned number of successes', async () => {
    const effect = { kind: 'error', code: 'ThrottlingException', message: 'slow' } as const;
    local.gateway.faults.add({ action: 'PutParameter', skip: 1, count: 1, effect });
    await put();
    await expect(put()).rejects.toMatchObject({ name: 'ThrottlingException' });
    await put();
  });

  it('closes the connection after the call was carried out', async () => {
    local.gateway.faults.add({ account: MAIN, access: 'write', effect: { kind: 'close', when: 'after' } });
    const before = (await get()).Parameter?.Version ?? 0;
    await expect(put()).rejects.toThrow();
    expect((await get()).Parameter?.Version).toBe(before + 1);
  });

  it('meets a part of the calls, the same ones for the same seed', async () => {
    const run = async (seed: number) => {
      local.gateway.faults.clear();
      local.gateway.faults.add({ count: 'all', rate: 0.3, seed, effect: { kind: 'broken' } });
      const answers: boolean[] = [];
      for (let at = 0; at < 60; at += 1) {
        answers.push(
          await put().then(
            () => true,
            () => false,
          ),
        );
      }
      return answers;
    };
    const first = await run(7);
    expect(first.filter((answered) => !answered).length).toBeGreaterThan(8);
    expect(first.filter((answered) => !answered).length).toBeLessThan(30);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
  });

  it('throttles and fails in the words of each service, for roles or for users only', async () => {
    const called = [
      () => get(),
      () => new EC2Client(local.as(MAIN)).send(new DescribeVpcsCommand({})),
      () => new IAMClient(local.as(MAIN)).send(new ListRolesCommand({})),
    ];
    const names = () =>
      Promise.all(
        called.map((call) =>
          call().then(
            () => 'answered',
            ({ name }: Error) => name,
          ),
        ),
      );
    await put();
    local.gateway.faults.add({ caller: 'role', count: 'all', effect: { kind: 'broken' } });
    expect(await names()).toEqual(['answered', 'answered', 'answered']);
    local.gateway.faults.add({ caller: 'user', count: 3, effect: { kind: 'throttled' } });
    expect(await names()).toEqual(['ThrottlingException', 'RequestLimitExceeded', 'Throttling']);
    local.gateway.faults.add({ caller: 'user', count: 'all', effect: { kind: 'broken' } });
    expect(await names()).toEqual(['InternalServerError', 'InternalError', 'ServiceFailureException']);
  });

  it('meets only the calls of one region', async () => {
    const [HERE, THERE] = ['eu-west-1', 'us-west-2'];
    local.gateway.faults.add({ region: THERE, count: 'all', effect: { kind: 'broken' } });
    const vpcsIn = (region: string) =>
      new EC2Client({ ...local.as(MAIN), region, maxAttempts: 1 }).send(new DescribeVpcsCommand({}));
    await expect(vpcsIn(THERE)).rejects.toMatchObject({ name: 'InternalError' });
    expect(await vpcsIn(HERE)).toHaveProperty('Vpcs');
  });
});

describe('Planned deliveries of events', () => {
  const control = (method: string, plan?: object) =>
    fetch(`${local.gateway.endpoint}/_orgkeeper/deliveries`, {
      method,
      ...(plan && { body: JSON.stringify(plan) }),
    });

  it('come twice and late, and none is lost', async () => {
    const received = await queueBehind(MAIN, 'eu-west-1', 'default', { source: ['deliveries'] });
    const put = (name: string) =>
      new EventBridgeClient(local.as(MAIN)).send(
        new PutEventsCommand({
          Entries: [{ Source: 'deliveries', DetailType: 'Try', Detail: JSON.stringify({ name }) }],
        }),
      );
    await control('POST', { doubled: 1, delayed: 1, milliseconds: 1500 });
    await put('late');
    await control('DELETE');
    await put('in time');
    const came: string[] = [];
    while (came.length < 3) came.push(...(await received()).map(({ detail }) => detail.name));
    expect(came.sort()).toEqual(['in time', 'late', 'late']);
  }, 20_000);
});
