import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { getDocument, putDocument, type ReviewBucket } from '../aws/review-bucket.ts';
import type { Cause } from '../domain/cause.ts';
import { UnreadableItem } from '../domain/errors.ts';
import { check } from '../domain/plain-words.ts';
import { zodProblems } from '../domain/requests.ts';
import { type Acceptance, countFindings, Review, type ReviewCounts } from '../domain/review.ts';
import { reader } from './item.ts';
import { putItem, queryPages } from './table.ts';

/** What the table knows of a review; its findings are in the bucket. */
export interface ReviewEntry {
  /** The request that the review answers. */
  readonly causeId: string;
  readonly reviewedAt: string;
  /** Key of the object with the findings. */
  readonly object: string;
  readonly counts: ReviewCounts;
  /** The reason, if the account could not be reviewed. */
  readonly failed?: string | undefined;
}

const readEntry = reader<ReviewEntry>({
  causeId: z.string(),
  reviewedAt: z.string(),
  object: z.string(),
  counts: z.object({ findings: z.int(), unintended: z.int(), flagged: z.int() }),
  failed: z.string().optional(),
});
const readAcceptance = reader<Acceptance>({
  finding: z.string(),
  until: z.string(),
  because: z.string(),
  acceptedAt: z.string(),
});

const reviewsOf = (accountId: string) => `reviews#${accountId}`;
const acceptancesOf = (accountId: string) => `acceptances#${accountId}`;

/** The request that a review answers. */
type Request = { readonly cause: Cause; readonly requestedAt: string };
/** Sorts the reviews of an account by their requests. */
const nameOf = ({ requestedAt, cause }: Request) => `${requestedAt}#${cause.id}`;

/**
 * Keeps a review: first its object, then its item, each under the request that it answers, so that the same request again replaces
 * what it made before.
 */
export async function keepReview(
  table: Table,
  bucket: ReviewBucket,
  review: Review,
  request: Request,
): Promise<void> {
  const { accountId, reviewedAt, failure } = review;
  const name = nameOf(request);
  const object = `${accountId}/${name.replace('#', '-')}.json`;
  await putDocument(bucket, object, review);
  await putItem(table, {
    pk: reviewsOf(accountId),
    sk: name,
    causeId: request.cause.id,
    reviewedAt,
    object,
    counts: countFindings(review),
    ...(failure && { failed: failure.reason }),
  });
}

/**
 * The reviews of an account, latest request first.
 * @param before only those of earlier requests than this one
 */
export async function reviewEntries(
  table: Table,
  accountId: string,
  before?: Request,
): Promise<ReviewEntry[]> {
  const entries: ReviewEntry[] = [];
  const pages = queryPages(table, {
    KeyConditionExpression: before ? 'pk = :pk AND sk < :before' : 'pk = :pk',
    ExpressionAttributeValues: { ':pk': reviewsOf(accountId), ...(before && { ':before': nameOf(before) }) },
    ScanIndexForward: false,
    ConsistentRead: true,
  });
  for await (const page of pages) entries.push(...page.map((item) => readEntry(item)));
  return entries;
}

/** The whole review. @throws UnreadableItem if the object is none that this version can read */
export async function getReview(bucket: ReviewBucket, { object }: ReviewEntry): Promise<Review> {
  const parsed = check(Review, await getDocument(bucket, object));
  if (parsed.success) return parsed.data;
  throw new UnreadableItem({ pk: `s3://${bucket.name}`, sk: object }, zodProblems(parsed.error, ''));
}

/** What people have accepted in an account, whether it still counts or not. */
export async function acceptancesIn(table: Table, accountId: string): Promise<Acceptance[]> {
  const found: Acceptance[] = [];
  const pages = queryPages(table, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': acceptancesOf(accountId) },
    ConsistentRead: true,
  });
  for await (const page of pages) found.push(...page.map((item) => readAcceptance(item)));
  return found;
}

/** Accepts a finding until a time; replaces an earlier acceptance of it. Idempotent. */
export async function putAcceptance(table: Table, accountId: string, acceptance: Acceptance): Promise<void> {
  await putItem(table, { pk: acceptancesOf(accountId), sk: acceptance.finding, ...acceptance });
}
