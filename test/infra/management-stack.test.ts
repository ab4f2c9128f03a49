import { describe, expect, jest, test } from '@jest/globals';
import { EVENTS } from '../../controllers/intake/organization-event.ts';
import {
  app,
  CONTEXT,
  listOf,
  ofType,
  only,
  type Resource,
  type Resources,
  statements,
  templates,
} from './support.ts';

// Synthesising takes its time on a busy machine.
jest.setTimeout(60_000);

const BUS = 'arn:aws:events:eu-west-1:345678901234:event-bus/orgkeeper';

describe('the management stack', () => {
  const assembly = app().synth();
  const artifact = assembly.getStackByName('orgkeeper-management');
  const template = artifact.template;

  test('is in the management account, in the region of Organizations', () => {
    expect(artifact.environment).toMatchObject({ account: '210987654321', region: 'us-east-1' });
  });

  test('needs no bootstrap: no asset, no parameter, no role of the bootstrap', () => {
    expect(Object.keys(template).sort()).toEqual(['Description', 'Resources']);
    expect(artifact.assets).toEqual([]);
    expect(artifact.assumeRoleArn).toBeUndefined();
    expect(artifact.cloudFormationExecutionRoleArn).toBeUndefined();
    expect(artifact.requiresBootstrapStackVersion).toBeUndefined();
  });

  test('forwards changes of the accounts of the organization, unless the call failed', () => {
    const rule = only(template.Resources, 'AWS::Events::Rule');
    expect(rule.EventBusName).toBeUndefined();
    expect(rule.EventPattern).toMatchObject({
      source: ['aws.organizations', 'aws.controltower'],
      detail: { errorCode: [{ exists: false }] },
    });
    const { detail } = rule.EventPattern as { detail: { eventName: string[] } };
    expect(detail.eventName.toSorted()).toEqual(Object.values(EVENTS).flatMap(Object.keys).toSorted());
  });

  test("delivers with a role that may put events on Main's bus and nothing else", () => {
    const [target] = only(template.Resources, 'AWS::Events::Rule').Targets as Record<string, unknown>[];
    expect(target?.Arn).toBe(BUS);
    const role = Object.entries<Resource>(template.Resources).find(([id]) =>
      JSON.stringify(target?.RoleArn).includes(`"${id}"`),
    );
    const policies = role?.[1].Properties.Policies as { PolicyDocument: unknown }[];
    const allowed = policies.flatMap(({ PolicyDocument }) => statements(PolicyDocument));
    expect(allowed).toMatchObject([{ Action: 'events:PutEvents', Resource: BUS }]);
  });

  test('keeps events that it cannot deliver, accepts them from its own rule only, and has an alarm', () => {
    const [target] = only(template.Resources, 'AWS::Events::Rule').Targets as Record<string, unknown>[];
    expect(JSON.stringify(target?.DeadLetterConfig)).toContain('Undelivered');
    const policy = only(template.Resources, 'AWS::SQS::QueuePolicy');
    const [, send, ...more] = statements(policy.PolicyDocument);
    expect(more).toEqual([]);
    expect(send?.Condition).toEqual({
      ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': ['ForwardingRule', 'Arn'] } },
    });
    const alarm = only(template.Resources, 'AWS::CloudWatch::Alarm');
    expect(listOf(alarm.AlarmActions)).toHaveLength(1);
  });
});

describe('Control Tower', () => {
  const sources = (resources: Resources | undefined) =>
    (only(resources, 'AWS::Events::Rule').EventPattern as { source: string[] }).source;

  test('has a stack of its own if its home region is another one', () => {
    const stacks = templates({ controlTowerRegion: 'eu-central-1' });
    expect(sources(stacks['orgkeeper-control-tower'])).toEqual(['aws.controltower']);
    expect(sources(stacks['orgkeeper-management'])).toEqual(['aws.organizations']);
  });

  test('is covered by the one rule if its home region is the same', () => {
    const stacks = templates({ controlTowerRegion: 'us-east-1' });
    expect(Object.keys(stacks)).not.toContain('orgkeeper-control-tower');
    expect(sources(stacks['orgkeeper-management'])).toEqual(['aws.organizations', 'aws.controltower']);
  });
});

describe('the stacks of Main', () => {
  const assembly = app().synth();

  test('identity comes first, and is protected from deletion', () => {
    const identity = assembly.getStackByName('orgkeeper-identity');
    expect(identity.terminationProtection).toBe(true);
    const main = assembly.getStackByName('orgkeeper');
    expect(main.dependencies.map(({ id }) => id)).toContain('orgkeeper-identity');
  });

  test('no stack imports an output of another: each can be rebuilt separately', () => {
    for (const { template } of assembly.stacks) {
      const outputs: { Export?: unknown }[] = Object.values(template.Outputs ?? {});
      expect(outputs.filter((output) => output.Export)).toEqual([]);
      expect(JSON.stringify(template)).not.toContain('Fn::ImportValue');
    }
  });
});

describe.each([
  ['aws-cn', 'cn-north-1', 'cn-northwest-1'],
  ['aws-us-gov', 'us-gov-east-1', 'us-gov-west-1'],
])('in the partition %s', (partition, region, organizationsRegion) => {
  const operators = [`arn:${partition}:iam::345678901234:role/Admin`];
  const assembly = app({ region, operators }).synth();

  test('every ARN is of that partition', () => {
    for (const { template } of assembly.stacks) {
      const found = JSON.stringify(template).match(/arn:[^:"]*/g) ?? [];
      expect(found.length).toBeGreaterThan(0);
      expect(new Set(found)).toEqual(new Set([`arn:${partition}`]));
    }
  });

  test('the management stack is in the region of Organizations of that partition', () => {
    const { environment } = assembly.getStackByName('orgkeeper-management');
    expect(environment.region).toBe(organizationsRegion);
    expect(assembly.getStackByName('orgkeeper').environment.region).toBe(region);
    const policy = JSON.stringify(
      ofType(assembly.getStackByName('orgkeeper').template.Resources, 'AWS::IAM::Policy'),
    );
    expect(policy).toContain(
      `arn:${partition}:iam::${CONTEXT.managementAccountId}:role/orgkeeper-OrganizationReadingRole`,
    );
  });
});
