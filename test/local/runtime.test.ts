import { readFileSync } from 'node:fs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { CreateAccountCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { noteOf } from '../../cli/commands/local.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { pause, until } from '../kit/wait.ts';
import { standIns } from './stand-ins.ts';

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await startTestRuntime({ functionsDir: standIns() });
}, 120_000);
afterAll(() => runtime?.stop());

interface Seen {
  readonly event: { account: string; 'detail-type': string; detail: Record<string, unknown> };
  readonly attributes: Record<string, string>;
  readonly role: string;
}

/** What the function was given, once there is something that fits. */
async function seen(fits: (one: Seen) => boolean, atLeast = 1): Promise<Seen[]> {
  const lines = () => readFileSync(runtime.logFile, 'utf8').split('\n');
  const found = () =>
    lines().flatMap((line) => {
      const text = /orgkeeper-intake seen (.*)$/.exec(line)?.[1];
      const one: Seen | undefined = text && JSON.parse(text);
      return one && fits(one) ? [one] : [];
    });
  return until('the function sees what fits', () => (found().length >= atLeast ? found() : undefined), {
    ...{ seconds: 20, everyMs: 100 },
    seen: () => lines().slice(-10),
  });
}

function put(detail: Record<string, unknown>) {
  const Entries = [
    {
      Source: 'orgkeeper.request',
      DetailType: 'Try',
      Detail: JSON.stringify(detail),
      EventBusName: 'orgkeeper',
    },
  ];
  return new EventBridgeClient(runtime.as(runtime.accounts.main)).send(new PutEventsCommand({ Entries }));
}

async function messagesLeft() {
  const sqs = new SQSClient({ ...runtime.as(runtime.accounts.main), useQueueUrlAsEndpoint: false });
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'orgkeeper-intake' }));
  const wanted = { QueueUrl, AttributeNames: ['ApproximateNumberOfMessagesNotVisible' as const] };
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand(wanted));
  return Number(Attributes?.ApproximateNumberOfMessagesNotVisible);
}

describe('The deployed functions at the local runtime', () => {
  it('get the event of an account that anyone creates, with the account that sent it', async () => {
    const { main, management } = runtime.accounts;
    expect(main).not.toBe(management);
    await new OrganizationsClient(runtime.as(management, 'us-east-1')).send(
      new CreateAccountCommand({ AccountName: 'genomics', Email: 'genomics@example.com' }),
    );
    const [{ event, role } = {} as Seen] = await seen(
      (one) => one.event.detail.eventName === 'CreateAccountResult',
    );
    expect(event.account).toBe(management);
    const { accountId } = (event.detail.serviceEventDetails as { createAccountStatus: { accountId: string } })
      .createAccountStatus;
    expect(await noteOf(accountId, runtime)).toBeUndefined();
    expect(await noteOf('999999999999', runtime)).toMatch(/^Account 999999999999 is not in the organization/);
    expect(role).toMatch(/^ASIA/);
  }, 30_000);

  it('have their messages deleted when they succeed, and kept when they report them as failed', async () => {
    await put({ name: 'good' });
    await seen((one) => one.event.detail.name === 'good');
    await put({ name: 'bad', fail: true });
    const [{ attributes } = {} as Seen] = await seen((one) => one.event.detail.name === 'bad');
    expect(attributes.ApproximateReceiveCount).toBe('1');
    await pause(500);
    expect(await messagesLeft()).toBe(1);
  }, 30_000);

  it('continue in a new environment after a crash', async () => {
    await put({ name: 'crash', crash: true });
    await seen((one) => one.event.detail.name === 'crash');
    await put({ name: 'after the crash' });
    await seen((one) => one.event.detail.name === 'after the crash');
  }, 30_000);

  it('continue after a kill, and the message is redelivered when its visibility timeout ends', async () => {
    await put({ name: 'endless', hang: true });
    await seen((one) => one.event.detail.name === 'endless');
    expect(await runtime.kill('orgkeeper-intake')).toBe(1);
    expect(await runtime.kill('orgkeeper-intake')).toBe(0);
    expect(await messagesLeft()).toBeGreaterThanOrEqual(1);
    await put({ name: 'after the kill' });
    await seen((one) => one.event.detail.name === 'after the kill');
  }, 30_000);

  it('are called by schedules, for which a minute passes in a second', async () => {
    const ticks = () =>
      readFileSync(runtime.logFile, 'utf8').split('orgkeeper-sweep seen {"task":"due"}').length;
    const before = ticks();
    await until('the clock has ticked twice', () => (ticks() - before >= 2 ? true : undefined), {
      seconds: 20,
    });
  }, 30_000);

  it('wait for an emulator that does not answer for a while', async () => {
    await runtime.pause();
    await pause(3_000);
    await runtime.resume();
    await put({ name: 'after the pause' });
    await seen((one) => one.event.detail.name === 'after the pause');
  }, 30_000);
});

describe('An event source mapping', () => {
  it('is shown as enabled; while it is disabled, messages wait', async () => {
    const lambda = new LambdaClient(runtime.as(runtime.accounts.main));
    const FunctionName = 'orgkeeper-intake';
    const mapping = async () =>
      (await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }))).EventSourceMappings?.[0];
    const { State, UUID } = (await mapping()) ?? {};
    expect(State).toBe('Enabled');
    const disabled = await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
    expect([disabled.State, (await mapping())?.State]).toEqual(['Disabled', 'Disabled']);
    // What was being asked for when it was disabled is answered first.
    await pause(1_000);
    await put({ name: 'waiting' });
    await pause(2_000);
    expect(readFileSync(runtime.logFile, 'utf8')).not.toContain('"name":"waiting"');
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
    expect((await mapping())?.State).toBe('Enabled');
    await seen((one) => one.event.detail.name === 'waiting');
  }, 30_000);
});
