import { type Operation, objects, type Params } from './operations.ts';
import { type Handler, written } from './stack-handler.ts';
import { UnknownAuthorization } from './unknown.ts';

/** The calls for the types of our stacks besides roles and networks: buses, queues, topics, keys, buckets, functions, alarms. */
export const SERVICE_HANDLERS: Readonly<Record<string, Handler>> = {
  'AWS::CDK::Metadata': plain({}),
  'AWS::CloudWatch::Alarm': plain({
    fixed: ['AlarmName'],
    make: ['cloudwatch:PutMetricAlarm'],
    remove: ['cloudwatch:DeleteAlarms'],
  }),
  'AWS::CloudWatch::Dashboard': plain({
    fixed: ['DashboardName'],
    make: ['cloudwatch:PutDashboard'],
    remove: ['cloudwatch:DeleteDashboards'],
  }),
  'AWS::DynamoDB::Table': plain({
    fixed: ['TableName', 'KeySchema'],
    make: ['dynamodb:CreateTable', 'dynamodb:UpdateTimeToLive', 'dynamodb:UpdateContinuousBackups'],
    change: ['dynamodb:UpdateTable', 'dynamodb:UpdateTimeToLive', 'dynamodb:UpdateContinuousBackups'],
    remove: ['dynamodb:DeleteTable'],
  }),
  'AWS::Events::EventBus': plain({
    fixed: ['Name'],
    make: ['events:CreateEventBus'],
    remove: ['events:DeleteEventBus'],
  }),
  'AWS::Events::EventBusPolicy': plain({
    fixed: ['EventBusName', 'StatementId'],
    make: ['events:PutPermission'],
    remove: ['events:RemovePermission'],
  }),
  'AWS::Events::Rule': {
    fixed: ['Name', 'EventBusName'],
    make: putRule,
    change: putRule,
    remove: ({ Name, EventBusName }) => [
      { service: 'events', name: 'RemoveTargets', params: { Rule: Name, EventBusName } },
      { service: 'events', name: 'DeleteRule', params: { Name, EventBusName } },
    ],
  },
  'AWS::KMS::Key': {
    fixed: [],
    make: ({ Tags }) => [{ service: 'kms', name: 'CreateKey', params: { Tags } }],
    change: ofKey,
    remove: ofKey,
  },
  'AWS::Lambda::EventSourceMapping': plain({
    fixed: ['EventSourceArn'],
    make: ['lambda:CreateEventSourceMapping'],
    change: ['lambda:UpdateEventSourceMapping'],
    remove: ['lambda:DeleteEventSourceMapping'],
    params: ({ FunctionName }) => ({ FunctionName, UUID: '*' }),
  }),
  'AWS::Lambda::Function': plain({
    fixed: ['FunctionName'],
    make: ['lambda:CreateFunction'],
    change: ['lambda:UpdateFunctionConfiguration', 'lambda:UpdateFunctionCode'],
    remove: ['lambda:DeleteFunction'],
    params: ({ Role, ...properties }) => ({ ...properties, Role: written([Role])[0] }),
  }),
  'AWS::Logs::LogGroup': plain({
    fixed: ['LogGroupName'],
    make: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'],
    change: ['logs:PutRetentionPolicy'],
    remove: ['logs:DeleteLogGroup'],
  }),
  'AWS::S3::Bucket': {
    fixed: ['BucketName'],
    make: (bucket) => [s3('CreateBucket', bucket), ...bucketSettings(bucket, () => true)],
    change: (bucket, _, changed) => bucketSettings(bucket, changed),
    remove: (bucket) => [s3('DeleteBucket', bucket)],
  },
  'AWS::S3::BucketPolicy': plain({
    fixed: ['Bucket'],
    make: ['s3:PutBucketPolicy'],
    remove: ['s3:DeleteBucketPolicy'],
  }),
  'AWS::SNS::Subscription': plain({
    fixed: ['TopicArn', 'Protocol', 'Endpoint'],
    make: ['sns:Subscribe'],
    remove: ['sns:Unsubscribe'],
  }),
  'AWS::SNS::Topic': {
    fixed: ['TopicName'],
    make: (topic) => [
      sns('CreateTopic', { Name: topic.TopicName, Tags: topic.Tags }),
      ...objects(topic.Subscription).map(({ Protocol }) =>
        sns('Subscribe', { Name: topic.TopicName, Protocol }),
      ),
    ],
    change: ({ TopicName }) => [sns('SetTopicAttributes', { Name: TopicName })],
    remove: ({ TopicName }) => [sns('DeleteTopic', { Name: TopicName })],
  },
  'AWS::SNS::TopicPolicy': {
    fixed: [],
    make: setTopicPolicy,
    change: setTopicPolicy,
    remove: setTopicPolicy,
  },
  'AWS::SQS::Queue': plain({
    fixed: ['QueueName'],
    make: ['sqs:CreateQueue'],
    change: ['sqs:SetQueueAttributes'],
    remove: ['sqs:DeleteQueue'],
    params: ({ QueueName, Tags }) => ({ QueueName, tags: Tags }),
  }),
  'AWS::SQS::QueuePolicy': {
    fixed: [],
    make: setQueuePolicy,
    change: setQueuePolicy,
    remove: setQueuePolicy,
  },
  'AWS::SSM::Parameter': plain({
    fixed: ['Name'],
    make: ['ssm:PutParameter'],
    remove: ['ssm:DeleteParameter'],
  }),
};

/** A type that is made, changed and removed by calls whose parameters are its properties. */
function plain({
  fixed = [],
  make = [],
  change = make,
  remove = [],
  params = (properties) => properties,
}: {
  readonly fixed?: readonly string[];
  readonly make?: readonly string[];
  readonly change?: readonly string[];
  readonly remove?: readonly string[];
  readonly params?: (properties: Params) => Params;
}): Handler {
  const calls = (operations: readonly string[], properties: Params) =>
    operations.map((operation): Operation => {
      const [service = '', name = ''] = operation.split(':');
      return { service, name, params: params(properties) };
    });
  return {
    fixed,
    make: (properties) => calls(make, properties),
    change: (properties) => calls(change, properties),
    remove: (properties) => calls(remove, properties),
  };
}

/** The calls for settings of a bucket, by the property that has one. */
const BUCKET_SETTINGS: Readonly<Record<string, string>> = {
  BucketEncryption: 'PutEncryptionConfiguration',
  LifecycleConfiguration: 'PutLifecycleConfiguration',
  OwnershipControls: 'PutBucketOwnershipControls',
  PublicAccessBlockConfiguration: 'PutBucketPublicAccessBlock',
  Tags: 'PutBucketTagging',
  VersioningConfiguration: 'PutBucketVersioning',
};

function bucketSettings(bucket: Params, changed: (property: string) => boolean): Operation[] {
  return Object.keys(bucket).flatMap((property) => {
    if (property === 'BucketName' || !changed(property)) return [];
    const call = BUCKET_SETTINGS[property];
    if (!call)
      throw new UnknownAuthorization(`Whether a bucket may be given its ${property} is not decided.`);
    return [s3(call, bucket)];
  });
}

/** The key's own policy must allow that, and its id is not in the template. */
function ofKey(): never {
  throw new UnknownAuthorization('Whether a stack may change or delete its key is not decided.');
}

function putRule({ Name, EventBusName, Targets, Tags }: Params): Operation[] {
  const targets = objects(Targets);
  written(targets.map(({ Arn }) => Arn));
  written(targets.flatMap(({ RoleArn }) => RoleArn ?? []));
  return [
    { service: 'events', name: 'PutRule', params: { Name, EventBusName, Tags } },
    { service: 'events', name: 'PutTargets', params: { Rule: Name, EventBusName, Targets } },
  ];
}

function setTopicPolicy({ Topics }: Params): Operation[] {
  return written(Topics).map((TopicArn) => sns('SetTopicAttributes', { TopicArn }));
}

function setQueuePolicy({ Queues }: Params): Operation[] {
  return written(Queues).map((QueueName) => ({
    service: 'sqs',
    name: 'SetQueueAttributes',
    params: { QueueName },
  }));
}

function s3(name: string, { BucketName: Bucket }: Params): Operation {
  return { service: 's3', name, params: { Bucket } };
}

function sns(name: string, params: Params): Operation {
  return { service: 'sns', name, params };
}
