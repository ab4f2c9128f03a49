import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CustomResource, Duration, aws_iam as iam, aws_lambda as lambda, Stack } from 'aws-cdk-lib';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import { NAMES } from '../../shared/deployment/names.ts';
import type { RegistrationRequest } from '../../shared/domain/requests.ts';
import { FOR_LAMBDA } from '../build.ts';

/** What an AccountRegistrationRequested says (docs/events.md); an account that is only observed need not become ready. */
export type RegisteredAccountProps = Omit<RegistrationRequest, 'mode'>;

/**
 * An account that Orgkeeper manages: a stack of yours in Main, in the region of the deployment, registers the account and goes on once
 * the account is ready. The stack fails with the reason if the request is rejected, or if the account fails. Changed properties register
 * it again; a deleted stack leaves the account managed.
 */
export class RegisteredAccount extends Construct {
  /** ARN of its execution role. Only with a baseline that makes one. */
  readonly roleArn: string;
  /** Id of the VPC in its home region. Only with a baseline that makes one. */
  readonly vpcId: string;

  constructor(scope: Construct, id: string, props: RegisteredAccountProps) {
    super(scope, id);
    const resource = new CustomResource(this, 'Resource', {
      serviceToken: providerOf(Stack.of(this)).serviceToken,
      resourceType: 'Custom::OrgkeeperAccount',
      properties: { ...props },
    });
    this.roleArn = resource.getAttString('roleArn');
    this.vpcId = resource.getAttString('vpcId');
  }
}

const PROVIDER = 'OrgkeeperRegistrations';

/** The functions that register and wait, once for each stack. */
function providerOf(stack: Stack): Provider {
  const existing = stack.node.tryFindChild(PROVIDER);
  if (existing) return existing.node.findChild('Provider') as Provider;
  const scope = new Construct(stack, PROVIDER);
  const arn = (service: string, resource: string) =>
    stack.formatArn({ service, resource, resourceName: 'orgkeeper' });
  const code = lambda.Code.fromAsset(bundle());
  const make = (handler: 'onEvent' | 'isComplete', ...allowed: iam.PolicyStatement[]) =>
    new lambda.Function(scope, handler, {
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      handler: `index.${handler}`,
      code,
      timeout: Duration.minutes(1),
      environment: { ORGKEEPER_BUS: NAMES.bus, ORGKEEPER_TABLE: NAMES.table },
      initialPolicy: allowed,
    });
  const allow = (actions: string[], resource: string) =>
    new iam.PolicyStatement({ actions, resources: [resource] });
  return new Provider(scope, 'Provider', {
    onEventHandler: make('onEvent', allow(['events:PutEvents'], arn('events', 'event-bus'))),
    isCompleteHandler: make(
      'isComplete',
      allow(['dynamodb:GetItem', 'dynamodb:BatchGetItem'], arn('dynamodb', 'table')),
    ),
    queryInterval: Duration.seconds(10),
    totalTimeout: Duration.hours(1),
  });
}

/** Bundles the handler into a new folder. */
function bundle(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'orgkeeper-registrations-'));
  buildSync({
    entryPoints: { index: path.join(import.meta.dirname, 'handler.ts') },
    outdir: folder,
    ...FOR_LAMBDA,
  });
  return folder;
}
