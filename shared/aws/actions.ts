import type { MemberService } from './member-services.ts';

/** Commands whose IAM action has another name than the API call, or that need more than one. */
const OTHERWISE = {
  // EMR passes both roles of a cluster on, and makes its cleanup role with the first cluster of an account.
  // https://docs.aws.amazon.com/emr/latest/ManagementGuide/using-service-linked-roles-cleanup.html
  'elasticmapreduce:RunJobFlow': [
    'elasticmapreduce:RunJobFlow',
    'iam:CreateServiceLinkedRole',
    'iam:PassRole',
  ],
  // https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html
  'iam:AddRoleToInstanceProfile': ['iam:AddRoleToInstanceProfile', 'iam:PassRole'],
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
  'iam:CreateInstanceProfile': ['iam:CreateInstanceProfile', 'iam:TagInstanceProfile'],
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
  's3:ListBuckets': ['s3:ListAllMyBuckets'],
  's3control:GetPublicAccessBlock': ['s3:GetAccountPublicAccessBlock'],
  's3control:PutPublicAccessBlock': ['s3:PutAccountPublicAccessBlock'],
  's3control:DeletePublicAccessBlock': ['s3:PutAccountPublicAccessBlock'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Services whose IAM actions are named like their commands, except those above. */
type Plain = Exclude<MemberService, 's3control'>;

/** An API call of a kind, named as in the SDK: `ec2:DescribeVpcs`. A command without a known IAM action is a type error. */
export type Command = `${Plain}:${string}` | keyof typeof OTHERWISE;

/** The calls about the regions of an account: whether one is enabled, and to enable it. */
export const REGION_COMMANDS = {
  read: 'account:GetRegionOptStatus',
  enable: 'account:EnableRegion',
} as const satisfies Readonly<Record<string, Command>>;

/** All calls that a review of access makes in an account. None of them writes. */
export const REVIEW_COMMANDS = {
  iam: 'iam:GetAccountAuthorizationDetails',
  buckets: 's3:ListBuckets',
  policy: 's3:GetBucketPolicy',
} as const satisfies Readonly<Record<string, Command>>;

/** The call by which a review of one account looks up a role in another. */
export const LOOKUP_COMMAND = 'iam:GetRole' satisfies Command;

/** The IAM actions that permit these commands, each once. Pure. */
export function actionsOf(commands: readonly Command[]): string[] {
  return [...new Set(commands.flatMap((command) => permissionsOf(command)))];
}

function permissionsOf(command: Command): readonly string[] {
  const others: Readonly<Record<string, readonly string[]>> = OTHERWISE;
  return others[command] ?? [command];
}

/** The service that a command is sent to. Pure. */
export function serviceOf(command: Command): MemberService {
  return command.slice(0, command.indexOf(':')) as MemberService;
}
