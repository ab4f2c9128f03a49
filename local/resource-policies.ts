import { EventBridgeClient, PutPermissionCommand } from '@aws-sdk/client-eventbridge';
import { SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Resources } from './adapt-template.ts';
import { type DeployedStack, localClient } from './deploy.ts';
import { isObject } from './gateway/wire.ts';

/**
 * The policies of buses and queues that the emulator's CloudFormation passes over, put by hand. Safe to repeat. Those of topics are
 * left out, since nothing publishes to one here, and those of buckets, since the emulator would apply them without their conditions.
 */
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
  const { Ref: ref, 'Fn::GetAtt': getAtt } = value;
  if (typeof ref === 'string') return nameOf(ref, resources);
  if (Array.isArray(getAtt) && getAtt[1] === 'Arn') return arnOf(String(getAtt[0]), resources, stack);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, resolved(member, resources, stack)]),
  );
}

function nameOf(id: string, resources: Resources): string {
  const { QueueName, Name } = resources[id]?.Properties ?? {};
  const name = QueueName ?? Name;
  if (typeof name !== 'string') throw new Error(`The template gives its resource ${id} no name.`);
  return name;
}

function arnOf(id: string, resources: Resources, { account, region }: DeployedStack): string {
  const name = nameOf(id, resources);
  const bus = resources[id]?.Properties?.EventBusName;
  switch (resources[id]?.Type) {
    case 'AWS::SQS::Queue':
      return `arn:aws:sqs:${region}:${account}:${name}`;
    case 'AWS::Events::Rule':
      return `arn:aws:events:${region}:${account}:rule/${bus ? `${bus}/` : ''}${name}`;
    default:
      throw new Error(`The ARN of ${id} is not known before it is deployed.`);
  }
}
