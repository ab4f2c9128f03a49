import { CfnResource, aws_events as events } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { arns, mainIsManagement, NAMES } from '../../shared/deployment/names.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import type { DeploymentContext } from '../context.ts';
import { eventRule } from './event-rule.ts';
import type { QueueWithDeadLetters } from './queue.ts';

/** What another account may ask for. Retirement is not among it: that takes Main itself. */
const REQUESTS_OF_OTHERS = [
  'AccountRegistrationRequested',
  'AccountCreationRequested',
  'DriftSweepRequested',
];

/**
 * The bus, who may put events on it, and its rules. Principals of Main are admitted by their own IAM policies;
 * the bus policy admits the management account for AWS's events and the `requesters` for requests. Every
 * event of these sources goes to intake, whatever its detail-type: intake answers what it does not know.
 */
export function bus(
  scope: Construct,
  context: DeploymentContext,
  intake: QueueWithDeadLetters,
): events.CfnEventBus {
  const arn = arns(context);
  // No description: GovCloud does not know that property.
  const eventBus = new events.CfnEventBus(scope, 'Bus', { name: NAMES.bus });
  let last: CfnResource = eventBus;
  /**
   * One statement of the bus policy. A statement's id is its physical id in the whole account and region, hence the
   * prefix; and each is made after the one before, since two PutPermission at once on one bus fail now and then.
   * Not CfnEventBusPolicy: that warns of its own deprecated property on every synthesis.
   */
  const admit = (name: string, accounts: string[], conditions: Record<string, string[]>) => {
    const statementId = `orgkeeper-${name}`;
    const policy = new CfnResource(scope, `${name}Policy`, {
      type: 'AWS::Events::EventBusPolicy',
      properties: {
        EventBusName: NAMES.bus,
        StatementId: statementId,
        Statement: {
          Sid: statementId,
          Effect: 'Allow',
          Principal: { AWS: accounts.map(arn.root) },
          Action: 'events:PutEvents',
          Resource: arn.bus,
          Condition: { StringEquals: conditions },
        },
      },
    });
    policy.addResourceDependency(last);
    last = policy;
  };

  if (!mainIsManagement(context)) {
    admit('OrganizationEvents', [context.managementAccountId], {
      'events:source': ['aws.organizations', 'aws.controltower'],
    });
  }
  const requesters = context.requesters.filter((account) => account !== context.mainAccountId);
  if (requesters.length > 0) {
    admit('Requests', requesters, {
      'events:source': [REQUEST_SOURCE],
      'events:detail-type': REQUESTS_OF_OTHERS,
    });
  }
  const toIntake = (id: string, name: string, description: string, sources: string[]) =>
    eventRule(scope, id, {
      name,
      bus: NAMES.bus,
      description,
      pattern: { source: sources },
      target: { queue: intake.queue },
      deadLetters: intake.deadLetters,
    }).addResourceDependency(eventBus);
  toIntake(
    'OrganizationRule',
    NAMES.organizationRule,
    "What happened in the organization, to Orgkeeper's intake",
    ['aws.organizations', 'aws.controltower'],
  );
  toIntake(
    'RequestRule',
    NAMES.requestRule,
    "What people, pipelines and the nightly schedule ask for, to Orgkeeper's intake",
    [REQUEST_SOURCE],
  );
  return eventBus;
}
