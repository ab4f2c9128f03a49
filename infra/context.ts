import { RegionInfo } from 'aws-cdk-lib/region-info';
import { z } from 'zod';
import { RolePolicyQuotas } from '../shared/deployment/config.ts';
import { AccountId } from '../shared/domain/account.ts';
import { OrganizationalUnit } from '../shared/domain/rules-text.ts';
import { Notify, toldTwice } from './notify.ts';

/** The region of AWS Organizations in each partition. */
const ORGANIZATIONS_REGION = {
  aws: 'us-east-1',
  'aws-cn': 'cn-northwest-1',
  'aws-us-gov': 'us-gov-west-1',
} as const;
type Partition = keyof typeof ORGANIZATIONS_REGION;

/** The days that CloudWatch Logs accepts as a retention. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 3653,
];

const Region = z.string().refine((name) => partitionOf(name) !== undefined, 'must be an AWS region');
const RoleName = z.string().regex(/^[\w+=,.@-]{1,64}$/, 'a role name has 1 to 64 of A-Z a-z 0-9 _+=,.@-');
const Schedule = z.string().regex(/^(rate|cron)\(.+\)$/, 'write rate(…) or cron(…)');
const ExternalId = z
  .string()
  .regex(/^[\w+=,.@:/-]{2,1224}$/, 'an ExternalId has 2 to 1,224 of A-Z a-z 0-9 _+=,.@:/-');
/** Wildcards are allowed in the name of an operator, not in its account. */
const PrincipalArn = z
  .string()
  .regex(/^arn:aws(-cn|-us-gov)?:iam::\d{12}:(role|user)\/[\w+=,.@/*?-]*[\w+=,.@-][\w+=,.@/*?-]*$/, {
    error: 'the ARN of a role or user, such as arn:aws:iam::111122223333:role/Admin',
  });

const DeploymentContext = z.object({
  mainAccountId: AccountId.describe('the account that Orgkeeper runs in'),
  managementAccountId: AccountId.describe("the organization's management account"),
  organizationId: z
    .string()
    .regex(/^o-[a-z0-9]{10,32}$/, 'an organization id looks like o-a1b2c3d4e5')
    .describe('the organization whose accounts are managed'),
  region: Region.describe('the region that Orgkeeper runs in'),
  controlTowerRegion: Region.optional().describe("Control Tower's home region, where it is used"),
  organizationExternalId: ExternalId.optional(),
  accessRoleNames: list(RoleName)
    .pipe(z.array(z.string()).min(1))
    .prefault(['OrganizationAccountAccessRole', 'AWSControlTowerExecution']),
  executionRolePattern: z
    .string()
    .regex(/^[\w+=,.@-]{4,}\*?$/, 'a role name, or at least four characters of one followed by *')
    .prefault('orgkeeper-execution*'),
  rolePolicyQuotas: json(RolePolicyQuotas).prefault({}),
  defaultBaseline: z.string().min(1).prefault('analytics'),
  onboard: json(
    z.strictObject({
      since: z.iso.datetime({ offset: true, error: 'a time such as 2026-11-01T00:00:00Z' }).optional(),
      organizationalUnits: list(OrganizationalUnit).optional(),
    }),
  ).prefault({}),
  // One statement of the bus policy names them all, and that policy is limited to 10,240 characters.
  requesters: list(AccountId).pipe(z.array(z.string()).max(100)).prefault([]),
  operators: list(PrincipalArn).pipe(z.array(z.string()).max(15)).prefault([]),
  nightlySchedule: Schedule.prefault('cron(0 2 * * ? *)'),
  dueSchedule: Schedule.prefault('rate(1 minute)'),
  listSchedule: Schedule.prefault('rate(1 hour)'),
  reviewSchedule: Schedule.prefault('cron(0 3 1 * ? *)'),
  timeZone: z.string().min(1).prefault('UTC'),
  alarmEmail: z.email('an email address').optional(),
  notify: json(Notify).prefault([]),
  archiveDays: z.coerce.number().int().min(0).max(3650).prefault(30),
  logRetentionDays: z.coerce
    .number()
    .refine((days) => RETENTION_DAYS.includes(days), `one of ${RETENTION_DAYS.join(', ')}`)
    .prefault(90),
  // STS accepts 600 calls a second, one for each run; an invocation of ten makes some eight of them a second.
  maximumConcurrency: z.coerce.number().int().min(2).max(200).prefault(50),
});

/** The complete context of a deployment, with defaults. */
export type DeploymentContext = z.infer<typeof DeploymentContext> & {
  partition: Partition;
  organizationsRegion: string;
  organizationExternalId: string;
};

/**
 * The validated CDK context of a deployment. Values are JSON (`cdk.json`) or text (`-c name=value`: lists with commas, objects as
 * JSON). Ignores keys of other tools.
 * @throws one error that lists everything that is missing, wrong or misspelt, and how to set it
 */
export function readContext(raw: Record<string, unknown>): DeploymentContext {
  const parsed = DeploymentContext.safeParse(raw);
  const problems = [...misspelled(raw)];
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(problem(issue, raw));
  }
  if (parsed.success && problems.length === 0) {
    const context = parsed.data;
    const partition = partitionOf(context.region) ?? 'aws';
    problems.push(...otherPartition(context, partition), ...tooLong(context), ...toldTwice(context.notify));
    if (problems.length === 0) {
      return {
        ...context,
        partition,
        organizationsRegion: ORGANIZATIONS_REGION[partition],
        organizationExternalId: context.organizationExternalId ?? `orgkeeper-${context.organizationId}`,
      };
    }
  }
  throw new Error(
    [
      'The CDK context does not describe a deployment of Orgkeeper:',
      ...problems.map((text) => `  - ${text}`),
      'Set each in cdk.json under "context", or on the command line: -c mainAccountId=111122223333.',
      'docs/operations.md lists them all.',
    ].join('\n'),
  );
}

function problem(issue: z.core.$ZodIssue, raw: Record<string, unknown>): string {
  const [name = ''] = issue.path.map(String);
  const where = issue.path.map(String).join('.');
  const purpose = (DeploymentContext.shape as Record<string, z.ZodType>)[name]?.description;
  if (raw[name] === undefined) return `${where} is missing${purpose ? `: ${purpose}` : ''}`;
  return `${where}: ${issue.message}`;
}

/** Operators and Control Tower must be in the partition of `region`. */
function otherPartition(context: z.infer<typeof DeploymentContext>, partition: Partition): string[] {
  const problems = context.operators
    .filter((arn) => !arn.startsWith(`arn:${partition}:`))
    .map((arn) => `operators: ${arn} is not in the partition ${partition} of region ${context.region}`);
  if (context.controlTowerRegion && partitionOf(context.controlTowerRegion) !== partition) {
    problems.push(`controlTowerRegion: ${context.controlTowerRegion} is not in the partition ${partition}`);
  }
  return problems;
}

/** The configuration must fit into the 4 KB of a function's environment; this is left for values without a fixed length. */
const CONFIG_CHARACTERS = 2_400;

function tooLong(context: z.infer<typeof DeploymentContext>): string[] {
  const { requesters, accessRoleNames, onboard, organizationExternalId = '' } = context;
  const told = [requesters, accessRoleNames, onboard, organizationExternalId];
  const characters = Buffer.byteLength(JSON.stringify(told));
  if (characters <= CONFIG_CHARACTERS) return [];
  const what = 'requesters, accessRoleNames, onboard.organizationalUnits and organizationExternalId';
  return [
    `${what} have ${characters} characters together, but only ${CONFIG_CHARACTERS} fit into the environment of a function`,
  ];
}

/** Problems for keys that differ from one of ours only by case or by one or two letters. */
function misspelled(raw: Record<string, unknown>): string[] {
  const known = Object.keys(DeploymentContext.shape);
  return Object.keys(raw)
    .filter((key) => !known.includes(key))
    .flatMap((key) => {
      const meant = known.find((name) => distance(name.toLowerCase(), key.toLowerCase()) <= 2);
      return meant ? [`${key} is not known: did you mean ${meant}?`] : [];
    });
}

function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function partitionOf(region: string): Partition | undefined {
  const { partition } = RegionInfo.get(region);
  return partition && partition in ORGANIZATIONS_REGION ? (partition as Partition) : undefined;
}

/** Values of `-c` are text: a list has commas, or is JSON. */
function list<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    const parsed = fromJson(value);
    return Array.isArray(parsed)
      ? parsed
      : value
          .split(',')
          .map((part) => part.trim())
          .filter(Boolean);
  }, z.array(item));
}

function json<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (typeof value === 'string' ? (fromJson(value) ?? value) : value), schema);
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
