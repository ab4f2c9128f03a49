import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { mayDeliver } from '../../local/demo/answers.ts';
import { type Emulator, startEmulator } from '../../local/emulator.ts';
import { localAccessKeyId } from '../../local/gateway/callers.ts';
import { type Gateway, startGateway } from '../../local/gateway/gateway.ts';

/** Account ids of these tests. */
export const MANAGEMENT = '210987654321';
export const MAIN = '345678901234';

/** A gateway in front of an emulator, and nothing else. */
export interface TestGateway {
  readonly gateway: Gateway;
  readonly emulator: Emulator;
  /** Client settings of an account's administrator. */
  as(account: string, region?: string): ClientSettings;
  /** Client settings of a session of the role, entered by this client. */
  enter(by: ClientSettings, roleArn: string, options?: EnterOptions): Promise<ClientSettings>;
  stop(): Promise<void>;
}

/** What SDK clients are made with. */
export interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly maxAttempts: number;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** More for AssumeRole. */
export interface EnterOptions {
  readonly externalId?: string;
  readonly policy?: string;
  readonly seconds?: number;
}

/** Starts emulator and gateway on free ports. */
export async function startTestGateway(): Promise<TestGateway> {
  const directory = fileURLToPath(new URL('../../.orgkeeper', import.meta.url));
  const emulator = await startEmulator({ directory, say: () => undefined });
  const gateway = await startGateway({ port: 0 });
  gateway.connect(emulator);
  const settings = (region: string, credentials: ClientSettings['credentials']): ClientSettings => ({
    endpoint: gateway.endpoint,
    region,
    maxAttempts: 1,
    credentials,
  });
  return {
    gateway,
    emulator,
    as: (account, region = 'eu-west-1') =>
      settings(region, { accessKeyId: localAccessKeyId(account), secretAccessKey: 'local' }),
    async enter(by, roleArn, { externalId, policy, seconds } = {}) {
      const { Credentials: given } = await new STSClient(by).send(
        new AssumeRoleCommand({
          RoleArn: roleArn,
          RoleSessionName: 'a-pass',
          ...(externalId === undefined ? {} : { ExternalId: externalId }),
          ...(policy === undefined ? {} : { Policy: policy }),
          ...(seconds === undefined ? {} : { DurationSeconds: seconds }),
        }),
      );
      return settings(by.region, {
        accessKeyId: given?.AccessKeyId ?? '',
        secretAccessKey: given?.SecretAccessKey ?? '',
        sessionToken: given?.SessionToken ?? '',
      });
    },
    async stop() {
      await gateway.close();
      await emulator.stop();
    },
  };
}

/**
 * A queue that gets whatever a rule of the bus matches; each call reads the next events. A rule is put again and again by
 * tests that share a gateway, so queue and rule have a name of their own.
 */
export async function receiving(
  local: TestGateway,
  { account, region, bus = 'default' }: { account: string; region: string; bus?: string },
  pattern: object,
) {
  const sqs = new SQSClient({ ...local.as(account, region), useQueueUrlAsEndpoint: false });
  const events = new EventBridgeClient(local.as(account, region));
  const name = `q-${randomUUID()}`;
  const of = `${region}:${account}`;
  const rule = `arn:aws:events:${of}:rule/${bus === 'default' ? '' : `${bus}/`}${name}`;
  const Policy = mayDeliver(`arn:aws:sqs:${of}:${name}`, rule);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy } }));
  await events.send(
    new PutRuleCommand({ Name: name, EventBusName: bus, EventPattern: JSON.stringify(pattern) }),
  );
  const Arn = `arn:aws:sqs:${region}:${account}:${name}`;
  await events.send(new PutTargetsCommand({ Rule: name, EventBusName: bus, Targets: [{ Id: '1', Arn }] }));
  return async () => {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    return (Messages ?? []).map(({ Body }) => JSON.parse(Body ?? ''));
  };
}

/** A trust policy that admits these principals, with an ExternalId if one is given. */
export function trust(principals: string | string[], externalId?: string): string {
  const condition = externalId ? { Condition: { StringEquals: { 'sts:ExternalId': externalId } } } : {};
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: principals }, Action: 'sts:AssumeRole', ...condition }],
  });
}

/** A policy that allows this action on this resource. */
export function allow(action: string, resource: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: action, Resource: resource }],
  });
}
