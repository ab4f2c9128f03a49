import {
  type AttachedPermissionsBoundary,
  type AttachedPolicy,
  GetAccountAuthorizationDetailsCommand,
  type GetAccountAuthorizationDetailsResponse,
  type PolicyDetail,
} from '@aws-sdk/client-iam';
import { type Bucket, GetBucketPolicyCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { actionsOf, type Command, REVIEW_COMMANDS } from '../../shared/aws/actions.ts';
import { isGone } from '../../shared/aws/gone.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { pagesOf } from '../../shared/aws/pages.ts';
import { AccessDenied } from '../../shared/domain/errors.ts';
import type { Unread } from '../../shared/domain/review.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';
import type { AccountAccess, PrincipalAccess, RoleAccess } from './account-access.ts';

/** The session policy of a review: its reads, and nothing else. */
export const READ_ONLY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actionsOf(Object.values(REVIEW_COMMANDS)), Resource: '*' }],
});

/** What an account gives, as far as it could be read. */
export interface AccountRead {
  readonly access: AccountAccess;
  /** Documents of managed policies by ARN. */
  readonly managed: ReadonlyMap<string, PolicyInput>;
  readonly unread: readonly Unread[];
}

/** The account to read, and clients for each of its regions. */
export interface Reading {
  readonly accountId: string;
  readonly partition: string;
  readonly region: string;
  readonly clients: (region: string) => MemberClients;
}

/**
 * Reads the IAM of an account and the policies of its buckets, in pages. A bucket that does not let its policy be read is named, and
 * the others are read.
 * @throws AccessDenied with reason `ReviewNotPermitted` and the missing actions, if the session may not list what there is
 */
export async function readAccount(reading: Reading): Promise<AccountRead> {
  const { accountId, partition, region } = reading;
  const clients = reading.clients(region);
  const [details, buckets] = await Promise.all([
    orDenial(REVIEW_COMMANDS.iam, () => iamDetails(clients)),
    orDenial(REVIEW_COMMANDS.buckets, () => allBuckets(clients)),
  ]);
  const denied = [details, buckets].flatMap((each) => (each instanceof Denied ? [each] : []));
  if (denied.length > 0) throw notPermitted(denied);
  const policies = await bucketPolicies(values(buckets), reading);
  const iam = iamAccess(values(details));
  return {
    access: { accountId, partition, ...iam.access, buckets: policies.buckets },
    managed: iam.managed,
    unread: [...iam.unread, ...policies.unread],
  };
}

/** A denial, and of which command. */
class Denied {
  readonly command: Command;
  readonly cause: AccessDenied;
  constructor(command: Command, cause: AccessDenied) {
    this.command = command;
    this.cause = cause;
  }
}

async function orDenial<T>(command: Command, read: () => Promise<T[]>): Promise<T[] | Denied> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AccessDenied) return new Denied(command, error);
    throw error;
  }
}

function values<T>(read: T[] | Denied): T[] {
  return read instanceof Denied ? [] : read;
}

function notPermitted(denied: readonly Denied[]): AccessDenied {
  const actions = actionsOf(denied.map(({ command }) => command)).join(', ');
  return new AccessDenied(`The role by which the account is entered does not allow ${actions}.`, {
    reason: 'ReviewNotPermitted',
    remedy: `Allow ${actions} in its policies; the template of \`orgkeeper template member\` does.`,
    cause: denied[0]?.cause,
  });
}

async function iamDetails({ iam }: MemberClients): Promise<GetAccountAuthorizationDetailsResponse[]> {
  const pages = pagesOf(
    (Marker) =>
      iam.send(new GetAccountAuthorizationDetailsCommand({ MaxItems: 1_000, ...(Marker && { Marker }) })),
    ({ IsTruncated, Marker }) => (IsTruncated ? Marker : undefined),
  );
  return collected(pages);
}

async function allBuckets({ s3 }: MemberClients): Promise<Bucket[]> {
  // With a page size, S3 also says the region of each bucket.
  const pages = pagesOf(
    (ContinuationToken) =>
      s3.send(new ListBucketsCommand({ MaxBuckets: 1_000, ...(ContinuationToken && { ContinuationToken }) })),
    ({ ContinuationToken }) => ContinuationToken,
  );
  return (await collected(pages)).flatMap(({ Buckets = [] }) => Buckets);
}

async function collected<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

/** Buckets whose policies are read at once. */
const AT_ONCE = 10;

async function bucketPolicies(buckets: readonly Bucket[], { clients, region, partition }: Reading) {
  const found: AccountAccess['buckets'][number][] = [];
  const unread: Unread[] = [];
  const read = async ({ Name: name = '', BucketRegion = region }: Bucket) => {
    try {
      const { Policy } = await clients(BucketRegion).s3.send(new GetBucketPolicyCommand({ Bucket: name }));
      if (Policy) found.push({ name, policy: Policy });
    } catch (error) {
      if (isGone('bucket policy', error) || isGone('bucket', error)) return;
      if (!(error instanceof AccessDenied)) throw error;
      unread.push({ subject: `arn:${partition}:s3:::${name}`, why: error.message });
    }
  };
  for (let start = 0; start < buckets.length; start += AT_ONCE) {
    await Promise.all(buckets.slice(start, start + AT_ONCE).map(read));
  }
  return { buckets: found, unread };
}

interface Attached {
  readonly Arn?: string | undefined;
  readonly inline?: readonly PolicyDetail[] | undefined;
  readonly attached?: readonly AttachedPolicy[] | undefined;
  readonly boundary?: AttachedPermissionsBoundary | undefined;
}

/** The roles, users and groups of all pages, with the documents of their policies. A policy that no page has is named. Pure. */
function iamAccess(pages: readonly GetAccountAuthorizationDetailsResponse[]) {
  const unread: Unread[] = [];
  const managed = new Map<string, string>(
    pages.flatMap(({ Policies = [] }) =>
      Policies.flatMap(({ Arn = '', PolicyVersionList = [] }) => {
        const document = PolicyVersionList.find(({ IsDefaultVersion }) => IsDefaultVersion)?.Document;
        return document ? [[Arn, document] as const] : [];
      }),
    ),
  );
  const documentOf = (subject: string, arn: string): string[] => {
    const document = managed.get(arn);
    if (document !== undefined) return [document];
    unread.push({ subject, why: `IAM does not show the policy ${arn}.` });
    return [];
  };
  const documentsOf = ({ Arn = '', inline = [], attached = [] }: Attached) => [
    ...inline.flatMap(({ PolicyDocument }) => PolicyDocument ?? []),
    ...attached.flatMap(({ PolicyArn = '' }) => documentOf(Arn, PolicyArn)),
  ];
  const principal = (one: Attached): PrincipalAccess => {
    const { Arn = '', boundary } = one;
    const [limit] = boundary?.PermissionsBoundaryArn ? documentOf(Arn, boundary.PermissionsBoundaryArn) : [];
    return { arn: Arn, policies: documentsOf(one), ...(limit && { boundary: limit }) };
  };
  const groups = pages
    .flatMap(({ GroupDetailList = [] }) => GroupDetailList)
    .map(({ Arn, GroupPolicyList, AttachedManagedPolicies }) =>
      principal({ Arn, inline: GroupPolicyList, attached: AttachedManagedPolicies }),
    );
  const users = pages
    .flatMap(({ UserDetailList = [] }) => UserDetailList)
    .map(({ Arn, UserPolicyList, AttachedManagedPolicies, PermissionsBoundary }) =>
      principal({
        Arn,
        inline: UserPolicyList,
        attached: AttachedManagedPolicies,
        boundary: PermissionsBoundary,
      }),
    );
  const roles = pages
    .flatMap(({ RoleDetailList = [] }) => RoleDetailList)
    .map((role): RoleAccess => {
      const { Arn, RolePolicyList, AttachedManagedPolicies, PermissionsBoundary } = role;
      return {
        ...principal({
          Arn,
          inline: RolePolicyList,
          attached: AttachedManagedPolicies,
          boundary: PermissionsBoundary,
        }),
        trust: role.AssumeRolePolicyDocument ?? '{}',
        createdAt: role.CreateDate?.toISOString(),
        lastUsedAt: role.RoleLastUsed?.LastUsedDate?.toISOString(),
      };
    });
  return { access: { roles, users, groups }, managed, unread };
}
