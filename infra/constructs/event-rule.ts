import { aws_events as events, aws_iam as iam, type aws_sqs as sqs } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * A rule of the named bus, or of the default bus, that sends events to `target`, and undeliverable ones to `deadLetters`. EventBridge
 * may send to `deadLetters`, and to `queue` if that is the target, for this rule only.
 */
export function eventRule(
  scope: Construct,
  id: string,
  options: {
    name: string;
    bus?: string;
    description: string;
    pattern: Record<string, unknown>;
    target: { queue: sqs.IQueue } | { busArn: string; role: iam.IRole };
    deadLetters: sqs.IQueue;
  },
): events.CfnRule {
  const { target, deadLetters } = options;
  const rule = new events.CfnRule(scope, id, {
    name: options.name,
    ...(options.bus && { eventBusName: options.bus }),
    description: options.description,
    eventPattern: options.pattern,
    state: 'ENABLED',
    targets: [
      {
        id: 'Target',
        arn: 'queue' in target ? target.queue.queueArn : target.busArn,
        ...('role' in target && { roleArn: target.role.roleArn }),
        deadLetterConfig: { arn: deadLetters.queueArn },
      },
    ],
  });
  for (const queue of 'queue' in target ? [target.queue, deadLetters] : [deadLetters]) {
    queue.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: `${id}MaySend`,
        principals: [new iam.ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rule.attrArn } },
      }),
    );
  }
  return rule;
}
