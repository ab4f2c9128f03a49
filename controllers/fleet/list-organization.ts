import { sendSweep } from '../../shared/aws/queue.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { REQUEST_TAG } from '../../shared/domain/creation.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { wasInOrganization } from '../../shared/domain/records.ts';
import { getTrace, recordPages } from '../../shared/store/accounts.ts';
import { onboardSince } from '../../shared/store/controls.ts';
import {
  advanceListing,
  beginListing,
  endListing,
  type Listing,
  leaveListing,
} from '../../shared/store/listings.ts';
import { adopt, nextStep, type Step } from './adopt.ts';
import { createOnboarding, type Onboarding } from './onboarding.ts';
import type { Accepted, FleetDeps, Trigger } from './outcome.ts';
import { deliver, together } from './owed.ts';

/** The dependencies of a task for the whole fleet or the whole organization. */
export interface TaskDeps extends FleetDeps {
  readonly now: () => Date;
  /** True while there is time for another page; a task that runs out of time sends a message for the rest. */
  readonly timeLeft: () => boolean;
  /** When this invocation ends at the latest. */
  readonly until: Date;
}

/** How many accounts a listing changed. */
export interface ListingResult {
  registered: number;
  unmanaged: number;
  refreshed: number;
  departed: number;
}

/** The input of a listing, and its counts. */
interface Context {
  readonly deps: TaskDeps;
  readonly onboarding: Onboarding;
  /** Accounts that joined from then on are new. */
  readonly since: string;
  readonly startedAt: string;
  /** The records, by account id. */
  readonly records: ReadonlyMap<string, AccountRecord>;
  readonly result: ListingResult;
  /** As it was saved last. */
  listing: Listing;
  /** Accounts that it has seen since then. */
  unsaved: string[];
}

/** Progress is saved once in this many pages: after a crash these are read again. */
const PAGES_PER_SAVE = 10;
/** A listing that crashed is continued after this time; a running one renews its lease before. */
const LEASE_MS = 3 * 60_000;
/** For this time a new account is left to the request for it, which has its settings. */
const REQUEST_MINUTES = 60;

/**
 * Compares the organization with the table, so that a lost event delays an account by at most an hour. Registers accounts that joined
 * after `onboard.since`, records older ones as unmanaged, refreshes names and emails, and marks departed and suspended accounts.
 * Reads pages of 20 accounts, at the rate of ListAccounts. Continues from its saved progress. Marks an account that is missing from
 * the whole listing only if DescribeAccount confirms it.
 * @param records the records by account id, if a sweep has just read them
 */
export async function listOrganization(
  deps: TaskDeps,
  records?: ReadonlyMap<string, AccountRecord>,
): Promise<ListingResult | { skipped: string }> {
  const { config, main, now, organization } = deps;
  const { table } = main;
  const begun = await beginListing(table, { now: now(), until: leaseEnd(deps) });
  if (!begun) return { skipped: 'another listing is under way' };
  const context: Context = {
    deps,
    onboarding: createOnboarding({ config, table, organization }),
    since: config.onboard.since ?? (await onboardSince(table, now())),
    startedAt: begun.listing.startedAt,
    records: records ?? (await allRecords(deps)),
    result: { registered: 0, unmanaged: 0, refreshed: 0, departed: 0 },
    listing: begun.listing,
    unsaved: [],
  };
  try {
    if ((await throughPages(begun.seen, context)) && (await throughMissing(begun.seen, context))) {
      await endListing(table, context.listing);
      return context.result;
    }
  } catch (error) {
    // The next one need not wait until the lease ends; if this fails too, it does.
    await leaveListing(table, context.listing, now()).catch(() => undefined);
    throw error;
  }
  await leaveListing(table, context.listing, now());
  await sendSweep(main.sweep, { task: 'list' });
  return context.result;
}

function leaseEnd({ now, until }: TaskDeps): Date {
  return new Date(Math.min(until.getTime(), now().getTime() + LEASE_MS));
}

/** True if saving now would make the lease longer by half of one. */
function isRenewable({ listing, deps }: Context): boolean {
  return leaseEnd(deps).getTime() - Date.parse(listing.leaseUntil) > LEASE_MS / 2;
}

/** Saves how far the listing is, and renews its lease. */
async function save(context: Context, next: string): Promise<void> {
  const { deps, listing, unsaved } = context;
  const reached = { next, seen: unsaved, now: deps.now(), until: leaseEnd(deps) };
  context.listing = await advanceListing(deps.main.table, listing, reached);
  context.unsaved = [];
}

async function allRecords({ main }: TaskDeps): Promise<Map<string, AccountRecord>> {
  const records = new Map<string, AccountRecord>();
  for await (const page of recordPages(main.table))
    for (const record of page.items) records.set(record.accountId, record);
  return records;
}

/** Compares page after page and records what it finds; false if time ran out. */
async function throughPages(seen: Set<string>, context: Context): Promise<boolean> {
  if (context.listing.next === '') return true;
  let pages = 0;
  for await (const { accounts, next = '' } of pagesFrom(context.listing, context.deps)) {
    await comparePage(accounts, context);
    for (const { accountId } of accounts) seen.add(accountId);
    context.unsaved.push(...accounts.map(({ accountId }) => accountId));
    pages += 1;
    const inTime = context.deps.timeLeft();
    if (!inTime || (next && pages % PAGES_PER_SAVE === 0) || isRenewable(context)) await save(context, next);
    if (!inTime) return false;
  }
  return true;
}

/** The pages from the token on; all pages if AWS no longer accepts the token. */
async function* pagesFrom(
  { next }: Listing,
  { organization }: TaskDeps,
): AsyncGenerator<{ accounts: OrganizationAccount[]; next?: string }> {
  try {
    yield* organization.pages(next);
  } catch (error) {
    if (!next || !(error instanceof Error) || error.name !== 'InvalidInputException') throw error;
    yield* organization.pages();
  }
}

/** Records the accounts of a page, then sends what they owe in whole batches. Safe to repeat. */
async function comparePage(accounts: readonly OrganizationAccount[], context: Context): Promise<void> {
  const { config, main } = context.deps;
  const ours = accounts.filter(({ accountId }) => accountId !== config.managementAccountId);
  const outcomes = await Promise.all(
    ours.map((account) => compare(context.records.get(account.accountId), account, context)),
  );
  await deliver(together(outcomes.flatMap((outcome) => outcome ?? [])), main);
}

/**
 * Marks accounts that are missing from the whole listing, after Organizations confirms each. False if time ran out; marked accounts
 * are not checked again.
 */
async function throughMissing(seen: ReadonlySet<string>, context: Context): Promise<boolean> {
  const { organization, timeLeft } = context.deps;
  for (const record of context.records.values()) {
    const gone = record.lifecycle === 'departed' || record.lifecycle === 'retired';
    if (gone || !wasInOrganization(record) || seen.has(record.accountId)) continue;
    if (!timeLeft()) return false;
    if (isRenewable(context)) await save(context, '');
    if (!(await organization.describe(record.accountId))) await compare(record, undefined, context);
  }
  return true;
}

/** Carries out the next step for one account; undefined if there is none, or if an event changed the record first. */
async function compare(
  record: AccountRecord | undefined,
  account: OrganizationAccount | undefined,
  context: Context,
): Promise<Accepted | undefined> {
  const { deps, onboarding, since, startedAt, result } = context;
  const cause = { source: OUR_SOURCE, detailType: 'Listing', id: `listing:${startedAt}` };
  const trigger: Trigger = { cause, time: deps.now().toISOString() };
  const trace = !record && account?.active ? await getTrace(deps.main.table, account.accountId) : undefined;
  const sighting = { record, account, since, requestedAt: trace?.changedAt };
  const step = await nextStep(sighting, trigger, onboarding);
  if (step.is === 'nothing') return undefined;
  const isNew = step.is === 'onboard';
  if (isNew && (await isAskedFor(step.account, deps))) return undefined;
  const requestedAt = isNew ? { requestedAt: step.account.joinedAt } : {};
  try {
    const adopted = await adopt(
      step,
      record,
      { ...trigger, ...requestedAt },
      { main: deps.main, onboarding },
    );
    result[counterOf(step, record)] += 1;
    return adopted;
  } catch (error) {
    if (error instanceof Conflict) return undefined;
    throw error;
  }
}

/** Whether a request for this account is about to register it. */
async function isAskedFor(
  { accountId, joinedAt }: OrganizationAccount,
  { now, organization }: TaskDeps,
): Promise<boolean> {
  if (now().getTime() - Date.parse(joinedAt) > REQUEST_MINUTES * 60_000) return false;
  return Object.hasOwn(await organization.tags(accountId), REQUEST_TAG);
}

function counterOf(
  step: Exclude<Step, { is: 'nothing' }>,
  before: AccountRecord | undefined,
): keyof ListingResult {
  if (step.is === 'onboard') return 'registered';
  if (!before) return 'unmanaged';
  const { lifecycle } = step.record;
  return lifecycle === 'departed' || lifecycle === 'retired' ? 'departed' : 'refreshed';
}
