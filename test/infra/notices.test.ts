import { describe, expect, test } from '@jest/globals';
import { readContext } from '../../infra/context.ts';
import { fieldsIn, NOTICE_TEXTS } from '../../infra/notice-text.ts';
import { announcements } from '../../shared/domain/announcements.ts';
import { app, CONTEXT, ofType, only, type Resources, statements, templates } from './support.ts';

const EMAIL = { email: 'platform@example.com' };
const HOOK = { webhookSecret: 'chat/platform' };
const TOPIC = { snsTopicArn: 'arn:aws:sns:eu-west-1:345678901234:on-call' };

const main = (notify: readonly object[], more: object = {}): Resources =>
  templates({ notify, ...more }).orgkeeper ?? {};

interface Rule {
  readonly Name: string;
  readonly EventBusName: string;
  readonly EventPattern: { readonly 'detail-type': string[]; readonly detail?: unknown };
  readonly Targets: [Target];
}
interface Target {
  readonly Arn: unknown;
  readonly RoleArn?: unknown;
  readonly DeadLetterConfig: unknown;
  readonly InputTransformer: {
    readonly InputPathsMap: Record<string, string>;
    readonly InputTemplate: string;
  };
}

/** The rules that tell somebody something. */
function rulesOf(resources: Resources): Rule[] {
  const rules = Object.values(ofType(resources, 'AWS::Events::Rule'));
  return rules
    .map(({ Properties }) => Properties as unknown as Rule)
    .filter(({ Name }) => Name.startsWith('orgkeeper-notice-'));
}
const told = (resources: Resources) => rulesOf(resources).map((rule) => rule.EventPattern['detail-type'][0]);

describe('a notice', () => {
  test('goes to nobody unless context names somebody', () => {
    const resources = main([]);
    expect(rulesOf(resources)).toEqual([]);
    expect(Object.keys(resources).filter((id) => id.startsWith('Notices'))).toEqual([]);
  });

  test('without events is of what a person should act on, and at night the summary, whoever asks for sweeps', () => {
    expect(told(main([EMAIL]))).toEqual([
      'AccountDegraded',
      'AccountCreationFailed',
      'SweepStopped',
      'RolloutHalted',
      'WorkFailed',
    ]);
    const [nightly, ...others] = rulesOf(main([{ ...EMAIL, when: 'nightly' }]));
    expect(others).toEqual([]);
    expect(nightly?.EventPattern).toEqual({ source: ['orgkeeper'], 'detail-type': ['FleetSummary'] });
  });

  test('by mail goes to an encrypted topic of its address, which admits EventBridge and no plain HTTP', () => {
    const resources = main([{ ...EMAIL, events: ['AccountReady'] }, { email: 'other@example.com' }]);
    const topic = only(
      resources,
      'AWS::SNS::Topic',
      ({ TopicName }) => /notices/.test(String(TopicName)) && rulesFor(TopicName).includes('AccountReady'),
    );
    expect(topic.KmsMasterKeyId).toBeDefined();
    const addresses = Object.values(ofType(resources, 'AWS::SNS::Subscription')).map(
      (one) => one.Properties.Endpoint,
    );
    expect(addresses.toSorted()).toEqual(['other@example.com', 'platform@example.com']);
    const policies = Object.values(ofType(resources, 'AWS::SNS::TopicPolicy')).flatMap(({ Properties }) =>
      statements(Properties.PolicyDocument),
    );
    const admitted = policies.filter(({ Sid }) => Sid === 'EventBridgePublishes');
    expect(admitted).toHaveLength(2);
    for (const one of admitted) {
      expect(one).toMatchObject({
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sns:Publish',
      });
    }
    function rulesFor(name: unknown): string[] {
      const id = String(name).split('-').at(-1) ?? '';
      return rulesOf(resources).flatMap(({ Name, EventPattern }) =>
        Name.includes(id) ? EventPattern['detail-type'] : [],
      );
    }
  });

  test('to a topic of others needs nothing of ours but the rules', () => {
    const resources = main([{ ...TOPIC, events: ['SweepStopped'] }]);
    expect(rulesOf(resources)[0]?.Targets[0].Arn).toBe(TOPIC.snsTopicArn);
    expect(Object.values(ofType(resources, 'AWS::SNS::Topic'))).toHaveLength(1);
  });

  test('to a webhook is JSON, by a role that may do only that, and no template holds the secret', () => {
    const resources = main([{ ...HOOK, events: ['SweepStopped'] }]);
    const [rule] = rulesOf(resources);
    expect(JSON.parse(rule?.Targets[0].InputTransformer.InputTemplate ?? '')).toEqual({
      text: expect.stringMatching(
        /^A sweep has stopped writing: <drifted> of .* See: orgkeeper accounts --drifted$/,
      ),
    });
    const [destination] = Object.values(ofType(resources, 'AWS::Events::ApiDestination'));
    expect(destination?.Properties).toMatchObject({
      HttpMethod: 'POST',
      InvocationEndpoint: '{{resolve:secretsmanager:chat/platform:SecretString:url}}',
    });
    const role = only(resources, 'AWS::IAM::Role', ({ Description }) => /webhook/.test(String(Description)));
    const [policy] = role.Policies as { PolicyDocument: unknown }[];
    expect(statements(policy?.PolicyDocument)).toMatchObject([{ Action: 'events:InvokeApiDestination' }]);
  });

  test('that cannot be delivered is kept, and fires an alarm', () => {
    const resources = main([EMAIL]);
    for (const { Targets } of rulesOf(resources)) expect(Targets[0].DeadLetterConfig).toBeDefined();
    const alarms = Object.values(ofType(resources, 'AWS::CloudWatch::Alarm')).map(
      (one) => one.Properties.AlarmName,
    );
    expect(alarms).toContain('orgkeeper-notices-undelivered');
  });

  test.each(Object.entries(NOTICE_TEXTS))('of %s names fields that the event has', (event, text) => {
    const schema = announcements[event as keyof typeof announcements];
    const named = fieldsIn(Object.values(text).join(' '));
    expect(named.filter((field) => !Object.hasOwn(schema.shape, field))).toEqual([]);
  });

  test("passes cdk-nag's AwsSolutions checks, whoever is told", () => {
    expect(() => app({ notify: [EMAIL, HOOK, TOPIC] }, true).synth()).not.toThrow();
  });
});

describe('context notify', () => {
  const read = (notify: unknown) => () => readContext({ ...CONTEXT, notify });

  test.each([
    ['no destination', [{ events: ['AccountReady'] }], 'name one of email, snsTopicArn and webhookSecret'],
    ['two destinations', [{ ...EMAIL, ...HOOK }], 'name one of email, snsTopicArn and webhookSecret'],
    ['an unknown event', [{ ...EMAIL, events: ['AccountRedy'] }], 'must be one of AccountRegistered'],
    ['events of a night', [{ ...EMAIL, when: 'nightly', events: ['AccountReady'] }], 'leave out events'],
    [
      'the same event twice',
      [EMAIL, { ...EMAIL, events: ['SweepStopped'] }],
      'would be told SweepStopped twice',
    ],
    [
      'a night twice',
      [
        { ...HOOK, when: 'nightly' },
        { ...HOOK, events: ['FleetSummary'] },
      ],
      'FleetSummary twice',
    ],
  ])('is refused with %s', (_, notify, problem) => {
    expect(read(notify)).toThrow(problem);
  });

  test('may tell one destination the changes and the night', () => {
    expect(read([EMAIL, { ...EMAIL, when: 'nightly' }])).not.toThrow();
  });
});

describe('the archive of the bus', () => {
  test('keeps all events for thirty days, unless context says otherwise', () => {
    expect(only(main([]), 'AWS::Events::Archive')).toMatchObject({
      ArchiveName: 'orgkeeper',
      RetentionDays: 30,
    });
    expect(only(main([], { archiveDays: 7 }), 'AWS::Events::Archive')).toMatchObject({ RetentionDays: 7 });
    expect(ofType(main([], { archiveDays: 0 }), 'AWS::Events::Archive')).toEqual({});
  });
});
