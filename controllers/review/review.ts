import type { Logger } from '@aws-lambda-powertools/logger';
import type { Access } from '../../shared/aws/access.ts';
import { putEvents } from '../../shared/aws/bus.ts';
import { asError } from '../../shared/aws/function-logger.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import {
  type MemberClients,
  type MemberClientsOptions,
  memberClients,
} from '../../shared/aws/member-clients.ts';
import { comeAgain } from '../../shared/aws/queue.ts';
import { queueHandler, type Received } from '../../shared/aws/queue-handler.ts';
import type { ReviewBucket } from '../../shared/aws/review-bucket.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import {
  AccessDenied,
  ControllerError,
  type FailureName,
  UnreadableItem,
} from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { wasInOrganization } from '../../shared/domain/records.ts';
import {
  compareReviews,
  countFindings,
  type Review,
  type ReviewedFinding,
} from '../../shared/domain/review.ts';
import { maskExternalIds } from '../../shared/domain/secrets.ts';
import type { AccountStatus, Announcement } from '../../shared/domain/status.ts';
import { REVIEW_RECEIVES, ReviewMessage } from '../../shared/domain/work.ts';
import { getRecords, loadAccount } from '../../shared/store/accounts.ts';
import { readExports } from '../../shared/store/exports.ts';
import { acceptancesIn, getReview, keepReview, reviewEntries } from '../../shared/store/reviews.ts';
import { desiredState } from '../engine/desired-state.ts';
import { importsOf, withValues } from '../engine/exports.ts';
import type { LoadBaseline } from '../engine/model.ts';
import type { AnyKind } from '../kinds/kind.ts';
import { regionOf } from '../kinds/kind-account.ts';
import type { AccountAccess } from './account-access.ts';
import { LOOK_UP_ONLY, missingRoles, rolesElsewhere } from './elsewhere.ts';
import { findingsOf, type Surroundings, withMissing } from './findings.ts';
import { intendedAccess } from './intended.ts';
import { judge } from './judge.ts';
import { type AccountRead, READ_ONLY, readAccount } from './read-account.ts';

/** The dependencies of the review function; `clients` replaces those of the SDK in tests. */
interface ReviewFunctionDeps {
  readonly config: Config;
  readonly main: Main;
  readonly bucket: ReviewBucket;
  readonly access: Access;
  readonly kinds: readonly AnyKind[];
  readonly loadBaseline: LoadBaseline;
  readonly clients?: (options: MemberClientsOptions) => MemberClients;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Failures that pass by themselves: the message is received again, and the last time the review says why it failed. */
const PASSING: ReadonlySet<FailureName> = new Set([
  'Throttled',
  'ServiceFault',
  'Conflict',
  'NotYetConsistent',
]);

/** No call into the account is retried in the last seconds before the function is stopped. */
const MARGIN_MS = 20_000;

/**
 * The review function: each message is one review of one account, in a session that may only read. The result is kept, compared with
 * the review before, and announced. An account that cannot be entered or read has a result, too: why, and what to do.
 */
export function reviewHandler({ logger, ...deps }: ReviewFunctionDeps) {
  const { main, now } = deps;

  async function handle(received: Received<ReviewMessage>): Promise<'done' | 'again'> {
    const { message, receives } = received;
    const log = logger.createChild({
      persistentKeys: { accountId: message.accountId, cause: message.cause },
    });
    const { record, status } = await loadAccount(main.table, message.accountId);
    if (record?.lifecycle !== 'managed') {
      log.info('nothing to do', { why: `the account is ${record?.lifecycle ?? 'not known'}` });
      return 'done';
    }
    const review = await reviewed(record, status, received, deps).catch((error: unknown) => {
      if (!(error instanceof ControllerError)) throw error;
      if (PASSING.has(error.name) && receives < REVIEW_RECEIVES) return error;
      return failedReview(record, message, error, now());
    });
    if (review instanceof ControllerError) {
      log.warn('review will be retried', asError(review));
      return 'again';
    }
    const before = await reviewBefore(message, log);
    await keepReview(main.table, deps.bucket, review, message);
    await putEvents(main.bus, [reviewAnnouncement(review, before, message)], OUR_SOURCE);
    const { failure } = review;
    log.info('review', { ...countFindings(review), ...(failure && { failure }) });
    return 'done';
  }

  /** The latest successful review of an earlier request; undefined if it cannot be read, so that this one is kept all the same. */
  async function reviewBefore(request: ReviewMessage, log: Logger): Promise<Review | undefined> {
    try {
      const entries = await reviewEntries(main.table, request.accountId, request);
      const before = entries.find(({ failed }) => failed === undefined);
      return before && (await getReview(deps.bucket, before));
    } catch (error) {
      if (!(error instanceof UnreadableItem || error instanceof AccessDenied)) throw error;
      log.warn('the review before cannot be read, every finding counts as new', asError(error));
      return undefined;
    }
  }

  return queueHandler({
    queue: main.review,
    receives: REVIEW_RECEIVES,
    bus: main.bus,
    schema: ReviewMessage,
    logger,
    now,
    batch: 'one-by-one',
    backOff: comeAgain,
    handle,
  });
}

type Reviewing = Omit<ReviewFunctionDeps, 'logger'>;

async function reviewed(
  record: AccountRecord,
  status: AccountStatus | undefined,
  received: Received<ReviewMessage>,
  deps: Reviewing,
): Promise<Review> {
  const { config, main } = deps;
  const { message } = received;
  const now = deps.now();
  const read = await readIn(record, received, deps);
  const others = await getRecords(main.table, [...namedAccounts(read.access)]);
  const members = membersAmong(others, config);
  const around: Surroundings = {
    organizationId: config.organizationId,
    isMember: (accountId) => members.has(accountId),
    now,
    unusedDays: message.unusedDays,
  };
  const { findings, unread } = findingsOf(read.access, around);
  const elsewhere = await missingRoles(rolesElsewhere(findings), async (accountId) => {
    const other = others.get(accountId);
    if (other?.lifecycle !== 'managed') return undefined;
    return (await enter(other, LOOK_UP_ONLY, received, deps))(regionOf(other, config));
  });
  const desired = await desiredState(record, deps);
  if ('error' in desired) throw desired.error;
  const imports = await readExports(main.table, importsOf(desired.managed));
  const filled = { ...desired, managed: withValues(desired.managed, imports) };
  const intended = intendedAccess({ record, status, desired: filled, config }, read);
  const wanted = new Set(findingsOf(intended, around).findings.map(({ id }) => id));
  const found = withMissing(findings, elsewhere.missing);
  const acceptances = await acceptancesIn(main.table, record.accountId);
  return {
    ...headOf(record, message, now),
    findings: maskExternalIds(judge(found, { wanted, acceptances, now }), record.externalId),
    unread: [...read.unread, ...unread, ...elsewhere.unread],
  };
}

/**
 * Enters an account for this review with a session of its own, which allows what the policy does.
 * @returns clients for each region
 */
async function enter(
  record: AccountRecord,
  policy: string,
  { message: { cause }, until: end }: Received<ReviewMessage>,
  { access, clients: connect = memberClients }: Reviewing,
): Promise<(region: string) => MemberClients> {
  const until = new Date(end.getTime() - MARGIN_MS);
  const name = `review-${cause.id}`.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64);
  const credentials = await access.enter(record, { name, policy, own: true });
  const made = new Map<string, MemberClients>();
  return (region) => {
    const known = made.get(region) ?? connect({ credentials, region, until });
    made.set(region, known);
    return known;
  };
}

/** Reads the account in a session that allows the reads of a review and nothing else. */
async function readIn(
  record: AccountRecord,
  received: Received<ReviewMessage>,
  deps: Reviewing,
): Promise<AccountRead> {
  const { config, access } = deps;
  const { accountId } = record;
  const clients = await enter(record, READ_ONLY, received, deps);
  const region = regionOf(record, config);
  try {
    return await readAccount({ accountId, partition: config.partition, region, clients });
  } catch (error) {
    // The session may be older than a correction of the role.
    if (error instanceof ControllerError && error.name === 'AccessDenied') access.evict(accountId);
    throw error;
  }
}

/** Every account id in the policies of an account. Pure. */
function namedAccounts({ roles, users, groups, buckets }: AccountAccess): Set<string> {
  const documents = [
    ...roles.flatMap(({ trust, policies }) => [trust, ...policies]),
    ...[...users, ...groups].flatMap(({ policies }) => policies),
    ...buckets.map(({ policy }) => policy),
  ];
  // Ids stand between colons or quotes, which may be URL-encoded: `%3A123456789012%3A`.
  const text = (document: unknown) => (typeof document === 'string' ? document : JSON.stringify(document));
  const ids = documents.flatMap(
    (one) =>
      text(one)
        .replaceAll(/%[0-9A-F]{2}/gi, ' ')
        .match(/\b\d{12}\b/g) ?? [],
  );
  return new Set(ids);
}

/** Which of these accounts are in the organization, as far as Orgkeeper's records tell. Pure. */
function membersAmong(records: ReadonlyMap<string, AccountRecord>, config: Config): Set<string> {
  const members = [...records.values()].filter(
    (one) => one.lifecycle !== 'departed' && wasInOrganization(one),
  );
  return new Set([
    config.mainAccountId,
    config.managementAccountId,
    ...members.map(({ accountId }) => accountId),
  ]);
}

function failedReview(
  record: AccountRecord,
  message: ReviewMessage,
  { reason, message: why, remedy }: ControllerError,
  now: Date,
): Review {
  const failure = { reason, message: why, ...(remedy && { remedy }) };
  return { ...headOf(record, message, now), findings: [], unread: [], failure };
}

function headOf({ accountId, name }: AccountRecord, { unusedDays }: ReviewMessage, now: Date) {
  return {
    schemaVersion: 1 as const,
    accountId,
    accountName: name,
    reviewedAt: now.toISOString(),
    unusedDays,
  };
}

/** An event holds 256 KB: so many new findings are in it, and of the others the number. */
const MOST_NEW = 50;

/** What a review found, and how it differs from the one before. Pure. */
export function reviewAnnouncement(
  review: Review,
  before: Review | undefined,
  { cause }: Pick<ReviewMessage, 'cause'>,
): Announcement {
  const { accountId, accountName: name, reviewedAt, failure } = review;
  const { appeared, gone, changed } = compareReviews(before, review);
  const fresh = appeared.filter(({ intended }) => intended === undefined);
  const said = ({ id, kind, subject, other, flags }: ReviewedFinding) => ({
    id,
    kind,
    subject,
    ...(other !== undefined && { other }),
    flags,
  });
  return {
    detailType: 'AccessReviewCompleted',
    detail: {
      accountId,
      name,
      reviewedAt,
      cause,
      ...countFindings(review),
      new: fresh.length,
      gone: failure ? 0 : gone.length,
      changed: changed.length,
      newFindings: fresh.slice(0, MOST_NEW).map(said),
      unread: review.unread.length,
      ...(failure && { failure }),
    },
  };
}
