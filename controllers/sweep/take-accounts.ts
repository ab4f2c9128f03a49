import { putEvents } from '../../shared/aws/bus.ts';
import { sendWork } from '../../shared/aws/queue.ts';
import type { AccountRecord, Owed } from '../../shared/domain/account.ts';
import { REQUEST_TAG } from '../../shared/domain/creation.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { listingId, registered, wasInOrganization } from '../../shared/domain/records.ts';
import type { Announcement } from '../../shared/domain/status.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';
import { clearOwed, saveRecord } from '../../shared/store/accounts.ts';
import { nextStep, type Step } from '../fleet/adoption.ts';
import type { Onboarding } from '../fleet/onboarding.ts';
import type { SweepDeps } from './deps.ts';

/** What a listing did. */
export interface ListingResult {
  registered: number;
  unmanaged: number;
  refreshed: number;
  departed: number;
}

/** What a listing goes by, and counts. */
export interface ListingContext {
  readonly deps: SweepDeps;
  readonly now: () => Date;
  /** Accounts that joined from then on are new. */
  readonly since: string;
  readonly startedAt: string;
  /** What is recorded, by account id. */
  readonly records: ReadonlyMap<string, AccountRecord>;
  readonly onboarding: Onboarding;
  readonly result: ListingResult;
}

/** What follows for one account: a pass, and for one that is kept from now on an announcement. */
interface Taken {
  readonly record: AccountRecord;
  /** The record as it was before. */
  readonly read: AccountRecord | undefined;
  readonly requestedAt: string;
  readonly fresh: boolean;
}

/** So long is an account left to the request for it, which knows what is wanted. */
const REQUEST_MINUTES = 60;

/** Records what a page of the organization shows, then asks for passes and announces. Safe to repeat after a crash. */
export async function takeAccounts(
  accounts: readonly OrganizationAccount[],
  context: ListingContext,
): Promise<void> {
  const { main, config } = context.deps;
  const ours = accounts.filter(({ accountId }) => accountId !== config.managementAccountId);
  const taken = (await Promise.all(ours.map((account) => take(account, context)))).flatMap(
    (one) => one ?? [],
  );
  await sendWork(main.work, taken.map(toWork));
  await putEvents(main.bus, taken.filter(({ fresh }) => fresh).map(toAnnouncement), OUR_SOURCE);
  const paid = taken.filter(({ read }) => !read?.owed);
  await Promise.all(paid.map(({ record }) => clearOwed(main.table, record)));
}

/** What is kept with the record until it is sent. */
function owedFor(taken: Taken): Owed {
  return { work: [toWork(taken)], announce: taken.fresh ? [toAnnouncement(taken)] : [] };
}

/**
 * Marks accounts of the organization that the whole listing did not show, once Organizations confirms each. False when
 * time ran out; those that are marked need not be looked at again.
 */
export async function takeMissing(seen: ReadonlySet<string>, context: ListingContext): Promise<boolean> {
  const { organization, timeLeft, main } = context.deps;
  for (const record of context.records.values()) {
    const gone = record.lifecycle === 'departed' || record.lifecycle === 'retired';
    if (gone || !wasInOrganization(record) || seen.has(record.accountId)) continue;
    if (!timeLeft()) return false;
    if (await organization.describe(record.accountId)) continue;
    const step = await decide(record, undefined, context);
    if (step.is === 'save' && (await saveRecord(main.table, step.record, record)))
      context.result.departed += 1;
  }
  return true;
}

async function take(account: OrganizationAccount, context: ListingContext): Promise<Taken | undefined> {
  const record = context.records.get(account.accountId);
  const step = await decide(record, account, context);
  switch (step.is) {
    case 'nothing':
      return undefined;
    case 'onboard':
      return onboard(account, record, context);
    case 'save': {
      const requestedAt = context.now().toISOString();
      const taken = { record: step.record, read: record, requestedAt, fresh: false };
      const owes = step.pass ? owedFor(taken) : undefined;
      if (!(await saveRecord(context.deps.main.table, step.record, record, owes))) return undefined;
      count(record, step.record, context.result);
      return step.pass ? taken : undefined;
    }
  }
}

function decide(
  record: AccountRecord | undefined,
  account: OrganizationAccount | undefined,
  { since, startedAt, onboarding, now }: ListingContext,
): Promise<Step> {
  return nextStep({ record, account, since, changedBy: `listing:${startedAt}`, now: now() }, onboarding);
}

/** Registers an account whose event was lost; undefined when the event came at the same moment. */
async function onboard(
  account: OrganizationAccount,
  existing: AccountRecord | undefined,
  context: ListingContext,
): Promise<Taken | undefined> {
  const { deps, onboarding, now, result } = context;
  const { accountId, name } = account;
  if (await isAskedFor(account, context)) return undefined;
  const baseline = await onboarding.baseline({ accountId, name, described: account });
  const registration = {
    request: { accountId, name },
    baseline,
    described: account,
    named: false,
    changedBy: listingId(account),
    time: now().toISOString(),
  };
  const record = { ...registered(existing, registration), requestedAt: account.joinedAt };
  const taken = { record, read: existing, requestedAt: record.requestedAt, fresh: true };
  if (!(await saveRecord(deps.main.table, record, existing, owedFor(taken)))) return undefined;
  result.registered += 1;
  return taken;
}

/** Whether a request for this very account, by event or command line, is about to register it. */
async function isAskedFor(account: OrganizationAccount, { deps, now }: ListingContext): Promise<boolean> {
  if (now().getTime() - Date.parse(account.joinedAt) > REQUEST_MINUTES * 60_000) return false;
  return Object.hasOwn(await deps.organization.tags(account.accountId), REQUEST_TAG);
}

function count(before: AccountRecord | undefined, { lifecycle }: AccountRecord, result: ListingResult): void {
  if (!before) result.unmanaged += 1;
  else if (lifecycle === 'departed' || lifecycle === 'retired') result.departed += 1;
  else result.refreshed += 1;
}

function toWork({ record, requestedAt }: Taken): WorkMessage {
  return { accountId: record.accountId, cause: causeOf(record), requestedAt };
}

function toAnnouncement({ record }: Taken): Announcement {
  const { accountId, name, baseline } = record;
  return { detailType: 'AccountRegistered', detail: { accountId, name, baseline, cause: causeOf(record) } };
}

function causeOf({ changedBy }: AccountRecord) {
  return { source: OUR_SOURCE, detailType: 'Listing', id: changedBy };
}
