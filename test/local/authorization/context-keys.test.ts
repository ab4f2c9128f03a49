import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, type AssumeRoleCommandInput, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { allow, type ClientSettings, MAIN, startTestGateway, type TestGateway, trust } from '../support.ts';

type Condition = Record<string, Record<string, string | string[]>>;

const START = new Date().toISOString();

let local: TestGateway;
let iam: IAMClient;
let user: ClientSettings;
let session: ClientSettings;

beforeAll(async () => {
  local = await startTestGateway();
  iam = new IAMClient(local.as(MAIN));
  await iam.send(new CreateUserCommand({ UserName: 'ann' }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ann' }));
  const credentials = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  user = { ...local.as(MAIN), credentials };
  session = await local.enter(local.as(MAIN), await role('worker'));
}, 60_000);
afterAll(() => local?.stop());

/** A role that everybody of the account may assume, tag and name, with no policy. */
async function role(RoleName: string): Promise<string> {
  const anyone = JSON.parse(trust(MAIN));
  anyone.Statement[0].Action = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
  const AssumeRolePolicyDocument = JSON.stringify(anyone);
  const made = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  return made.Role?.Arn ?? '';
}

const statement = (Action: string, Condition: Condition, Effect = 'Allow') =>
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect, Action, Resource: '*', Condition } });

/** The policy of user `ann`, or of role `worker`, alone. */
function only(by: 'user' | 'session', PolicyDocument: string) {
  const policy = { PolicyName: 'only', PolicyDocument };
  return by === 'user'
    ? iam.send(new PutUserPolicyCommand({ UserName: 'ann', ...policy }))
    : iam.send(new PutRolePolicyCommand({ RoleName: 'worker', ...policy }));
}

/** Whether a call goes through; false if it is denied. */
async function passes(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (error instanceof Error && /^AccessDenied/.test(error.name)) return false;
    throw error;
  }
}

/** Whether a policy with this condition allows a call. */
async function holds(by: 'user' | 'session', condition: Condition): Promise<boolean> {
  await only(by, statement('dynamodb:ListTables', condition));
  const tables = new DynamoDBClient(by === 'user' ? user : session);
  return passes(() => tables.send(new ListTablesCommand({})));
}

const isAbsent = (key: string): Condition => ({ Null: { [key]: 'true' } });

describe('The global context keys of a call', () => {
  it.each<[string, Condition]>([
    ['aws:SourceIp is the address of the socket', { IpAddress: { 'aws:SourceIp': '127.0.0.1/32' } }],
    ['aws:UserAgent is the header', { StringLike: { 'aws:UserAgent': 'aws-sdk-js/*' } }],
    ['aws:Referer is absent without the header', isAbsent('aws:Referer')],
    ['aws:CurrentTime is the time of the call', { DateGreaterThan: { 'aws:CurrentTime': START } }],
    [
      'aws:EpochTime is the same in seconds',
      { NumericGreaterThanEquals: { 'aws:EpochTime': String(Math.floor(Date.parse(START) / 1000)) } },
    ],
    ['aws:SecureTransport is true', { Bool: { 'aws:SecureTransport': 'true' } }],
    ['aws:RequestedRegion is that of the call', { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } }],
    ['aws:ViaAWSService is false', { Bool: { 'aws:ViaAWSService': 'false' } }],
    ['aws:CalledVia is absent', isAbsent('aws:CalledVia')],
    ['aws:PrincipalIsAWSService is false', { Bool: { 'aws:PrincipalIsAWSService': 'false' } }],
    ['aws:PrincipalServiceName is absent', isAbsent('aws:PrincipalServiceName')],
    ['aws:SourceArn is absent', isAbsent('aws:SourceArn')],
    ['aws:MultiFactorAuthAge is absent', isAbsent('aws:MultiFactorAuthAge')],
    ['aws:FederatedProvider is absent', isAbsent('aws:FederatedProvider')],
  ])('%s, for a user and for a session', async (_, condition) => {
    expect([await holds('user', condition), await holds('session', condition)]).toEqual([true, true]);
  });

  it.each<[string, Condition]>([
    ['aws:PrincipalType is User', { StringEquals: { 'aws:PrincipalType': 'User' } }],
    ['aws:username is its name', { StringEquals: { 'aws:username': 'ann' } }],
    ['aws:userid is that of a user', { StringLike: { 'aws:userid': 'AIDA*' } }],
    ['aws:TokenIssueTime is absent', isAbsent('aws:TokenIssueTime')],
    ['aws:MultiFactorAuthPresent is absent', isAbsent('aws:MultiFactorAuthPresent')],
    ['aws:SourceIdentity is absent', isAbsent('aws:SourceIdentity')],
  ])('of a user: %s', async (_, condition) => {
    expect(await holds('user', condition)).toBe(true);
  });

  it.each<[string, Condition]>([
    ['aws:PrincipalType is AssumedRole', { StringEquals: { 'aws:PrincipalType': 'AssumedRole' } }],
    ['aws:username is absent', isAbsent('aws:username')],
    ['aws:userid is the id of the role with the name', { StringLike: { 'aws:userid': 'AROA*:a-pass' } }],
    ['aws:MultiFactorAuthPresent is false', { Bool: { 'aws:MultiFactorAuthPresent': 'false' } }],
    ['aws:SourceIdentity is absent', isAbsent('aws:SourceIdentity')],
  ])('of a session: %s', async (_, condition) => {
    expect(await holds('session', condition)).toBe(true);
  });

  it('end the sessions that were opened before a time: aws:TokenIssueTime', async () => {
    const denyOlder = (time: string) =>
      only(
        'session',
        JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: '*', Resource: '*' },
            {
              Effect: 'Deny',
              Action: '*',
              Resource: '*',
              Condition: { DateLessThan: { 'aws:TokenIssueTime': time } },
            },
          ],
        }),
      );
    const call = () => new DynamoDBClient(session).send(new ListTablesCommand({}));
    await denyOlder(START);
    expect(await passes(call)).toBe(true);
    await denyOlder(new Date().toISOString());
    expect(await passes(call)).toBe(false);
  });

  it('hold session tags and the source identity, which a session hands on to the next one', async () => {
    const enter = async (by: ClientSettings, name: string, more: Partial<AssumeRoleCommandInput>) => {
      const command = new AssumeRoleCommand({
        RoleArn: `arn:aws:iam::${MAIN}:role/${name}`,
        RoleSessionName: 'a-pass',
        ...more,
      });
      const { Credentials: given } = await new STSClient(by).send(command);
      return {
        ...by,
        credentials: {
          accessKeyId: given?.AccessKeyId ?? '',
          secretAccessKey: given?.SecretAccessKey ?? '',
          sessionToken: given?.SessionToken ?? '',
        },
      };
    };
    await Promise.all(['first', 'second'].map(role));
    await iam.send(
      new PutRolePolicyCommand({
        ...{ RoleName: 'first', PolicyName: 'go', PolicyDocument: allow('sts:*', '*') },
      }),
    );
    const own = (condition: Condition) =>
      iam.send(
        new PutRolePolicyCommand({
          ...{ RoleName: 'second', PolicyName: 'own' },
          PolicyDocument: statement('dynamodb:ListTables', condition),
        }),
      );
    const Tags = ['kept', 'left'].map((Key) => ({ Key, Value: 'yes' }));
    const given = { Tags, TransitiveTagKeys: ['kept'], SourceIdentity: 'ann' };
    const first = await enter(local.as(MAIN), 'first', given);
    const second = await enter(first, 'second', {});
    const call = () => new DynamoDBClient(second).send(new ListTablesCommand({}));
    await own({
      StringEquals: { 'aws:PrincipalTag/kept': 'yes', 'aws:SourceIdentity': 'ann' },
      Null: { 'aws:PrincipalTag/left': 'true' },
    });
    expect(await passes(call)).toBe(true);
    // Each role on the way must allow to set the source identity.
    await iam.send(new CreateRoleCommand({ RoleName: 'unnamed', AssumeRolePolicyDocument: trust(MAIN) }));
    expect(await passes(() => enter(first, 'unnamed', {}))).toBe(false);
  });
});

describe('A VPC endpoint', () => {
  const KEYS = [
    'aws:SourceVpc',
    'aws:SourceVpcArn',
    'aws:SourceVpce',
    'aws:VpcSourceIp',
    'aws:VpceAccount',
    'aws:VpceOrgID',
    'aws:VpceOrgPaths',
  ];

  it.each(KEYS)('is on the way of no call: %s is absent', async (key) => {
    expect([await holds('user', isAbsent(key)), await holds('session', isAbsent(key))]).toEqual([true, true]);
  });

  it('that a policy requires refuses each call, and one that it denies refuses none', async () => {
    const equals: Condition = { StringEquals: { 'aws:SourceVpce': 'vpce-1' } };
    const others: Condition = { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } };
    expect([await holds('user', equals), await holds('user', others)]).toEqual([false, true]);
    const denying = async (condition: Condition) => {
      const [allowed, refused] = [allow('*', '*'), statement('*', condition, 'Deny')].map((text) =>
        JSON.parse(text),
      );
      const Statement = [...[allowed.Statement].flat(), refused.Statement];
      await only('user', JSON.stringify({ Version: '2012-10-17', Statement }));
      return passes(() => new DynamoDBClient(user).send(new ListTablesCommand({})));
    };
    expect([await denying(equals), await denying(others)]).toEqual([true, false]);
  });
});

describe('The global context keys of what a service does', () => {
  const made = (name: string) =>
    JSON.stringify({
      Resources: {
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: { RoleName: name, AssumeRolePolicyDocument: JSON.parse(trust(MAIN)) },
        },
      },
    });
  const createStack = (StackName: string, more = {}) =>
    new CloudFormationClient(user).send(
      new CreateStackCommand({
        ...{ StackName, TemplateBody: made(StackName), Capabilities: ['CAPABILITY_NAMED_IAM'] },
        ...more,
      }),
    );

  it('in the name of a caller keep the address of the caller, and name the service', async () => {
    const Condition: Condition = {
      IpAddress: { 'aws:SourceIp': '127.0.0.1/32' },
      Bool: { 'aws:ViaAWSService': 'true', 'aws:MultiFactorAuthPresent': 'false' },
      StringEquals: {
        'aws:UserAgent': 'cloudformation.amazonaws.com',
        'aws:CalledViaFirst': 'cloudformation.amazonaws.com',
      },
    };
    const both = (condition: Condition) =>
      only(
        'user',
        JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: 'cloudformation:*', Resource: '*' },
            { Effect: 'Allow', Action: 'iam:*', Resource: '*', Condition: condition },
          ],
        }),
      );
    await both({ ...Condition, Bool: { 'aws:ViaAWSService': 'false' } });
    expect(await passes(() => createStack('as-ann'))).toBe(false);
    await both(Condition);
    expect(await passes(() => createStack('as-ann'))).toBe(true);
  });

  it('by a role that it assumes have an address of its own', async () => {
    const RoleARN = await role('deploys');
    await only('user', allow('*', '*'));
    const may = (condition: Condition) =>
      iam.send(
        new PutRolePolicyCommand({
          ...{ RoleName: 'deploys', PolicyName: 'own', PolicyDocument: statement('iam:*', condition) },
        }),
      );
    await may({ IpAddressIfExists: { 'aws:SourceIp': '127.0.0.0/8' } });
    expect(await passes(() => createStack('by-role', { RoleARN }))).toBe(false);
    await may({
      NotIpAddress: { 'aws:SourceIp': '127.0.0.0/8' },
      Bool: { 'aws:ViaAWSService': 'false', 'aws:MultiFactorAuthPresent': 'false' },
    });
    expect(await passes(() => createStack('by-role', { RoleARN }))).toBe(true);
  });

  it('by itself name the service as the principal', async () => {
    const main = local.as(MAIN);
    const [sqs, events] = [
      new SQSClient({ ...main, useQueueUrlAsEndpoint: false }),
      new EventBridgeClient(main),
    ];
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'heard' }));
    const Arn = `arn:aws:sqs:eu-west-1:${MAIN}:heard`;
    await events.send(new PutRuleCommand({ Name: 'hear', EventPattern: '{"source":["test"]}' }));
    await events.send(new PutTargetsCommand({ Rule: 'hear', Targets: [{ Id: '1', Arn }] }));
    const arrives = async (Condition: Condition) => {
      const Principal = { Service: 'events.amazonaws.com' };
      const Statement = { Effect: 'Allow', Principal, Action: 'sqs:SendMessage', Resource: Arn, Condition };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
      const Entries = [{ Source: 'test', DetailType: 'x', Detail: '{}' }];
      await events.send(new PutEventsCommand({ Entries }));
      return (await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.length === 1;
    };
    const name = { 'aws:PrincipalServiceName': 'events.amazonaws.com' };
    expect(
      await arrives({
        StringEquals: { ...name, 'aws:SourceAccount': MAIN, 'aws:RequestedRegion': 'eu-west-1' },
        'ForAnyValue:StringEquals': { 'aws:PrincipalServiceNamesList': ['events.amazonaws.com'] },
        Bool: { 'aws:PrincipalIsAWSService': 'true', 'aws:ViaAWSService': 'false' },
        DateGreaterThan: { 'aws:CurrentTime': START },
        NotIpAddressIfExists: { 'aws:SourceIp': '127.0.0.0/8' },
        Null: { 'aws:SourceIp': 'false', 'aws:SourceVpce': 'true' },
      }),
    ).toBe(true);
    expect(await arrives({ StringNotEquals: name })).toBe(false);
  });
});
