import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { arns, NAMES, reviewsBucket, templatesBucket } from '../../shared/deployment/names.ts';
import type { DeploymentContext } from '../context.ts';

/**
 * What other infrastructure code needs of the deployment, as outputs of the main stack. Not exported: a stack that imports an export
 * blocks its change, and all of these names are fixed.
 */
export function outputs(scope: Construct, context: DeploymentContext): void {
  const arn = arns(context);
  const all: readonly (readonly [id: string, value: string, description: string])[] = [
    ['BusArn', arn.bus, 'The event bus: requests go to it, announcements come from it'],
    ['TableName', NAMES.table, 'The table of accounts, baselines and requests'],
    ['TableArn', arn.table, 'The same table'],
    ['RunnerRoleArn', arn.runnerRole, 'The role that enters accounts; their execution roles trust it'],
    ['ApiRoleArn', arn.apiRole, 'The role of operators; execution roles trust it'],
    ['TemplatesBucketName', templatesBucket(context), 'The bucket of the templates for owners of accounts'],
    ['ReviewsBucketName', reviewsBucket(context), 'The bucket of the reviews of access'],
    [
      'ConfigParameterName',
      NAMES.configParameter,
      'The SSM parameter with the configuration, for the command line',
    ],
  ];
  for (const [id, value, description] of all) new CfnOutput(scope, id, { value, description });
}
