import { aws_iam as iam, type Stack } from 'aws-cdk-lib';
import { arns, NAMES } from '../../shared/deployment/names.ts';
import type { DeploymentContext } from '../context.ts';
import { alarms, metric } from './alarms.ts';
import { eventRule } from './event-rule.ts';
import { deadLetterQueue } from './queue.ts';

/** AWS sources whose events are forwarded to Main. */
export type ForwardedSource = 'aws.organizations' | 'aws.controltower';

/** Events that change which accounts are in the organization, or where. Add an event here when intake handles it. */
const EVENT_NAMES: Record<ForwardedSource, string[]> = {
  'aws.organizations': [
    'CreateAccountResult',
    'CloseAccountResult',
    'AccountJoinedOrganization',
    'AccountDepartedOrganization',
    'MoveAccount',
    'RemoveAccountFromOrganization',
  ],
  'aws.controltower': ['CreateManagedAccount', 'UpdateManagedAccount'],
};

/**
 * A rule on the default bus of this account and region that forwards these events to Main's bus, with a role that may do only that.
 * Failed calls (`errorCode`) are not forwarded. Undeliverable events go to a queue for 14 days and fire an alarm.
 */
export function forwarding(stack: Stack, context: DeploymentContext, sources: ForwardedSource[]): void {
  const { bus } = arns(context);
  const name = `${stack.stackName}-undelivered`;
  const role = new iam.Role(stack, 'ForwardingRole', {
    description: "Orgkeeper: forwards the organization's events to Main",
    assumedBy: new iam.ServicePrincipal('events.amazonaws.com'),
    inlinePolicies: {
      orgkeeper: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({ sid: 'Forward', actions: ['events:PutEvents'], resources: [bus] }),
        ],
      }),
    },
  });
  eventRule(stack, 'ForwardingRule', {
    name: NAMES.forwardingRule,
    description: "Forwards changes of the organization's accounts to Orgkeeper's bus in Main",
    pattern: {
      source: sources,
      detail: { eventName: sources.flatMap((source) => EVENT_NAMES[source]), errorCode: [{ exists: false }] },
    },
    target: { busArn: bus, role },
    deadLetters: deadLetterQueue(stack, 'Undelivered', name),
  });
  const alarm = alarms(stack, {
    topicName: `${stack.stackName}-alarms`,
    account: context.managementAccountId,
    email: context.alarmEmail,
  });
  alarm({
    name: 'Undelivered',
    description: "Events of the organization did not reach Main's bus; the hourly listing replaces them.",
    metric: metric('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: name }),
    threshold: 1,
  });
}
