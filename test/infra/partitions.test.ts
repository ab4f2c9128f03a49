import { describe, expect, jest, test } from '@jest/globals';
import { Config } from '../../shared/deployment/config.ts';
import { organizationRoles } from '../kit/factories.ts';
import { allStatements, app, CONTEXT, listOf, only, type Resources, text } from './support.ts';

// Synthesising takes its time on a busy machine.
jest.setTimeout(60_000);

/** Services that may act in our templates. Their names end so in China, too. */
const SERVICES = [
  'cloudwatch.amazonaws.com',
  'events.amazonaws.com',
  'lambda.amazonaws.com',
  'scheduler.amazonaws.com',
];

describe.each([
  ['aws', 'eu-west-1', 'us-east-1', 'eu-central-1'],
  ['aws-cn', 'cn-north-1', 'cn-northwest-1', 'cn-north-1'],
  ['aws-us-gov', 'us-gov-east-1', 'us-gov-west-1', 'us-gov-east-1'],
] as const)('In the partition %s', (partition, region, organizationsRegion, controlTowerRegion) => {
  const operators = [`arn:${partition}:iam::345678901234:role/Admin`];
  const { stacks } = app({ region, operators, controlTowerRegion }).synth();
  const resourcesOf = (name: string) =>
    stacks.find(({ stackName }) => stackName === name)?.template.Resources as Resources | undefined;

  test('every ARN of every template has that partition, none resolved at deployment', () => {
    for (const { stackName, template } of stacks) {
      const found = [...JSON.stringify(template).matchAll(/\barn:([^:"]*):/g)].map(([, of]) => of);
      expect([stackName, ...new Set(found)]).toEqual([stackName, partition]);
      expect(JSON.stringify(template)).not.toContain('AWS::Partition');
    }
  });

  test('every stack is in its account and region', () => {
    const places = stacks.map(({ stackName, environment }) => [stackName, environment.region]);
    expect(Object.fromEntries(places)).toEqual({
      'orgkeeper-identity': region,
      orgkeeper: region,
      'orgkeeper-management': organizationsRegion,
      'orgkeeper-control-tower': controlTowerRegion,
    });
  });

  test('services have the names of that partition', () => {
    const principals = stacks.flatMap(({ template }) =>
      allStatements(template.Resources).flatMap(({ statement }) =>
        listOf((statement.Principal as { Service?: string | string[] } | undefined)?.Service),
      ),
    );
    expect([...new Set(principals)].sort()).toEqual(SERVICES);
  });

  test('functions and command line know that partition', () => {
    const parameter = only(resourcesOf('orgkeeper'), 'AWS::SSM::Parameter');
    const config = Config.parse(JSON.parse(text(parameter.Value)));
    const role = (account: string, name: string) => `arn:${partition}:iam::${account}:role/orgkeeper-${name}`;
    expect(config).toMatchObject({
      partition,
      region,
      organizationsRegion,
      organizationRoleArns: organizationRoles(partition),
      runnerRoleArn: role(CONTEXT.mainAccountId, 'WorkflowLoopRunnerRole'),
      apiRoleArn: role(CONTEXT.mainAccountId, 'ApiHandlerRole'),
    });
  });

  test('no endpoint is written down: the SDK knows those of its region', () => {
    for (const { template } of stacks) {
      expect(JSON.stringify(template)).not.toMatch(/https?:\/\/[^"]*amazonaws/);
      expect(JSON.stringify(template)).not.toContain('AWS::URLSuffix');
    }
  });
});
