import { describe, expect, jest, test } from '@jest/globals';
import { Config } from '../../shared/deployment/config.ts';
import { WORK_RECEIVES } from '../../shared/domain/work.ts';
import { organizationRoles } from '../kit/factories.ts';
import { app, CONTEXT, ofType, only, statements, templates, text } from './support.ts';

// Synthesising takes its time on a busy machine.
jest.setTimeout(60_000);

const main = templates({ alarmEmail: 'oncall@example.com' }).orgkeeper;
const ARN = 'arn:aws:sqs:eu-west-1:345678901234:';

describe('the outputs of the stack', () => {
  const assembly = app().synth();
  const { Outputs, Resources } = assembly.getStackByName('orgkeeper').template;
  const outputs = Outputs as Record<string, { Value: unknown; Export?: unknown }>;
  const value = (id: string) => outputs[id]?.Value;

  test('name the bus, the table, the roles and the buckets as the template makes them', () => {
    const bucketNames = Object.values(ofType(Resources, 'AWS::S3::Bucket')).map(
      ({ Properties }) => Properties.BucketName,
    );
    expect(value('BusArn')).toBe(
      `arn:aws:events:eu-west-1:345678901234:event-bus/${only(Resources, 'AWS::Events::EventBus').Name}`,
    );
    expect(value('TableName')).toBe(only(Resources, 'AWS::DynamoDB::Table').TableName);
    expect(value('TableArn')).toBe(`arn:aws:dynamodb:eu-west-1:345678901234:table/${value('TableName')}`);
    expect(bucketNames).toEqual(
      expect.arrayContaining([value('TemplatesBucketName'), value('ReviewsBucketName')]),
    );
    const named = Object.values(ofType(Resources, 'AWS::SSM::Parameter')).map(
      ({ Properties }) => Properties.Name,
    );
    expect(named).toContain(value('ConfigParameterName'));
    const roles = assembly.getStackByName('orgkeeper-identity').template.Resources;
    const roleArns = Object.values(ofType(roles, 'AWS::IAM::Role')).map(
      ({ Properties }) => `arn:aws:iam::345678901234:role/${Properties.RoleName}`,
    );
    expect([value('RunnerRoleArn'), value('ApiRoleArn')].toSorted()).toEqual(roleArns.toSorted());
  });

  test('are not exported, so that no other stack can block a change', () => {
    expect(Object.values(outputs).filter((output) => output.Export)).toEqual([]);
  });
});

describe('queues', () => {
  const named = (name: string) => only(main, 'AWS::SQS::Queue', (queue) => queue.QueueName === name);

  test.each(['orgkeeper-intake', 'orgkeeper-sweep', 'orgkeeper-creation', 'orgkeeper-work.fifo'])(
    '%s is encrypted, and has a dead-letter queue with 14 days of retention',
    (name) => {
      const dead = name.replace(/(\.fifo)?$/, '-dead$1');
      expect(named(name)).toMatchObject({ SqsManagedSseEnabled: true });
      expect(JSON.stringify(named(name).RedrivePolicy)).toContain('DeadLetters');
      expect(named(dead)).toMatchObject({
        SqsManagedSseEnabled: true,
        MessageRetentionPeriod: 14 * 24 * 3600,
      });
    },
  );

  test('the work queue is FIFO at high throughput, and never deduplicates by content', () => {
    expect(named('orgkeeper-work.fifo')).toMatchObject({
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
    expect(named('orgkeeper-work.fifo').ContentBasedDeduplication).toBeUndefined();
  });

  test('the work queue delivers a message as often as the reconcile function expects', () => {
    expect(named('orgkeeper-work.fifo').RedrivePolicy).toMatchObject({ maxReceiveCount: WORK_RECEIVES });
  });

  test('a message stays invisible for twice the timeout of its function, a work message for once, since runs extend it', () => {
    for (const [queue, name, times] of [
      ['orgkeeper-intake', 'orgkeeper-intake', 2],
      ['orgkeeper-sweep', 'orgkeeper-sweep', 2],
      ['orgkeeper-creation', 'orgkeeper-create-account', 2],
      ['orgkeeper-work.fifo', 'orgkeeper-reconcile', 1],
    ] as const) {
      const { Timeout } = only(main, 'AWS::Lambda::Function', (made) => made.FunctionName === name);
      expect(named(queue).VisibilityTimeout).toBe(times * Number(Timeout));
    }
  });

  test('only one rule of ours may send for a service, and nobody by plain HTTP', () => {
    const policies = Object.values(ofType(main, 'AWS::SQS::QueuePolicy'));
    expect(policies).toHaveLength(10);
    const senders: unknown[] = [];
    for (const { Properties } of policies) {
      const [deny, ...allow] = statements(Properties.PolicyDocument);
      expect(deny).toMatchObject({
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
      for (const statement of allow) {
        expect(statement).toMatchObject({
          Action: 'sqs:SendMessage',
          Principal: { Service: 'events.amazonaws.com' },
        });
        senders.push(statement.Condition);
      }
    }
    const rule = (id: string) => ({ ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [id, 'Arn'] } } });
    const expected = [rule('OrganizationRule'), rule('RequestRule')];
    expect(senders).toEqual([...expected, ...expected]);
  });
});

describe('rules', () => {
  test.each([
    ['OrganizationRule', ['aws.organizations', 'aws.controltower']],
    ['RequestRule', ['orgkeeper.request']],
  ])('%s sends all events of its sources to intake, whatever their detail-type', (id, source) => {
    const rule = ofType(main, 'AWS::Events::Rule')[id]?.Properties;
    expect(rule).toMatchObject({ EventBusName: 'orgkeeper', EventPattern: { source }, State: 'ENABLED' });
    expect(Object.keys(rule?.EventPattern ?? {})).toEqual(['source']);
    const targets = JSON.stringify(rule?.Targets);
    expect(targets).toMatch(/"Arn":\{"Fn::GetAtt":\["IntakeMessagesQueue/);
    expect(targets).toMatch(/"DeadLetterConfig":\{"Arn":\{"Fn::GetAtt":\["IntakeMessagesDeadLetters/);
  });
});

describe('table', () => {
  const table = Object.values(ofType(main, 'AWS::DynamoDB::Table'))[0];

  test('can be restored to any second, is hard to delete, and outlives the stack', () => {
    expect(table?.DeletionPolicy).toBe('Retain');
    expect(table?.Properties).toMatchObject({
      TableName: 'orgkeeper',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });

  test('has the keys and indexes that the store uses', () => {
    const keys = (hash: string, range: string) => [
      { AttributeName: hash, KeyType: 'HASH' },
      { AttributeName: range, KeyType: 'RANGE' },
    ];
    expect(table?.Properties.KeySchema).toEqual(keys('pk', 'sk'));
    expect(table?.Properties.GlobalSecondaryIndexes).toEqual([
      {
        IndexName: 'collection',
        KeySchema: keys('collection', 'collectionKey'),
        Projection: { ProjectionType: 'ALL' },
      },
      { IndexName: 'due', KeySchema: keys('due', 'dueAt'), Projection: { ProjectionType: 'KEYS_ONLY' } },
      {
        IndexName: 'differing',
        KeySchema: keys('differing', 'collectionKey'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });
});

describe('the bucket of member templates', () => {
  const bucket = only(main, 'AWS::S3::Bucket', (one) => /^orgkeeper-templates-/.test(String(one.BucketName)));

  test('admits only signed links, and deletes a template when its link expires', () => {
    expect(bucket).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 7, Status: 'Enabled' }] },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    const policies = Object.values(ofType(main, 'AWS::S3::BucketPolicy'));
    expect(policies.map(({ Properties }) => statements(Properties.PolicyDocument))).toEqual([
      [expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      [expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
    ]);
  });

  test('has the name that the command line knows', () => {
    const parameter = only(main, 'AWS::SSM::Parameter', (one) => one.Name === '/orgkeeper/config');
    expect(Config.parse(JSON.parse(text(parameter.Value))).templatesBucket).toBe(bucket.BucketName);
  });
});

describe('the bucket of reviews', () => {
  const isOurs = (one: Record<string, unknown>) => /^orgkeeper-reviews-/.test(String(one.BucketName));

  test('is private, keeps what is overwritten, and outlives the stack', () => {
    expect(only(main, 'AWS::S3::Bucket', isOurs)).toMatchObject({
      BucketName: 'orgkeeper-reviews-345678901234-eu-west-1',
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: { BlockPublicPolicy: true, RestrictPublicBuckets: true },
    });
    const [kept] = Object.values(ofType(main, 'AWS::S3::Bucket')).filter(({ Properties }) =>
      isOurs(Properties),
    );
    expect(kept).toMatchObject({ DeletionPolicy: 'Retain' });
  });
});

describe('functions', () => {
  test('are in no VPC, so that no call of theirs passes a VPC endpoint', () => {
    const functions = Object.values(templates()).flatMap((one) =>
      Object.values(ofType(one, 'AWS::Lambda::Function')),
    );
    expect(functions.length).toBeGreaterThan(4);
    for (const { Properties } of functions) expect(Properties).not.toHaveProperty('VpcConfig');
  });

  test.each(['intake', 'sweep', 'reconcile', 'create-account', 'review'])(
    '%s runs on Node 24 on arm64 and keeps its logs for 90 days',
    (name) => {
      const made = only(main, 'AWS::Lambda::Function', (one) => one.FunctionName === `orgkeeper-${name}`);
      expect(made).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
      });
      const group = (made.LoggingConfig as { LogGroup: { Ref: string } }).LogGroup.Ref;
      expect(main?.[group]?.Properties).toEqual({
        LogGroupName: `/aws/lambda/orgkeeper-${name}`,
        RetentionInDays: 90,
      });
    },
  );

  test('each processes its own queue and reports failures one by one', () => {
    const mappings = Object.values(ofType(main, 'AWS::Lambda::EventSourceMapping')).map(({ Properties }) => ({
      queue: JSON.stringify(Properties.EventSourceArn).replace(/.*"(\w+?)Messages.*/, '$1'),
      batch: Properties.BatchSize,
      scaling: Properties.ScalingConfig,
      report: Properties.FunctionResponseTypes,
    }));
    const report = ['ReportBatchItemFailures'];
    expect(mappings).toEqual([
      { queue: 'Intake', batch: 10, scaling: { MaximumConcurrency: 2 }, report },
      { queue: 'Sweep', batch: 1, scaling: { MaximumConcurrency: 2 }, report },
      { queue: 'Creation', batch: 1, scaling: { MaximumConcurrency: 2 }, report },
      { queue: 'Work', batch: 10, scaling: { MaximumConcurrency: 50 }, report },
      { queue: 'Review', batch: 1, scaling: { MaximumConcurrency: 5 }, report },
    ]);
  });

  test('all know the deployment by the same document as the command line', () => {
    const parameter = only(main, 'AWS::SSM::Parameter', (one) => one.Name === '/orgkeeper/config');
    const config = Config.parse(JSON.parse(text(parameter.Value)));
    expect(config).toMatchObject({
      mainAccountId: CONTEXT.mainAccountId,
      busName: 'orgkeeper',
      tableName: 'orgkeeper',
      organizationRoleArns: organizationRoles('aws'),
      runnerRoleArn: 'arn:aws:iam::345678901234:role/orgkeeper-WorkflowLoopRunnerRole',
      apiRoleArn: 'arn:aws:iam::345678901234:role/orgkeeper-ApiHandlerRole',
      requesters: CONTEXT.requesters,
    });
    expect(config.workQueueUrl).toMatch(/^WorkMessagesQueue/);
    expect(config.sweepQueueUrl).toMatch(/^SweepMessagesQueue/);
    expect(config.creationQueueUrl).toMatch(/^CreationMessagesQueue/);
    expect(config.reviewQueueUrl).toMatch(/^ReviewMessagesQueue/);
    for (const { Properties } of Object.values(ofType(main, 'AWS::Lambda::Function'))) {
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      expect(Variables.ORGKEEPER_CONFIG).toEqual(parameter.Value);
    }
  });
});

describe('schedules', () => {
  const schedule = (name: string) => only(main, 'AWS::Scheduler::Schedule', (one) => one.Name === name);

  test.each([
    ['orgkeeper-due', 'rate(1 minute)', '{"task":"due"}'],
    ['orgkeeper-list', 'rate(1 hour)', '{"task":"list"}'],
  ])('%s ticks on the sweep queue', (name, expression, Input) => {
    expect(schedule(name)).toMatchObject({
      ScheduleExpression: expression,
      Target: { Arn: `${ARN}orgkeeper-sweep`, Input },
    });
  });

  test('the nightly sweep is the same event that a person would put', () => {
    expect(schedule('orgkeeper-nightly')).toMatchObject({
      ScheduleExpression: 'cron(0 2 * * ? *)',
      ScheduleExpressionTimezone: 'UTC',
      Target: {
        Arn: 'arn:aws:events:eu-west-1:345678901234:event-bus/orgkeeper',
        EventBridgeParameters: { Source: 'orgkeeper.request', DetailType: 'DriftSweepRequested' },
      },
    });
  });

  test('the summary of the night begins with the sweep, and has the same time in every attempt', () => {
    expect(schedule('orgkeeper-summary')).toMatchObject({
      ScheduleExpression: schedule('orgkeeper-nightly').ScheduleExpression,
      Target: {
        Arn: `${ARN}orgkeeper-sweep`,
        Input: '{"task":"summary","night":"<aws.scheduler.scheduled-time>"}',
      },
    });
  });

  test('the monthly review is the event that a person would put', () => {
    expect(schedule('orgkeeper-review')).toMatchObject({
      ScheduleExpression: 'cron(0 3 1 * ? *)',
      Target: {
        Arn: 'arn:aws:events:eu-west-1:345678901234:event-bus/orgkeeper',
        EventBridgeParameters: { Source: 'orgkeeper.request', DetailType: 'AccessReviewRequested' },
      },
    });
  });

  test('the role of the schedules admits this schedule group only', () => {
    const role = only(main, 'AWS::IAM::Role', (one) =>
      JSON.stringify(one.AssumeRolePolicyDocument).includes('scheduler.amazonaws.com'),
    );
    expect(statements(role.AssumeRolePolicyDocument)[0]?.Condition).toEqual({
      StringEquals: {
        'aws:SourceAccount': '345678901234',
        'aws:SourceArn': 'arn:aws:scheduler:eu-west-1:345678901234:schedule-group/orgkeeper',
      },
    });
  });
});

describe('alarms', () => {
  const all = Object.values(ofType(main, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);

  test('watch dead letters and errors of every function, the age of work, the tick, dropped schedules, what stopped, and who is not ready', () => {
    expect(all.map((alarm) => alarm.AlarmName).sort()).toEqual([
      'orgkeeper-accounts-not-ready',
      'orgkeeper-clock-stopped',
      'orgkeeper-create-account-dead-letters',
      'orgkeeper-create-account-errors',
      'orgkeeper-intake-age',
      'orgkeeper-intake-dead-letters',
      'orgkeeper-intake-errors',
      'orgkeeper-reconcile-dead-letters',
      'orgkeeper-reconcile-errors',
      'orgkeeper-review-dead-letters',
      'orgkeeper-review-errors',
      'orgkeeper-rollout-halted',
      'orgkeeper-schedule-dropped',
      'orgkeeper-sweep-dead-letters',
      'orgkeeper-sweep-errors',
      'orgkeeper-sweep-stopped',
      'orgkeeper-work-age',
    ]);
  });

  test('watch queues, functions and schedules that exist', () => {
    const queues = Object.values(ofType(main, 'AWS::SQS::Queue')).map(
      ({ Properties }) => Properties.QueueName,
    );
    const names = Object.values(ofType(main, 'AWS::Lambda::Function')).map(
      ({ Properties }) => Properties.FunctionName,
    );
    const group = only(main, 'AWS::Scheduler::ScheduleGroup').Name;
    const watched = { QueueName: queues, FunctionName: names, ScheduleGroup: [group], service: ['sweep'] };
    for (const alarm of all) {
      const [dimension] = alarm.Dimensions as { Name: keyof typeof watched; Value: string }[];
      expect(dimension && watched[dimension.Name]).toContain(dimension?.Value);
    }
  });

  test('notify the topic, which is encrypted, and to which the configured address is subscribed', () => {
    const [topic = ''] = Object.keys(ofType(main, 'AWS::SNS::Topic'));
    for (const alarm of all) expect(alarm.AlarmActions).toEqual([{ Ref: topic }]);
    expect(main?.[topic]?.Properties.KmsMasterKeyId).toBeDefined();
    expect(only(main, 'AWS::SNS::Subscription')).toMatchObject({
      Protocol: 'email',
      Endpoint: 'oncall@example.com',
      TopicArn: { Ref: topic },
    });
  });

  test('on accounts that are not ready keep their state between two listings', () => {
    const alarm = all.find(({ AlarmName }) => AlarmName === 'orgkeeper-accounts-not-ready');
    expect(alarm).toMatchObject({
      Namespace: 'Orgkeeper',
      MetricName: 'AccountsNotReadyForADay',
      Threshold: 1,
      TreatMissingData: 'ignore',
    });
  });

  test('on what has stopped tell no address that gets a notice of it', () => {
    const email = 'oncall@example.com';
    const alarms = (notify: object[]) =>
      Object.values(ofType(templates({ alarmEmail: email, notify }).orgkeeper, 'AWS::CloudWatch::Alarm'));
    const silent = (notify: object[]) =>
      alarms(notify).flatMap(({ Properties }) => (Properties.AlarmActions ? [] : [Properties.AlarmName]));
    expect(silent([])).toEqual([]);
    expect(silent([{ email: 'other@example.com' }])).toEqual([]);
    expect(silent([{ email }])).toEqual(['orgkeeper-sweep-stopped', 'orgkeeper-rollout-halted']);
    expect(silent([{ email, events: ['RolloutHalted'] }])).toEqual(['orgkeeper-rollout-halted']);
  });

  test('admit only CloudWatch of this account, in the policies of topic and key', () => {
    const published = [
      ...statements(only(main, 'AWS::SNS::TopicPolicy').PolicyDocument),
      ...statements(only(main, 'AWS::KMS::Key').KeyPolicy),
    ].filter((statement) => JSON.stringify(statement.Principal).includes('cloudwatch.amazonaws.com'));
    expect(published).toHaveLength(2);
    for (const { Condition } of published) {
      expect(Condition).toEqual({ StringEquals: { 'aws:SourceAccount': '345678901234' } });
    }
  });
});
