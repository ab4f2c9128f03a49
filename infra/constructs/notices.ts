import { createHash } from 'node:crypto';
import {
  type CfnResource,
  aws_events as events,
  aws_iam as iam,
  type aws_kms as kms,
  type Stack,
  type aws_sns as sns,
  aws_sns_subscriptions as subscriptions,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { NAMES } from '../../shared/deployment/names.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import type { DeploymentContext } from '../context.ts';
import { transformerOf } from '../notice-text.ts';
import { type Destination, noticesOf } from '../notify.ts';
import { deadLetterQueue } from './queue.ts';
import { encryptedTopic, topicKey } from './topics.ts';

/** The queue of notices that could not be delivered. */
export const UNDELIVERED_NOTICES = 'orgkeeper-notices-undelivered';

/**
 * Tells those whom context `notify` names, and nobody else: a rule for each destination and kind of event, whose target gets a sentence.
 * Undeliverable notices go to a queue for 14 days.
 * @returns true if there is anything to tell
 */
export function notices(stack: Stack, context: DeploymentContext, bus: CfnResource): boolean {
  const all = noticesOf(context.notify);
  if (all.length === 0) return false;
  const parent = new Construct(stack, 'Notices');
  const undelivered = deadLetterQueue(parent, 'Undelivered', UNDELIVERED_NOTICES);
  const targets = new Map<string, Pick<events.CfnRule.TargetProperty, 'arn' | 'roleArn'>>();
  const topics = topicMaker(parent);
  for (const { to, event } of all) {
    const id = idOf(to);
    const target = targets.get(id) ?? targetOf(parent, id, to, topics);
    targets.set(id, target);
    const rule = new events.CfnRule(parent, `${id}${event}`, {
      name: `orgkeeper-notice-${id}-${event}`,
      eventBusName: NAMES.bus,
      description: `Tells ${event}, as context notify says`,
      eventPattern: { source: [OUR_SOURCE], 'detail-type': [event] },
      state: 'ENABLED',
      targets: [
        {
          id: 'Target',
          ...target,
          inputTransformer: transformerOf(event, to.is === 'webhook' ? 'json' : 'text'),
          deadLetterConfig: { arn: undelivered.queueArn },
        },
      ],
    });
    rule.addResourceDependency(bus);
  }
  undelivered.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'NoticesMaySend',
      principals: [new iam.ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [undelivered.queueArn],
      conditions: {
        ArnLike: {
          'aws:SourceArn': `arn:${context.partition}:events:${context.region}:${context.mainAccountId}:rule/${NAMES.bus}/orgkeeper-notice-*`,
        },
      },
    }),
  );
  return true;
}

/** The same for the same destination, wherever it is in the list: its subscription stays when others come and go. */
function idOf(to: Destination): string {
  return createHash('sha256').update(JSON.stringify(to)).digest('hex').slice(0, 8);
}

function targetOf(
  parent: Construct,
  id: string,
  to: Destination,
  topics: (id: string, address: string) => sns.Topic,
): Pick<events.CfnRule.TargetProperty, 'arn' | 'roleArn'> {
  switch (to.is) {
    case 'email':
      return { arn: topics(id, to.address).topicArn };
    case 'topic':
      return { arn: to.arn };
    case 'webhook':
      return webhook(parent, id, to.secret);
  }
}

/** Makes encrypted topics, with one key for all, to which EventBridge may publish. */
function topicMaker(parent: Construct): (id: string, address: string) => sns.Topic {
  // EventBridge supports no conditions for topics; as itself, without a role, it publishes only to topics of the rule's account.
  const publisher = {
    sid: 'EventBridgePublishes',
    principal: new iam.ServicePrincipal('events.amazonaws.com'),
  };
  let key: kms.Key | undefined;
  return (id, address) => {
    key ??= topicKey(parent, publisher, 'Orgkeeper: encrypts notices in SNS');
    const topic = encryptedTopic(parent, `${id}Topic`, {
      topicName: `orgkeeper-notices-${id}`,
      ...{ key, publisher },
    });
    topic.addSubscription(new subscriptions.EmailSubscription(address));
    return topic;
  };
}

/** A chat's webhook as an API destination. CloudFormation reads the secret: `{ "url", "header", "value" }`; the template has only its name. */
function webhook(
  parent: Construct,
  id: string,
  secret: string,
): Pick<events.CfnRule.TargetProperty, 'arn' | 'roleArn'> {
  const read = (key: string) => `{{resolve:secretsmanager:${secret}:SecretString:${key}}}`;
  const connection = new events.CfnConnection(parent, `${id}Connection`, {
    name: `orgkeeper-notices-${id}`,
    authorizationType: 'API_KEY',
    authParameters: { apiKeyAuthParameters: { apiKeyName: read('header'), apiKeyValue: read('value') } },
  });
  const destination = new events.CfnApiDestination(parent, `${id}Destination`, {
    name: `orgkeeper-notices-${id}`,
    connectionArn: connection.attrArn,
    httpMethod: 'POST',
    invocationEndpoint: read('url'),
    // Chats refuse more than about one message a second.
    invocationRateLimitPerSecond: 1,
  });
  const role = new iam.Role(parent, `${id}Role`, {
    description: 'Orgkeeper: sends notices to a webhook',
    assumedBy: new iam.ServicePrincipal('events.amazonaws.com'),
    inlinePolicies: {
      orgkeeper: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({
            sid: 'Tell',
            actions: ['events:InvokeApiDestination'],
            resources: [destination.attrArn],
          }),
        ],
      }),
    },
  });
  return { arn: destination.attrArn, roleArn: role.roleArn };
}
