import { kindOfTarget } from '../rule-targets.ts';
import { type Operation, objects, type Params, texts } from './operations.ts';
import { refuseOtherKeys } from './other-keys.ts';
import { UnknownAuthorization } from './unknown.ts';

/** One permission that a call needs. */
export interface Asked {
  /** `iam:CreateRole` */
  readonly action: string;
  /** Parameters that name its resources and give its condition keys. */
  readonly params: Params;
  /** True of one besides the call's own. */
  readonly dependent?: true;
}

type Needs = (params: Params) => readonly Asked[];

/**
 * Operations that need other permissions than the action of their name.
 * Where a row names no page: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
 */
const OTHERWISE: Readonly<Record<string, Needs>> = {
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
  'dynamodb:BatchGetItem': ({ RequestItems }) => ofTables('dynamodb:BatchGetItem', RequestItems),
  'dynamodb:BatchWriteItem': ({ RequestItems }) => ofTables('dynamodb:BatchWriteItem', RequestItems),
  'dynamodb:TransactGetItems': ({ TransactItems }) => ofTransaction(TransactItems, 'TransactGetItems'),
  'dynamodb:TransactWriteItems': ({ TransactItems }) => ofTransaction(TransactItems, 'TransactWriteItems'),
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
  'events:PutEvents': ({ Entries }) =>
    distinct(objects(Entries), ['EventBusName', 'Source', 'DetailType']).map((params) => ({
      action: 'events:PutEvents',
      params,
    })),
  // https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
  'lambda:Invoke': (params) => [{ action: 'lambda:InvokeFunction', params }],
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
  's3:CompleteMultipartUpload': (params) => [{ action: 's3:PutObject', params }],
  's3:CopyObject': (params) => [
    { action: 's3:PutObject', params },
    { action: 's3:GetObject', params: copied(params) },
  ],
  's3:CreateMultipartUpload': (params) => [{ action: 's3:PutObject', params }],
  's3:DeletePublicAccessBlock': (params) => [{ action: 's3:PutBucketPublicAccessBlock', params }],
  's3:GetPublicAccessBlock': (params) => [{ action: 's3:GetBucketPublicAccessBlock', params }],
  's3:HeadBucket': (params) => [{ action: 's3:ListBucket', params }],
  's3:HeadObject': (params) => [{ action: 's3:GetObject', params }],
  's3:ListBuckets': (params) => [{ action: 's3:ListAllMyBuckets', params }],
  's3:ListObjects': (params) => [{ action: 's3:ListBucket', params }],
  's3:ListObjectsV2': (params) => [{ action: 's3:ListBucket', params }],
  's3:PutPublicAccessBlock': (params) => [{ action: 's3:PutBucketPublicAccessBlock', params }],
  's3:UploadPart': (params) => [{ action: 's3:PutObject', params }],
  's3control:DeletePublicAccessBlock': (params) => [{ action: 's3:PutAccountPublicAccessBlock', params }],
  's3control:GetPublicAccessBlock': (params) => [{ action: 's3:GetAccountPublicAccessBlock', params }],
  's3control:PutPublicAccessBlock': (params) => [{ action: 's3:PutAccountPublicAccessBlock', params }],
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
  'sqs:ChangeMessageVisibilityBatch': (params) => [{ action: 'sqs:ChangeMessageVisibility', params }],
  'sqs:DeleteMessageBatch': (params) => [{ action: 'sqs:DeleteMessage', params }],
  'sqs:SendMessageBatch': (params) => [{ action: 'sqs:SendMessage', params }],
  'sqs:StartMessageMoveTask': ({ SourceArn }) => [
    { action: 'sqs:StartMessageMoveTask', params: { SourceArn } },
  ],
  // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
  'sts:GetCallerIdentity': () => [],
};

/** Permissions that an operation needs besides its own. The data that the actions come from has none of them. */
const BESIDES: Readonly<Record<string, Needs>> = {
  'cloudformation:CreateStack': (params) => [
    ...passed('cloudformation.amazonaws.com', params.RoleARN),
    ...tagged('cloudformation:TagResource', params, params.Tags),
  ],
  'cloudformation:DeleteStack': ({ RoleARN }) => passed('cloudformation.amazonaws.com', RoleARN),
  'cloudformation:UpdateStack': (params) => [
    ...passed('cloudformation.amazonaws.com', params.RoleARN),
    ...tagged('cloudformation:TagResource', params, params.Tags),
  ],
  'cloudtrail:CreateTrail': (params) => tagged('cloudtrail:AddTags', params, params.TagsList),
  'dynamodb:CreateTable': (params) => tagged('dynamodb:TagResource', params, params.Tags),
  // EMR passes both roles on. An instance profile is passed as its role, which has the same name by custom; the cleanup role of EMR,
  // which the first cluster of an account makes, is left out. https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-role-service.html
  'elasticmapreduce:RunJobFlow': (params) => [
    ...passedByName('elasticmapreduce.amazonaws.com', params.ServiceRole),
    ...passedByName('ec2.amazonaws.com', params.JobFlowRole),
    ...tagged('elasticmapreduce:AddTags', { Made: 'cluster' }, params.Tags),
  ],
  'events:CreateEventBus': ({ Name, Tags }) => tagged('events:TagResource', { EventBusName: Name }, Tags),
  'events:PutRule': ({ Name, EventBusName, Tags }) =>
    tagged('events:TagResource', { Rule: Name, EventBusName }, Tags),
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
  'events:PutTargets': ({ Targets }) => {
    const undecided = objects(Targets).find(({ Arn }) => kindOfTarget(String(Arn)) === undefined);
    if (undecided)
      throw new UnknownAuthorization(`Whether a rule may reach ${undecided.Arn} is not decided.`);
    return passed('events.amazonaws.com', ...objects(Targets).map(({ RoleArn }) => RoleArn));
  },
  // https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html
  'iam:AddRoleToInstanceProfile': ({ RoleName }) => [
    { action: 'iam:PassRole', params: { RoleName, PassedToService: 'ec2.amazonaws.com' }, dependent: true },
  ],
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
  'iam:CreateInstanceProfile': (params) =>
    tagged('iam:TagInstanceProfile', { Path: '/', ...params }, params.Tags),
  'iam:CreatePolicy': (params) => tagged('iam:TagPolicy', { Path: '/', ...params }, params.Tags),
  'iam:CreateRole': (params) => tagged('iam:TagRole', { Path: '/', ...params }, params.Tags),
  'iam:CreateUser': (params) => tagged('iam:TagUser', { Path: '/', ...params }, params.Tags),
  // https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html
  'kms:CreateKey': ({ Tags }) => tagged('kms:TagResource', { Made: 'key' }, Tags),
  // https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
  'lambda:CreateFunction': (params) => [
    ...passed('lambda.amazonaws.com', params.Role),
    ...tagged('lambda:TagResource', params, params.Tags),
  ],
  'lambda:UpdateFunctionConfiguration': ({ Role }) => passed('lambda.amazonaws.com', Role),
  // https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html
  'organizations:CreateAccount': ({ Tags }) => tagged('organizations:TagResource', { Made: 'account' }, Tags),
  'organizations:CreateOrganizationalUnit': ({ Tags }) =>
    tagged('organizations:TagResource', { Made: 'organizationalunit' }, Tags),
  // https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html
  'organizations:CreateOrganization': () => [
    {
      action: 'iam:CreateServiceLinkedRole',
      params: {
        RoleName: 'AWSServiceRoleForOrganizations',
        Path: '/aws-service-role/organizations.amazonaws.com/',
        AWSServiceName: 'organizations.amazonaws.com',
      },
      dependent: true,
    },
  ],
  // https://docs.aws.amazon.com/scheduler/latest/UserGuide/security_iam_id-based-policies.html
  'scheduler:CreateSchedule': ({ Target }) => passed('scheduler.amazonaws.com', roleOf(Target)),
  'scheduler:CreateScheduleGroup': (params) => tagged('scheduler:TagResource', params, params.Tags),
  'scheduler:UpdateSchedule': ({ Target }) => passed('scheduler.amazonaws.com', roleOf(Target)),
  // What a topic delivers to queues and functions is decided by their policies, and the emulator delivers to them all.
  'sns:Subscribe': ({ Protocol }) => {
    if (/^(email|email-json|sms)$/.test(String(Protocol))) return [];
    throw new UnknownAuthorization(`Whether a topic may deliver by ${Protocol} is not decided.`);
  },
  'sns:CreateTopic': ({ Name, Tags }) => tagged('sns:TagResource', { Name }, Tags),
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
  'sqs:CreateQueue': ({ QueueName, tags }) => tagged('sqs:TagQueue', { QueueName }, tags),
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
  'sqs:StartMessageMoveTask': ({ SourceArn, DestinationArn }) => [
    ...['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'].map(
      (action): Asked => ({ action, params: { SourceArn }, dependent: true }),
    ),
    // Without a destination: the queues that the messages came from, which the call does not name.
    { action: 'sqs:SendMessage', params: { DestinationArn }, dependent: true },
  ],
  // https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
  'ssm:PutParameter': (params) => tagged('ssm:AddTagsToResource', params, params.Tags),
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
  'sts:AssumeRole': (params) => [
    ...tagged('sts:TagSession', params, params.Tags),
    ...texts(params.SourceIdentity).map(
      (): Asked => ({ action: 'sts:SetSourceIdentity', params, dependent: true }),
    ),
  ],
};

/** IAM prefixes that are not the name by which requests are signed. */
const PREFIXES: Readonly<Record<string, string>> = { tagging: 'tag' };

/**
 * The permissions that AWS asks for before it carries out an operation.
 * @throws UnknownAuthorization where they depend on what the gateway does not know
 */
export function askedBy({ service, name, params }: Operation): readonly Asked[] {
  refuseOtherKeys(service, params);
  const operation = `${service}:${name}`;
  const own = OTHERWISE[operation]?.(params) ?? [
    { action: `${PREFIXES[service] ?? service}:${service === 's3' ? actionOfBucket(name) : name}`, params },
  ];
  const more = service === 'ec2' ? ec2Tags(name, params) : (BESIDES[operation]?.(params) ?? []);
  return [...own, ...more];
}

/**
 * What is configured of a bucket is read by one action and written, or deleted, by another. Replication is left out, which passes a role.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
function actionOfBucket(operation: string): string {
  const [, verb = '', part] = CONFIGURED.exec(operation) ?? [];
  return part === undefined ? operation : `${/Get|List/.test(verb) ? 'Get' : 'Put'}${part}Configuration`;
}

const CONFIGURED =
  /^(Get|List|Put|Delete)Bucket(Accelerate|Analytics|Encryption|IntelligentTiering|Inventory|Lifecycle|Metrics)(Configurations?)?$/;

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html */
function ec2Tags(name: string, { TagSpecification }: Params): readonly Asked[] {
  return objects(TagSpecification).map(({ ResourceType, Tag }) => ({
    action: 'ec2:CreateTags',
    params: { Made: ResourceType, Tag, CreateAction: name },
    dependent: true,
  }));
}

function tagged(action: string, params: Params, tags: unknown): readonly Asked[] {
  const isEmpty = tags === undefined || Object.keys(Object(tags)).length === 0;
  return isEmpty ? [] : [{ action, params: { ...params, Tags: tags }, dependent: true }];
}

function passed(service: string, ...roles: readonly unknown[]): readonly Asked[] {
  return [...new Set(texts(...roles))].map((RoleArn) => ({
    action: 'iam:PassRole',
    params: { RoleArn, PassedToService: service },
    dependent: true,
  }));
}

function passedByName(PassedToService: string, role: unknown): readonly Asked[] {
  return texts(role).map((RoleName) => ({
    action: 'iam:PassRole',
    params: { RoleName, PassedToService },
    dependent: true,
  }));
}

function roleOf(target: unknown): unknown {
  return objects(target)[0]?.RoleArn;
}

function ofTables(action: string, requestItems: unknown): readonly Asked[] {
  return Object.keys(Object(requestItems)).map((TableName) => ({ action, params: { TableName } }));
}

const IN_TRANSACTION: Readonly<Record<string, string>> = {
  ConditionCheck: 'dynamodb:ConditionCheckItem',
  Delete: 'dynamodb:DeleteItem',
  Get: 'dynamodb:GetItem',
  Put: 'dynamodb:PutItem',
  Update: 'dynamodb:UpdateItem',
};

function ofTransaction(items: unknown, EnclosingOperation: string): readonly Asked[] {
  const asked = objects(items).flatMap((item) =>
    Object.entries(item).map(([kind, one]) => ({ kind, TableName: objects(one)[0]?.TableName })),
  );
  return distinct(asked, ['kind', 'TableName']).map(({ kind, TableName }) => ({
    action: IN_TRANSACTION[String(kind)] ?? `dynamodb:${kind}`,
    params: { TableName, EnclosingOperation },
  }));
}

/** `/bucket/key` of what is copied. */
function copied({ CopySource }: Params): Params {
  const [, Bucket, Key] = /^\/?([^/]+)\/(.+?)(?:\?.*)?$/.exec(decodeURIComponent(String(CopySource))) ?? [];
  return { Bucket, Key };
}

/** Those that differ in one of these parameters, with nothing but these. */
function distinct(all: readonly Params[], names: readonly string[]): readonly Params[] {
  const kept = new Map<string, Params>();
  for (const one of all) {
    const params = Object.fromEntries(names.map((name) => [name, one[name]]));
    kept.set(JSON.stringify(params), params);
  }
  return [...kept.values()];
}
