import { EventBridgeClient, PutPermissionCommand } from '@aws-sdk/client-eventbridge';
import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { SetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Resources } from './adapt-template.ts';
import { type DeployedStack, localClient } from './deploy.ts';
import { isObject } from './gateway/wire.ts';

/** The policies of buses, queues, topics and buckets that the emulator's CloudFormation passes over, put by calls. Safe to repeat. */
export async function putResourcePolicies(endpoint: string, stack: DeployedStack): Promise<void> {
  const client = localClient(endpoint, stack.account, stack.region);
  const { Resources } = stack.template;
  const ofType = (type: string) =>
    Object.values(Resources).flatMap(({ Type, Properties = {} }) => (Type === type ? [Properties] : []));
  const text = (document: unknown) => JSON.stringify(resolved(document, Resources, stack));

  const bus = new EventBridgeClient(client);
  const ofBuses = Map.groupBy(ofType('AWS::Events::EventBusPolicy'), (one) => String(one.EventBusName));
  for (const [EventBusName, statements] of ofBuses) {
    const Statement = statements.map((one) => one.Statement);
    const Policy = text({ Version: '2012-10-17', Statement });
    await bus.send(new PutPermissionCommand({ EventBusName, Policy }));
  }
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  for (const { Bucket, PolicyDocument } of ofType('AWS::S3::BucketPolicy')) {
    const name = String(resolved(Bucket, Resources, stack));
    await s3.send(new PutBucketPolicyCommand({ Bucket: name, Policy: text(PolicyDocument) }));
  }
  const sns = new SNSClient(client);
  for (const { Topics, PolicyDocument } of ofType('AWS::SNS::TopicPolicy')) {
    for (const topic of [Topics].flat().map((one) => resolved(one, Resources, stack))) {
      const policy = {
        TopicArn: String(topic),
        AttributeName: 'Policy',
        AttributeValue: text(PolicyDocument),
      };
      await sns.send(new SetTopicAttributesCommand(policy));
    }
  }
  const sqs = new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
  for (const { Queues, PolicyDocument } of ofType('AWS::SQS::QueuePolicy')) {
    for (const name of [Queues].flat().map((queue) => resolved(queue, Resources, stack))) {
      const QueueUrl = `${endpoint}/${stack.account}/${name}`;
      await sqs.send(
        new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: text(PolicyDocument) } }),
      );
    }
  }
}

/** What the value is once the stack is deployed: its references are to resources whose names stand in the template. */
function resolved(value: unknown, resources: Resources, stack: DeployedStack): unknown {
  if (Array.isArray(value)) return value.map((one) => resolved(one, resources, stack));
  if (!isObject(value)) return value;
  const { Ref: ref, 'Fn::GetAtt': getAtt, 'Fn::Join': join } = value;
  if (typeof ref === 'string') {
    return resources[ref]?.Type === 'AWS::SNS::Topic' ? arnOf(ref, resources, stack) : nameOf(ref, resources);
  }
  if (Array.isArray(join)) {
    const parts = resolved(join[1], resources, stack);
    return [parts].flat().join(String(join[0]));
  }
  if (Array.isArray(getAtt) && getAtt[1] === 'Arn') return arnOf(String(getAtt[0]), resources, stack);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, resolved(member, resources, stack)]),
  );
}

function nameOf(id: string, resources: Resources): string {
  const { QueueName, Name, TopicName, BucketName } = resources[id]?.Properties ?? {};
  const name = QueueName ?? Name ?? TopicName ?? BucketName;
  if (typeof name !== 'string') throw new Error(`The template gives its resource ${id} no name.`);
  return name;
}

function arnOf(id: string, resources: Resources, { account, region }: DeployedStack): string {
  const name = nameOf(id, resources);
  const bus = resources[id]?.Properties?.EventBusName;
  switch (resources[id]?.Type) {
    case 'AWS::S3::Bucket':
      return `arn:aws:s3:::${name}`;
    case 'AWS::SNS::Topic':
      return `arn:aws:sns:${region}:${account}:${name}`;
    case 'AWS::SQS::Queue':
      return `arn:aws:sqs:${region}:${account}:${name}`;
    case 'AWS::Events::Rule':
      return `arn:aws:events:${region}:${account}:rule/${bus ? `${bus}/` : ''}${name}`;
    default:
      throw new Error(`The ARN of ${id} is not known before it is deployed.`);
  }
}
