import { CloudFormationClient, CreateStackCommand, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  AddUserToGroupCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  GetRoleCommand,
  IAMClient,
  ListRolesCommand,
  PutGroupPolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateAliasCommand, CreateKeyCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import * as organizationsSdk from '@aws-sdk/client-organizations';
import {
  AttachPolicyCommand,
  CreateAccountCommand,
  CreateOrganizationCommand,
  DetachPolicyCommand,
  EnablePolicyTypeCommand,
  ListRootsCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import {
  CreateBucketCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateTopicCommand,
  PublishCommand,
  SetTopicAttributesCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mayDeliver } from '../../local/demo/answers.ts';
import {
  allow,
  type ClientSettings,
  MAIN,
  MANAGEMENT,
  startTestGateway,
  type TestGateway,
  trust,
} from './support.ts';

let local: TestGateway;
let organizations: OrganizationsClient;
let root: string;

beforeAll(async () => {
  local = await startTestGateway();
  organizations = new OrganizationsClient(local.as(MANAGEMENT, 'us-east-1'));
  await organizations.send(new CreateOrganizationCommand({ FeatureSet: 'ALL' }));
  const { Roots = [] } = await organizations.send(new ListRootsCommand({}));
  root = Roots[0]?.Id ?? '';
}, 60_000);
afterAll(() => local?.stop());

const sqsOf = (settings: ClientSettings) => new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
/** The emulator shows nobody the queues of another account: it has been asked, so the call was allowed. */
const ALLOWED_AND_NOT_THERE = { name: 'QueueDoesNotExist' };

const denied = (message: RegExp) => ({ message: expect.stringMatching(message) });

/** A role of Main's that everybody in Main may assume, with this policy. */
async function roleWith(RoleName: string, policy: string): Promise<string> {
  const iam = new IAMClient(local.as(MAIN));
  const AssumeRolePolicyDocument = trust(`arn:aws:iam::${MAIN}:root`);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument: policy }));
  return Role?.Arn ?? '';
}

async function queueIn(settings: ClientSettings, name: string, policy?: string): Promise<string> {
  const Attributes = policy === undefined ? {} : { Policy: policy };
  const made = await sqsOf(settings).send(new CreateQueueCommand({ QueueName: name, Attributes }));
  return made.QueueUrl ?? '';
}

describe('A call at the local runtime', () => {
  it('is allowed to a user by a policy of a group, and no other call is', async () => {
    const iam = new IAMClient(local.as(MAIN));
    await iam.send(new CreateUserCommand({ UserName: 'ann' }));
    await iam.send(new CreateGroupCommand({ GroupName: 'readers' }));
    const PolicyDocument = allow('iam:ListRoles', '*');
    await iam.send(new PutGroupPolicyCommand({ GroupName: 'readers', PolicyName: 'read', PolicyDocument }));
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ann' }));
    const credentials = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
    const ann = new IAMClient({ ...local.as(MAIN), credentials });
    await expect(ann.send(new ListRolesCommand({}))).rejects.toMatchObject(
      denied(
        /user\/ann is not authorized to perform: iam:ListRoles .*because no identity-based policy allows/,
      ),
    );
    await iam.send(new AddUserToGroupCommand({ GroupName: 'readers', UserName: 'ann' }));
    expect((await ann.send(new ListRolesCommand({}))).Roles).toBeDefined();
    const tables = new DynamoDBClient({ ...local.as(MAIN), credentials });
    await expect(tables.send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  it('is limited by the boundary of the role, and by managed policies of the session', async () => {
    const iam = new IAMClient(local.as(MAIN));
    const arn = await roleWith('bounded', allow('iam:*', '*'));
    const managed = async (PolicyName: string, action: string) => {
      const command = new CreatePolicyCommand({ PolicyName, PolicyDocument: allow(action, '*') });
      return (await iam.send(command)).Policy?.Arn ?? '';
    };
    const look = await managed('look', 'iam:GetRole');
    const session = async (PolicyArns: { arn: string }[]) => {
      const assume = new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'a-pass', PolicyArns });
      const { Credentials: given } = await new STSClient(local.as(MAIN)).send(assume);
      const credentials = {
        accessKeyId: given?.AccessKeyId ?? '',
        secretAccessKey: given?.SecretAccessKey ?? '',
        sessionToken: given?.SessionToken ?? '',
      };
      return new IAMClient({ ...local.as(MAIN), credentials });
    };
    const narrow = await session([{ arn: look }]);
    await narrow.send(new GetRoleCommand({ RoleName: 'bounded' }));
    await expect(narrow.send(new ListRolesCommand({}))).rejects.toMatchObject(
      denied(/no session policy allows/),
    );
    const whole = await session([]);
    await whole.send(new ListRolesCommand({}));
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: 'bounded', PermissionsBoundary: look }));
    await whole.send(new GetRoleCommand({ RoleName: 'bounded' }));
    await expect(whole.send(new ListRolesCommand({}))).rejects.toMatchObject(
      denied(/no permissions boundary allows/),
    );
  });

  it('from another account is decided by the policy of the queue as well', async () => {
    const main = local.as(MAIN);
    const QueueUrl = await queueIn(main, 'shared');
    const stranger = sqsOf(local.as('998877665544'));
    const send = () => stranger.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    await expect(send()).rejects.toMatchObject(denied(/no resource-based policy allows the sqs:SendMessage/));
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: '998877665544' },
        Action: 'sqs:SendMessage',
        Resource: `arn:aws:sqs:eu-west-1:${MAIN}:shared`,
      },
    });
    await sqsOf(main).send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    await expect(send()).rejects.toMatchObject(ALLOWED_AND_NOT_THERE);
  });

  it('about a bucket is decided by its policy or the policies of its own account, from another account by both', async () => {
    const [Bucket, stranger] = ['rain', '998877665544'];
    const main = new S3Client(local.as(MAIN));
    const LocationConstraint = 'eu-west-1';
    await main.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint } }));
    const list = (settings: ClientSettings) =>
      new S3Client(settings).send(new ListObjectsV2Command({ Bucket }));
    await list(local.as(MAIN));
    await expect(list(local.as(stranger))).rejects.toMatchObject(
      denied(/no resource-based policy allows the s3:ListBucket/),
    );
    const nobody = await roleWith('nobody', allow('iam:GetRole', '*'));
    const inside = await local.enter(local.as(MAIN), nobody);
    await expect(list(inside)).rejects.toMatchObject(denied(/no identity-based policy allows/));
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: [nobody, `arn:aws:iam::${stranger}:root`] },
        Action: 's3:ListBucket',
        Resource: `arn:aws:s3:::${Bucket}`,
      },
    });
    await main.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    expect((await list(inside)).KeyCount).toBe(0);
    expect((await list(local.as(stranger))).KeyCount).toBe(0);
  });

  it('about a bucket from before the gateway is decided for its own account, and undecided for a stranger', async () => {
    const [Bucket, owner, stranger] = ['fog', '776655443322', '998877665544'];
    const before = local.gateway.upstream.client(S3Client, { account: owner, region: 'us-east-1' });
    await before.send(new CreateBucketCommand({ Bucket }));
    const list = (account: string) =>
      new S3Client(local.as(account)).send(new ListObjectsV2Command({ Bucket }));
    await expect(list(stranger)).rejects.toMatchObject({
      name: 'InternalFailure',
      message: 'Whose bucket fog is cannot be read.',
    });
    expect((await list(owner)).KeyCount).toBe(0);
    await expect(list(stranger)).rejects.toMatchObject(
      denied(/no resource-based policy allows the s3:ListBucket/),
    );
  });

  it('about an object is decided by the conditions of the policy of its bucket', async () => {
    const Bucket = 'hail';
    const main = new S3Client(local.as(MAIN));
    const LocationConstraint = 'eu-west-1';
    await main.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint } }));
    const put = () => main.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: 'x' }));
    const deny = (Condition: object) => {
      const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
      const Statement = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource, Condition };
      return JSON.stringify({ Version: '2012-10-17', Statement });
    };
    const plain = deny({ Bool: { 'aws:SecureTransport': 'false' } });
    await main.send(new PutBucketPolicyCommand({ Bucket, Policy: plain }));
    expect((await main.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(plain);
    await put();
    expect((await main.send(new GetObjectCommand({ Bucket, Key: 'a/b' }))).ContentLength).toBe(1);
    const ours = deny({ StringEquals: { 'aws:PrincipalAccount': MAIN } });
    await main.send(new PutBucketPolicyCommand({ Bucket, Policy: ours }));
    await expect(put()).rejects.toMatchObject(denied(/with an explicit deny in a resource-based policy/));
  });

  it('to an encrypted queue or topic needs the key as well', async () => {
    const main = local.as(MAIN);
    const [kms, sns] = [new KMSClient(main), new SNSClient(main)];
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const { KeyId = '', Arn: keyArn = '' } = KeyMetadata ?? {};
    const queue = { QueueName: 'sealed', Attributes: { KmsMasterKeyId: KeyId } };
    const { QueueUrl } = await sqsOf(main).send(new CreateQueueCommand(queue));
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/seal', TargetKeyId: KeyId }));
    const topic = { Name: 'sealed', Attributes: { KmsMasterKeyId: 'alias/seal' } };
    const { TopicArn } = await sns.send(new CreateTopicCommand(topic));
    const by = async (name: string, ...statements: [action: string, resource: string][]) => {
      const Statement = statements.map(([Action, Resource]) => ({ Effect: 'Allow', Action, Resource }));
      const arn = await roleWith(name, JSON.stringify({ Version: '2012-10-17', Statement }));
      const inside = await local.enter(main, arn);
      return {
        send: () => sqsOf(inside).send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })),
        publish: () => new SNSClient(inside).send(new PublishCommand({ TopicArn, Message: 'x' })),
      };
    };
    const sealed = [
      ['sqs:SendMessage', '*'],
      ['sns:Publish', '*'],
    ] as [string, string][];
    const without = await by('no-key', ...sealed);
    const noKey = denied(/not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:/);
    await expect(without.send()).rejects.toMatchObject({ name: 'KmsAccessDenied', ...noKey });
    await expect(without.publish()).rejects.toMatchObject({ name: 'KMSAccessDeniedException', ...noKey });
    const whole = await by('with-key', ...sealed, ['kms:*', keyArn]);
    await whole.send();
    await whole.publish();
    // A key's policy must allow, whatever those of the account say.
    const Statement = {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'kms:*',
      Resource: '*',
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy }));
    await expect(whole.send()).rejects.toMatchObject(denied(/no resource-based policy allows the kms:/));
  });

  it('that makes or deletes a stack by a service role is decided by the policies of that role', async () => {
    const RoleARN = await roleWith('deploys', allow('iam:GetRole', '*'));
    const AssumeRolePolicyDocument = JSON.parse(trust(MAIN));
    const Role = { Type: 'AWS::IAM::Role', Properties: { RoleName: 'made', AssumeRolePolicyDocument } };
    const TemplateBody = JSON.stringify({ Resources: { Role } });
    const client = new CloudFormationClient(local.as(MAIN));
    const create = () => client.send(new CreateStackCommand({ StackName: 'by-role', TemplateBody, RoleARN }));
    await expect(create()).rejects.toMatchObject(
      denied(/assumed-role\/deploys\/AWSCloudFormation is not authorized to perform: iam:CreateRole/),
    );
    const iam = new IAMClient(local.as(MAIN));
    await expect(iam.send(new GetRoleCommand({ RoleName: 'made' }))).rejects.toThrow();
    const more = { RoleName: 'deploys', PolicyName: 'more', PolicyDocument: allow('iam:CreateRole', '*') };
    await iam.send(new PutRolePolicyCommand(more));
    await create();
    expect((await iam.send(new GetRoleCommand({ RoleName: 'made' }))).Role?.RoleName).toBe('made');
    const remove = () => client.send(new DeleteStackCommand({ StackName: 'by-role', RoleARN }));
    await expect(remove()).rejects.toMatchObject(
      denied(/assumed-role\/deploys\/AWSCloudFormation is not authorized to perform: iam:DeleteRole/),
    );
    await iam.send(new PutRolePolicyCommand({ ...more, PolicyDocument: allow('iam:DeleteRole', '*') }));
    await remove();
    await expect(iam.send(new GetRoleCommand({ RoleName: 'made' }))).rejects.toThrow();
  });

  it('that cannot be decided fails, and is not carried out', async () => {
    const { credentials } = local.as(MAIN);
    const scope = `${credentials.accessKeyId}/20261128/eu-west-1/nimbus/aws4_request`;
    const answer = await fetch(`${local.gateway.endpoint}/`, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'Nimbus.Rain',
      },
      body: '{}',
    });
    expect(answer.status).toBe(500);
    const record = await fetch(`${local.gateway.endpoint}/_orgkeeper/permissions`);
    expect(((await record.json()) as { undecided: object }).undecided).toHaveProperty(['nimbus Rain']);
  });
});

describe('A delivery of EventBridge to a queue', () => {
  it('needs the policy of the queue to allow that rule', async () => {
    const settings = local.as(MAIN);
    const events = new EventBridgeClient(settings);
    const of = `eu-west-1:${MAIN}`;
    const QueueUrl = await queueIn(settings, 'heard');
    const Arn = `arn:aws:sqs:${of}:heard`;
    await events.send(new PutRuleCommand({ Name: 'hear', EventPattern: '{"source":["test"]}' }));
    await events.send(new PutTargetsCommand({ Rule: 'hear', Targets: [{ Id: '1', Arn }] }));
    const put = () =>
      events.send(new PutEventsCommand({ Entries: [{ Source: 'test', DetailType: 'x', Detail: '{}' }] }));
    const heard = async () =>
      (await sqsOf(settings).send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.length ?? 0;
    const open = (rule: string) => {
      const Policy = mayDeliver(Arn, `arn:aws:events:${of}:rule/${rule}`);
      return sqsOf(settings).send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    };
    await put();
    expect(await heard()).toBe(0);
    await open('another');
    await put();
    expect(await heard()).toBe(0);
    await open('hear');
    await put();
    expect(await heard()).toBe(1);
  });
});

describe('A delivery of EventBridge to an encrypted topic', () => {
  it('needs the policies of the topic and of its key to allow EventBridge; else the event is a dead letter', async () => {
    const settings = local.as(MAIN);
    const [events, kms, sns] = [
      new EventBridgeClient(settings),
      new KMSClient(settings),
      new SNSClient(settings),
    ];
    const of = `eu-west-1:${MAIN}`;
    const [TopicArn, lost] = [`arn:aws:sns:${of}:told`, `arn:aws:sqs:${of}:lost`];
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const { KeyId = '' } = KeyMetadata ?? {};
    await sns.send(new CreateTopicCommand({ Name: 'told', Attributes: { KmsMasterKeyId: KeyId } }));
    const QueueUrl = await queueIn(settings, 'lost', mayDeliver(lost, `arn:aws:events:${of}:rule/tell`));
    await events.send(new PutRuleCommand({ Name: 'tell', EventPattern: '{"source":["tell"]}' }));
    const target = { Id: '1', Arn: TopicArn, DeadLetterConfig: { Arn: lost } };
    await events.send(new PutTargetsCommand({ Rule: 'tell', Targets: [target] }));
    const deadLetters = async () => {
      await events.send(
        new PutEventsCommand({ Entries: [{ Source: 'tell', DetailType: 'x', Detail: '{}' }] }),
      );
      const { Messages = [] } = await sqsOf(settings).send(new ReceiveMessageCommand({ QueueUrl }));
      return Messages.length;
    };
    const admits = (Action: string, Resource: string, Condition?: object) => {
      const Principal = { Service: 'events.amazonaws.com' };
      const Statement = { Effect: 'Allow', Principal, Action, Resource, ...(Condition && { Condition }) };
      return JSON.stringify({ Version: '2012-10-17', Statement });
    };
    const ofTopic = (AttributeValue: string) =>
      sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }));
    expect(await deadLetters()).toBe(1);
    // EventBridge says of no rule for a topic.
    const rule = { ArnLike: { 'aws:SourceArn': `arn:aws:events:${of}:rule/tell` } };
    await ofTopic(admits('sns:Publish', TopicArn, rule));
    expect(await deadLetters()).toBe(1);
    await ofTopic(admits('sns:Publish', TopicArn));
    expect(await deadLetters()).toBe(1);
    await kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy: admits('kms:*', '*') }));
    expect(await deadLetters()).toBe(0);
  });
});

describe('Organizations at the local runtime', () => {
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
  const policy = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement });
  const attach = async (
    Type: 'SERVICE_CONTROL_POLICY' | 'RESOURCE_CONTROL_POLICY',
    content: string,
    to: string,
  ) => {
    const command = new organizationsSdk.CreatePolicyCommand({
      Type,
      Name: `${Type} ${to}`,
      Description: 'x',
      Content: content,
    });
    const PolicyId = (await organizations.send(command)).Policy?.PolicySummary?.Id ?? '';
    await organizations.send(new AttachPolicyCommand({ PolicyId, TargetId: to }));
    return () => organizations.send(new DetachPolicyCommand({ PolicyId, TargetId: to }));
  };
  let member: string;

  beforeAll(async () => {
    const command = new CreateAccountCommand({ AccountName: 'member', Email: 'member@example.com' });
    member = (await organizations.send(command)).CreateAccountStatus?.AccountId ?? '';
    for (const PolicyType of ['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY'] as const) {
      await organizations.send(new EnablePolicyTypeCommand({ RootId: root, PolicyType }));
    }
  });

  it('makes the management account administrator of the accounts that it creates', async () => {
    const arn = `arn:aws:iam::${member}:role/OrganizationAccountAccessRole`;
    const inside = await local.enter(local.as(MANAGEMENT), arn);
    expect((await new IAMClient(inside).send(new ListRolesCommand({}))).Roles).toHaveLength(1);
  });

  it("denies calls of a member's administrator by a service control policy, until that is detached", async () => {
    const iam = new IAMClient(local.as(member));
    await iam.send(new ListRolesCommand({}));
    const detach = await attach(
      'SERVICE_CONTROL_POLICY',
      policy({ Effect: 'Deny', Action: 'iam:ListRoles', Resource: '*' }),
      root,
    );
    await expect(iam.send(new ListRolesCommand({}))).rejects.toMatchObject(
      denied(/with an explicit deny in a service control policy/),
    );
    await new IAMClient(local.as(MANAGEMENT)).send(new ListRolesCommand({}));
    await detach();
    await iam.send(new ListRolesCommand({}));
  });

  it('keeps strangers from the queues of a member by a resource control policy', async () => {
    const open = policy({ ...everything, Principal: '*' });
    const QueueUrl = await queueIn(local.as(member), 'open', open);
    const get = new GetQueueAttributesCommand({ QueueUrl });
    const stranger = sqsOf(local.as('998877665544'));
    await expect(stranger.send(get)).rejects.toMatchObject(ALLOWED_AND_NOT_THERE);
    const Condition = { StringNotEqualsIfExists: { 'aws:PrincipalAccount': member } };
    await attach(
      'RESOURCE_CONTROL_POLICY',
      policy({ Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: '*', Condition }),
      member,
    );
    await expect(stranger.send(get)).rejects.toMatchObject(
      denied(/with an explicit deny in a resource control policy/),
    );
    await sqsOf(local.as(member)).send(get);
  });
});
