import { z } from 'zod';
import { AccountId } from './account.ts';
import { parseBaselineReference } from './baseline.ts';
import { claims } from './cause.ts';
import { ClusterName, InstanceType, minutesOf, Span } from './clusters.ts';
import type { Problem } from './errors.ts';
import { ExceptionEnd, ExceptionPath } from './exceptions.ts';
import { check, type Issues } from './plain-words.ts';
import { Region, Regions } from './region.ts';

const text = (max: number) => z.string().min(1).max(max);
const Values = z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/), z.string().max(1024));
const Tags = z.record(text(128), z.string().max(256));
const Baseline = z
  .string()
  .refine((value) => parseBaselineReference(value) !== undefined, 'a baseline is `name` or `name@version`');
/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const ExternalId = z
  .string()
  .regex(/^[A-Za-z0-9_+=,.@:/-]{2,1224}$/, 'an ExternalId is 2 to 1,224 characters of A-Z a-z 0-9 _+=,.@:/-');
const RoleArn = z
  .string()
  .max(640)
  .regex(
    /^arn:(aws|aws-cn|aws-us-gov):iam::\d{12}:role\/((?!\.{1,2}\/)[\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/,
    'must be the ARN of an IAM role',
  );
const RoleName = z.string().regex(/^[\w+=,.@-]{1,64}$/, 'must be the name of an IAM role');

const AccountRegistrationRequested = z
  .strictObject({
    ...claims,
    accountId: AccountId,
    name: text(128),
    email: z.email().max(254).optional(),
    baseline: Baseline.optional(),
    mode: z.enum(['enforce', 'observe']).optional(),
    executionRoleArn: RoleArn.optional(),
    externalId: ExternalId.optional(),
    accessRoleName: RoleName.optional(),
    network: z
      .strictObject({
        vpcId: z.string().regex(/^vpc-[0-9a-f]{8,17}$/, 'must be a VPC id'),
        subnetIds: z
          .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'must be a subnet id'))
          .min(1)
          .max(16),
      })
      .optional(),
    regions: Regions.optional(),
    values: Values.optional(),
    tags: Tags.optional(),
  })
  .refine(
    ({ executionRoleArn, accountId }) => !executionRoleArn || executionRoleArn.split(':')[4] === accountId,
    {
      path: ['executionRoleArn'],
      message: 'the execution role must be in the account that is registered',
    },
  );

/** What AWS Organizations allows in a tag. https://docs.aws.amazon.com/organizations/latest/APIReference/API_Tag.html */
const TagText = /^[\p{L}\p{Z}\p{N}_.:/=+@-]*$/u;
const ORGANIZATION_TAGS = 'letters, digits, spaces and _.:/=+-@, and no key begins with aws: or orgkeeper:';

/** The limits of CreateAccount. https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html */
const AccountCreationRequested = z.strictObject({
  ...claims,
  name: z.string().regex(/^[\x20-\x7e]{1,50}$/, 'an account name is 1 to 50 characters of ASCII'),
  email: z.email().min(6).max(64),
  requestId: z
    .string()
    .regex(/^[\w.:/+@-]{1,128}$/, 'a request id is 1 to 128 characters of A-Z a-z 0-9 _.:/+@-')
    .optional(),
  organizationalUnitId: z
    .string()
    .regex(/^ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}$/, 'must be an id such as ou-abcd-12345678')
    .optional(),
  baseline: Baseline.optional(),
  mode: z.enum(['enforce', 'observe']).optional(),
  values: Values.optional(),
  tags: Tags.refine((tags) => Object.keys(tags).length < 50, 'must have at most 49 tags')
    .refine(
      (tags) =>
        Object.entries(tags).every(
          ([key, value]) => TagText.test(key + value) && !/^(aws|orgkeeper):/i.test(key),
        ),
      ORGANIZATION_TAGS,
    )
    .optional(),
});

const DriftSweepRequested = z
  .strictObject({
    ...claims,
    accountIds: z.array(AccountId).min(1).max(10_000).optional(),
    baseline: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be the name of a baseline')
      .optional(),
  })
  .refine(({ accountIds, baseline }) => !(accountIds && baseline), {
    path: ['baseline'],
    message: 'name accounts or a baseline, not both',
  });

const AccountRetirementRequested = z
  .strictObject({
    ...claims,
    accountId: AccountId,
    resources: z.enum(['retain', 'remove']),
    /** Only what stands in these regions, which the account is no longer managed in; the account stays managed. */
    regions: Regions.optional(),
  })
  .refine(({ regions, resources }) => !regions || resources === 'remove', {
    path: ['regions'],
    message: 'go with resources remove: in a region that the account no longer names nothing is kept anyway',
  });

/** How long a role may be unused before a review flags it, unless the request says otherwise. */
export const UNUSED_DAYS = 90;

const AccessReviewRequested = z.strictObject({
  ...claims,
  accountIds: z.array(AccountId).min(1).max(10_000).optional(),
  /** AWS tracks the use of roles for 400 days. */
  unusedDays: z.int().min(1).max(400).optional(),
});

/** The limit for the text of a baseline is that of shared/domain/yaml.ts. */
const PlanRequested = z.strictObject({
  ...claims,
  accountId: AccountId,
  /** The text of a baseline to plan for, instead of the assigned one. */
  document: text(100_000).optional(),
});

/** EMR ends an idle cluster after a minute to seven days. */
const MOST_IDLE_MINUTES = 7 * 24 * 60;

const ClusterRequested = z.strictObject({
  ...claims,
  accountId: AccountId,
  name: ClusterName,
  instanceType: InstanceType,
  /** Instances, the primary node included. */
  count: z.int().min(1).max(100),
  release: z.string().regex(/^emr-\d+\.\d+\.\d+$/, 'must be a release label such as emr-7.5.0'),
  ttl: Span,
  idle: Span.refine((span) => minutesOf(span) <= MOST_IDLE_MINUTES, 'must be at most 168h').optional(),
  region: Region.optional(),
  /** For the cost tag; the sending account if absent. */
  requester: z
    .string()
    .regex(/^[\p{L}\p{N}_.:/=+@-]{1,128}$/u, 'must be 1 to 128 letters, digits and _.:/=+@-')
    .optional(),
});

const ClusterReleaseRequested = z.strictObject({ ...claims, accountId: AccountId, name: ClusterName });

const ExceptionRequested = z.strictObject({
  ...claims,
  accountId: AccountId,
  path: ExceptionPath,
  until: ExceptionEnd,
  /** An exception says why, whoever requests it. */
  because: z.string().trim().min(1).max(256),
  /** It may also cover what would let somebody in. */
  iKnow: z.literal(true, 'must be true, or left out').exactOptional(),
});

const ExceptionEndRequested = z.strictObject({ ...claims, accountId: AccountId, path: ExceptionPath });

/**
 * Requests that only Main may send: other accounts could not read the answer of a plan or a review, and must neither retire accounts nor
 * keep what is wrong in them from being corrected.
 */
export const OF_MAIN_ALONE: ReadonlySet<string> = new Set([
  'AccessReviewRequested',
  'AccountRetirementRequested',
  'ExceptionEndRequested',
  'ExceptionRequested',
  'PlanRequested',
]);

/**
 * The requests of people and pipelines (`source: orgkeeper.request`), by detail-type. Strict: an unknown key is a problem, since a
 * misspelt option would otherwise be ignored silently.
 */
export const requests = {
  AccountRegistrationRequested,
  AccountCreationRequested,
  DriftSweepRequested,
  AccountRetirementRequested,
  PlanRequested,
  ClusterRequested,
  ClusterReleaseRequested,
  AccessReviewRequested,
  ExceptionRequested,
  ExceptionEndRequested,
};

/** The names of all fields of all requests. */
export const REQUEST_FIELDS: ReadonlySet<string> = new Set(
  Object.values(requests).flatMap(({ shape }) => Object.keys(shape)),
);

/** An item of the table holds 400 KB; EventBridge would accept 1 MB. */
const MAX_BYTES = 256 * 1024;

/** The detail-type of a request. */
export type RequestType = keyof typeof requests;
/** The detail of a request without who makes it, and why: that is part of the cause. */
export type RequestContent<T extends RequestType> = Omit<z.infer<(typeof requests)[T]>, keyof typeof claims>;
/** A valid request, with its content. */
export type ValidRequest = {
  [T in RequestType]: { type: T; detail: RequestContent<T> };
}[RequestType];
/** Content of `AccountRegistrationRequested`. */
export type RegistrationRequest = RequestContent<'AccountRegistrationRequested'>;
/** Content of `AccountCreationRequested`. */
export type CreationRequest = RequestContent<'AccountCreationRequested'>;
/** Content of `DriftSweepRequested`. */
export type SweepRequest = RequestContent<'DriftSweepRequested'>;
/** Content of `AccountRetirementRequested`. */
export type RetirementRequest = RequestContent<'AccountRetirementRequested'>;
/** Content of `AccessReviewRequested`. */
export type ReviewRequest = RequestContent<'AccessReviewRequested'>;
/** Content of `PlanRequested`. */
export type PlanRequest = RequestContent<'PlanRequested'>;
/** Content of `ClusterRequested`. */
export type ClusterRequest = RequestContent<'ClusterRequested'>;
/** Content of `ClusterReleaseRequested`. */
export type ClusterReleaseRequest = RequestContent<'ClusterReleaseRequested'>;
/** Content of `ExceptionRequested`; the reason is part of the cause. */
export type ExceptionRequest = RequestContent<'ExceptionRequested'>;
/** Content of `ExceptionEndRequested`. */
export type ExceptionEndRequest = RequestContent<'ExceptionEndRequested'>;

/**
 * Parses a request by its detail-type, or lists every problem, by path. `claimsOf` has who makes it, and why: the content is the same
 * whoever asks.
 */
export function parseRequest(
  detailType: string,
  detail: unknown,
): { request: ValidRequest } | { problems: Problem[] } {
  if (!Object.hasOwn(requests, detailType)) {
    const known = Object.keys(requests).join(', ');
    return { problems: [{ path: 'detail-type', message: `is unknown; must be one of ${known}` }] };
  }
  const type = detailType as RequestType;
  const parsed = check(requests[type], detail);
  if (!parsed.success) return { problems: zodProblems(parsed.error) };
  const bytes = Buffer.byteLength(JSON.stringify(parsed.data));
  const { requestedBy, reason, ...content } = parsed.data;
  if (bytes <= MAX_BYTES) return { request: { type, detail: content } as ValidRequest };
  const message = `has ${Math.ceil(bytes / 1024)} KB, but a request may have at most ${MAX_BYTES / 1024} KB`;
  return { problems: [{ path: 'detail', message }] };
}

/** zod's issues as problems, with paths like `detail.network.subnetIds[0]`. */
export function zodProblems(error: Issues, root = 'detail'): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = formatPath(root, issue.path);
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: formatPath(path, [key]), message: 'unknown key' }));
  });
}

/** A path as people read it: `root.a.b[0]`. */
export function formatPath(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((left, part) => {
    if (typeof part === 'number') return `${left}[${part}]`;
    return left ? `${left}.${String(part)}` : String(part);
  }, root);
}
