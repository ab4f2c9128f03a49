import { z } from 'zod';
import { AccountId } from './account.ts';

/** A review of the access that the IAM and the bucket policies of one account give, and how two reviews compare. */

/** What a finding is about. */
export const FindingKind = z.enum([
  /** A principal may assume a role of the account. */
  'RoleTrust',
  /** A bucket's policy lets in a principal of another account. */
  'BucketAccess',
  /** A user, group or role of the account may assume a role of another account. */
  'AssumesElsewhere',
  /** A user, group or role of the account may do everything in it, or may give itself that permission. */
  'Administrator',
]);
export type FindingKind = z.infer<typeof FindingKind>;

/** Whom a finding lets in, or whose role it lets assume. */
export const Party = z.enum(['account', 'organization', 'outside', 'anyone', 'service', 'federated', 'gone']);
export type Party = z.infer<typeof Party>;

/** What makes a finding worth a look, intended or not. */
export const Flag = z.enum([
  /** The other account is not in the organization, or nobody can tell. */
  'OutsideOrganization',
  /** Anyone, or any role: no condition limits it to accounts or to the organization. */
  'Wildcard',
  /** A third party may assume the role without an ExternalId. */
  'NoExternalId',
  /** The role, user or group is an administrator, by meaning. */
  'Administrator',
  /** The role was not used for the days that the review asks for. */
  'Unused',
  /** The principal that is named no longer exists. */
  'PrincipalGone',
]);
export type Flag = z.infer<typeof Flag>;

const Conditions = z.record(z.string(), z.record(z.string(), z.array(z.string())));

/** One way into the account, out of it, or to the top of it. */
export const Finding = z.object({
  /** Stable: a hash of what the finding is, its conditions included. Neither flags nor times change it. */
  id: z.string().regex(/^[0-9a-f]{12}$/),
  kind: FindingKind,
  /** ARN of the role, user, group or bucket of the account. */
  subject: z.string(),
  /** The principal that is let in (`AWS arn:…`, `Service …`), or the ARN of the role that may be assumed, with its wildcards. */
  other: z.string().optional(),
  /** The other account, where one is named. */
  otherAccount: z.string().optional(),
  party: Party.optional(),
  /** What a bucket's policy allows. */
  actions: z.array(z.string()).optional(),
  /** The conditions of the statement. */
  conditions: Conditions.optional(),
  /** Whether an ExternalId is required; of role trusts. */
  externalId: z.boolean().optional(),
  /** Whether multi-factor authentication is required; of role trusts. */
  mfa: z.boolean().optional(),
  /** When the role was last used, as far as AWS tracks it (400 days); absent if never, and for anything that is no role. */
  lastUsedAt: z.string().optional(),
  flags: z.array(Flag),
});
export type Finding = z.infer<typeof Finding>;

/** Why a finding is intended. */
const Intended = z.discriminatedUnion('by', [
  /** The account's baseline says so, or Orgkeeper's own configuration: the access role. */
  z.object({ by: z.literal('baseline') }),
  /** AWS made the role for one of its services, and nobody can change who assumes it. */
  z.object({ by: z.literal('aws') }),
  /** A person accepted it for a time. */
  z.object({ by: z.literal('acceptance'), until: z.string(), because: z.string() }),
]);

/** A finding, and whether it is intended. */
const ReviewedFinding = Finding.extend({ intended: Intended.optional() });
export type ReviewedFinding = z.infer<typeof ReviewedFinding>;

/** A policy that could not be read, so that what it gives is not known. */
const Unread = z.object({ subject: z.string(), why: z.string() });
export type Unread = z.infer<typeof Unread>;

/** The result of one review of one account, as it is kept. */
export const Review = z.object({
  schemaVersion: z.literal(1),
  accountId: AccountId,
  accountName: z.string(),
  /** ISO time at which the account was read; it names the review. */
  reviewedAt: z.string(),
  /** Roles that were not used for so many days are flagged. */
  unusedDays: z.int(),
  findings: z.array(ReviewedFinding),
  unread: z.array(Unread),
  /** Why there are no findings: the account cannot be entered, or not read. */
  failure: z.object({ reason: z.string(), message: z.string(), remedy: z.string().optional() }).optional(),
});
export type Review = z.infer<typeof Review>;

/** A person's word that a finding is intended until a day. */
export const Acceptance = z.object({
  finding: z.string(),
  /** ISO time; from then on the finding is unintended again. */
  until: z.string(),
  because: z.string(),
  acceptedAt: z.string(),
});
export type Acceptance = z.infer<typeof Acceptance>;

/** How a review differs from the one before. */
export interface ReviewComparison {
  readonly appeared: readonly ReviewedFinding[];
  readonly gone: readonly ReviewedFinding[];
  /** In both, but whether it is intended, or its flags, changed: as it is now. */
  readonly changed: readonly ReviewedFinding[];
}

/** Compares two reviews of an account. Without an earlier one, every finding has appeared. Pure. */
export function compareReviews(before: Review | undefined, after: Review): ReviewComparison {
  const earlier = new Map(before?.findings.map((each) => [each.id, each]));
  const later = new Set(after.findings.map(({ id }) => id));
  return {
    appeared: after.findings.filter(({ id }) => !earlier.has(id)),
    gone: [...earlier.values()].filter(({ id }) => !later.has(id)),
    changed: after.findings.filter((each) => {
      const then = earlier.get(each.id);
      return then !== undefined && standing(then) !== standing(each);
    }),
  };
}

function standing({ intended, flags }: ReviewedFinding): string {
  return JSON.stringify([intended !== undefined, [...flags].sort()]);
}

/** The numbers of a review that its announcement and its index carry. */
export interface ReviewCounts {
  readonly findings: number;
  readonly unintended: number;
  /** Unintended, and with a flag. */
  readonly flagged: number;
}

/** Counts the findings of a review. Pure. */
export function countFindings({ findings }: Pick<Review, 'findings'>): ReviewCounts {
  const unintended = findings.filter(({ intended }) => intended === undefined);
  return {
    findings: findings.length,
    unintended: unintended.length,
    flagged: unintended.filter(({ flags }) => flags.length > 0).length,
  };
}
