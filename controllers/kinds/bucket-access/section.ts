import { z } from 'zod';
import type { PathProblem } from '../../../shared/domain/document-problems.ts';
import type { Problem } from '../../../shared/domain/errors.ts';
import { interpolateDeep, type Lookup, unknownIn } from '../../../shared/domain/interpolate.ts';
import { check } from '../../../shared/domain/plain-words.ts';
import { zodProblems } from '../../../shared/domain/requests.ts';
import type { KindAccount } from '../kind.ts';

/** `bucketAccess:` of a baseline, and the statements that an account's buckets are to have. */

/** Path of the section in a baseline. */
const ROOT = 'bucketAccess';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET =
  /^(?!\d+\.\d+\.\d+\.\d+$)(?!xn--|sthree-)(?!.*\.\.)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

const Bucket = z
  .string()
  .refine(
    (name) => name.includes('${') || BUCKET.test(name),
    'a bucket name is 3 to 63 lower-case letters, digits, dots and dashes, and has none of the endings that S3 reserves',
  );

const Role = z
  .string()
  .refine(
    (arn) => arn.includes('${') || /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/.test(arn),
    'a role is written as its whole ARN, without wildcards: arn:aws:iam::111122223333:role/name',
  );

const Action = z.string().regex(/^s3:[A-Z][A-Za-z]*\*?$/, 'an action is one of S3: s3:GetObject');
const Actions = z.array(Action).default([]);

const Grant = z
  .strictObject({
    /** Part of the Sids of its statements. */
    name: z
      .string()
      .regex(/^[A-Z][A-Za-z0-9]{0,63}$/, 'a name is letters and digits, and begins with a capital'),
    bucket: Bucket,
    /** ARNs of roles, of this account or another. */
    roles: z.array(Role).min(1, 'a grant names at least one role'),
    access: z.enum(['read', 'readWrite']).optional(),
    /** In place of `access`: actions on the bucket, and on its objects. */
    allow: z.strictObject({ bucket: Actions, objects: Actions }).optional(),
  })
  .superRefine(({ access, allow }, context) => {
    const given = [access, allow].filter((one) => one !== undefined).length;
    const isEmpty = allow && allow.bucket.length + allow.objects.length === 0;
    if (given === 1 && !isEmpty) return;
    const message = isEmpty ? 'names no action' : 'a grant has exactly one of access and allow';
    context.addIssue({ code: 'custom', path: [isEmpty ? 'allow' : 'access'], message });
  });
type Grant = z.infer<typeof Grant>;

/** `bucketAccess:` of a baseline. */
export const BucketAccessSection = z.array(Grant).superRefine((grants, context) => {
  const seen = new Set<string>();
  for (const [index, { bucket, name }] of grants.entries()) {
    const key = `${bucket} ${name}`;
    if (seen.has(key)) {
      context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is named twice for this bucket' });
    }
    seen.add(key);
  }
});
export type BucketAccessSection = z.infer<typeof BucketAccessSection>;

/** The actions of `access`. */
const SHORTHAND = {
  read: { bucket: ['s3:GetBucketLocation', 's3:ListBucket'], objects: ['s3:GetObject'] },
  readWrite: {
    bucket: ['s3:GetBucketLocation', 's3:ListBucket'],
    objects: ['s3:PutObject', 's3:PutObjectAcl', 's3:GetObject', 's3:DeleteObject'],
  },
} as const;

/** A statement as it is written into a bucket's policy. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Principal: { readonly AWS: readonly string[] };
  readonly Action: readonly string[];
  readonly Resource: string;
}

/** The statements that buckets of the account are to have. */
export interface BucketAccess {
  readonly partition: string;
  readonly grants: readonly WantedGrant[];
}

/** A grant with its `${…}` filled in as far as they are known. */
export interface WantedGrant {
  readonly name: string;
  readonly bucket: string;
  /** False if the name of the bucket has a `${…}` that is not known, or is no name of a bucket. */
  readonly hasBucket: boolean;
  readonly roles: readonly string[];
  readonly statements: readonly Statement[];
  /** Names of `${…}` that are not known yet: the grant is not written before. */
  readonly waitsFor: readonly string[];
  /** Names of imports that no account exports: they stand for no role, and the other roles are granted access. */
  readonly withoutExports: readonly string[];
  /** What AWS would refuse with this account's values: this grant is not written, the others are. */
  readonly problems: readonly Problem[];
}

/** See Kind. What AWS would refuse is a problem of the one grant, with a path like `bucketAccess[2].roles[0]`. */
export function render(section: BucketAccessSection, lookup: Lookup, account: KindAccount): BucketAccess {
  const filled = interpolateDeep(section, lookup);
  const { error } = check(BucketAccessSection, filled);
  const invalid = error ? zodProblems(error, ROOT) : [];
  const grants = filled.map((grant, index): WantedGrant => {
    const path = `${ROOT}[${index}]`;
    const { name, bucket } = grant;
    const written = section[index] ?? grant;
    const missing = [
      ...new Set([written.bucket, ...written.roles].flatMap((text) => unknownIn(text, lookup))),
    ];
    const isExported = (arn: string) => !/^\$\{imports\.[^}]*\}$/.test(arn);
    const roles = grant.roles.filter(isExported);
    return {
      name,
      bucket,
      hasBucket: unknownIn(written.bucket, lookup).length === 0 && BUCKET.test(bucket),
      roles,
      statements: roles.length === 0 ? [] : statementsOf({ ...grant, roles }, account),
      waitsFor: missing.filter((one) => !one.startsWith('imports.')),
      withoutExports: missing.filter((one) => one.startsWith('imports.')),
      problems: [
        ...invalid.filter((one) => one.path === path || one.path.startsWith(`${path}.`)),
        ...grant.roles.flatMap((arn, at) => strange(arn, account, `${path}.roles[${at}]`)),
      ],
    };
  });
  return { partition: account.partition, grants };
}

/** The problem of an ARN of another partition, whose roles no policy can name. */
function strange(arn: string, { partition }: KindAccount, path: string): Problem[] {
  const [, other] = /^arn:(aws[a-z-]*):iam:/.exec(arn) ?? [];
  if (other === undefined || other === partition) return [];
  return [{ path, message: `${arn} is of the partition ${other}, and the bucket of ${partition}` }];
}

function statementsOf(
  { name, bucket, roles, access = 'read', allow }: Grant,
  { partition }: KindAccount,
): Statement[] {
  const { bucket: onBucket, objects } = allow ?? SHORTHAND[access];
  const Principal = { AWS: [...new Set(roles)].sort() };
  const arn = `arn:${partition}:s3:::${bucket}`;
  const statement = (end: string, Action: readonly string[], Resource: string): Statement[] =>
    Action.length === 0
      ? []
      : [{ Sid: `Orgkeeper${name}${end}`, Effect: 'Allow', Principal, Action, Resource }];
  return [...statement('Bucket', onBucket, arn), ...statement('Objects', objects, `${arn}/*`)];
}

/** Whether a Sid is one that a grant could have. Pure. */
export function isLikeOurs(sid: string): boolean {
  return /^Orgkeeper[A-Z][A-Za-z0-9]*(Bucket|Objects)$/.test(sid);
}

/** See Kind. A bucket has one region; one name can name a bucket in each only if the region is a part of it. */
export function bucketsOfOneRegion(section: BucketAccessSection): PathProblem[] {
  return section.flatMap(({ bucket }, index) => {
    if (bucket.includes('${')) return [];
    const message = `${bucket} is a bucket of one region, and the baseline lists several: name one in each with \${region}`;
    return [{ path: [index, 'bucket'], message }];
  });
}
