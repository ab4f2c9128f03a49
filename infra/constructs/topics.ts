import { aws_iam as iam, aws_kms as kms, RemovalPolicy, aws_sns as sns } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Who publishes to topics: a service of AWS, with the sentence of its permission. */
export interface Publisher {
  readonly sid: string;
  readonly principal: iam.IPrincipal;
}

/** A key for topics. The AWS managed key for SNS admits no service that publishes, and its policy cannot be changed. */
export function topicKey(scope: Construct, { sid, principal }: Publisher, description: string): kms.Key {
  const key = new kms.Key(scope, 'Key', {
    description,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  key.addToResourcePolicy(
    new iam.PolicyStatement({
      sid,
      principals: [principal],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
    }),
  );
  return key;
}

/** A topic, encrypted with a `topicKey`, to which only the publisher may publish. */
export function encryptedTopic(
  scope: Construct,
  id: string,
  { topicName, key, publisher }: { topicName: string; key: kms.Key; publisher: Publisher },
): sns.Topic {
  const topic = new sns.Topic(scope, id, { topicName, masterKey: key, enforceSSL: true });
  topic.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: publisher.sid,
      principals: [publisher.principal],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
    }),
  );
  return topic;
}
