import { sendSweep } from '../../shared/aws/queue.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { recordPages } from '../../shared/store/accounts.ts';
import { onboardSince } from '../../shared/store/controls.ts';
import {
  advanceListing,
  type BegunListing,
  beginListing,
  endListing,
  type Listing,
  leaveListing,
} from '../../shared/store/listings.ts';
import { createOnboarding } from '../fleet/onboarding.ts';
import type { SweepDeps } from './deps.ts';
import { type ListingContext, type ListingResult, takeAccounts, takeMissing } from './take-accounts.ts';

/** Progress is saved each so many pages: a crash costs looking at these again. */
const PAGES_PER_SAVE = 10;

/**
 * Compares the organization with the table, so that a lost event costs an hour: accounts that came after
 * `onboard.since` are registered, older ones recorded as unmanaged and never entered, names and emails refreshed,
 * departed and suspended ones marked. 20 accounts a page, at the pace of ListAccounts. Goes on where it stopped, with
 * what it had seen by then; what the whole listing did not show is marked only once DescribeAccount confirms it.
 */
export async function listOrganization(
  deps: SweepDeps,
  now = () => new Date(),
): Promise<ListingResult | { skipped: string }> {
  const { table } = deps.main;
  const begun = await beginListing(table, { now: now(), until: deps.until });
  if (!begun) return { skipped: 'another listing is under way' };
  const context: ListingContext = {
    deps,
    now,
    since: deps.config.onboard.since ?? (await onboardSince(table, now())),
    startedAt: begun.listing.startedAt,
    records: await allRecords(deps),
    onboarding: createOnboarding({ config: deps.config, table, organization: deps.organization }),
    result: { registered: 0, unmanaged: 0, refreshed: 0, departed: 0 },
  };
  const { listing, done } = await throughPages(begun, context);
  if (done && (await takeMissing(begun.seen, context))) {
    await endListing(table);
    return context.result;
  }
  await leaveListing(table, listing, now());
  await sendSweep(deps.main.sweep, { task: 'list' });
  return context.result;
}

/** Takes page after page, and adds what it sees; not done when time ran out. */
async function throughPages(
  begun: BegunListing,
  context: ListingContext,
): Promise<{ listing: Listing; done: boolean }> {
  const { deps, now } = context;
  const { seen } = begun;
  let { listing } = begun;
  if (listing.next === '') return { listing, done: true };
  let unsaved: string[] = [];
  let pages = 0;
  const save = async (next: string) => {
    const reached = { next, seen: unsaved, now: now(), until: deps.until };
    listing = await advanceListing(deps.main.table, listing, reached);
    unsaved = [];
  };
  for await (const { accounts, next = '' } of pagesFrom(listing, deps)) {
    await takeAccounts(accounts, context);
    for (const { accountId } of accounts) seen.add(accountId);
    unsaved.push(...accounts.map(({ accountId }) => accountId));
    pages += 1;
    if (!deps.timeLeft()) {
      await save(next);
      return { listing, done: false };
    }
    if (next && pages % PAGES_PER_SAVE === 0) await save(next);
  }
  return { listing, done: true };
}

/** The pages behind the token; all of them when AWS no longer knows it. */
async function* pagesFrom(
  { next }: Listing,
  { organization }: SweepDeps,
): AsyncGenerator<{ accounts: OrganizationAccount[]; next?: string }> {
  try {
    yield* organization.pages(next);
  } catch (error) {
    if (!next || !(error instanceof Error) || error.name !== 'InvalidInputException') throw error;
    yield* organization.pages();
  }
}

async function allRecords({ main }: SweepDeps): Promise<Map<string, AccountRecord>> {
  const records = new Map<string, AccountRecord>();
  for await (const page of recordPages(main.table))
    for (const record of page.items) records.set(record.accountId, record);
  return records;
}
