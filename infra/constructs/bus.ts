import { CfnResource, aws_events as events } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { arns, mainIsManagement, NAMES } from '../../shared/deployment/names.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import type { DeploymentContext } from '../context.ts';
import { eventRule } from './event-rule.ts';
import type { QueueWithDeadLetters } from './queue.ts';

/** The requests that other accounts may send. Only Main may request retirements and plans. */
const REQUESTS_OF_OTHERS = [
  'AccountRegistrationRequested',
  'AccountCreationRequested',
  'DriftSweepRequested',
  'ClusterRequested',
  'ClusterReleaseRequested',
];

/**
 * The bus, its policy and its rules. Principals of Main need only their own IAM policies; the bus policy admits the management
 * account for events of AWS and the `requesters` for requests. Every event of these sources goes to intake, whatever its detail-type:
 * intake answers unknown ones.
 */
export function bus(
  scope: Construct,
  context: DeploymentContext,
  intake: QueueWithDeadLetters,
): events.CfnEventBus {
  const arn = arns(context);
  // No description: GovCloud does not support that property.
  const eventBus = new events.CfnEventBus(scope, 'Bus', { name: NAMES.bus });
  let last: CfnResource = eventBus;
  /**
   * One statement of the bus policy. Its id must be unique in the account and region, hence the prefix. The statements are created one
   * after another, since concurrent PutPermission calls on one bus sometimes fail. Not CfnEventBusPolicy, which warns about its own
   * deprecated property on every synthesis.
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

/** An archive of all events of the bus, from which they can be replayed; none if context `archiveDays` is 0. */
export function archive(scope: Construct, context: DeploymentContext, eventBus: events.CfnEventBus): void {
  if (context.archiveDays === 0) return;
  new events.CfnArchive(scope, 'Archive', {
    archiveName: NAMES.bus,
    description: 'Every event of the bus of Orgkeeper',
    sourceArn: arns(context).bus,
    retentionDays: context.archiveDays,
  }).addResourceDependency(eventBus);
}
