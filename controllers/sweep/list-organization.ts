import type { AccountRecord } from '../../shared/account.ts';
import { OUR_SOURCE, putEvents } from '../../shared/bus.ts';
import type { OrganizationAccount } from '../../shared/organization.ts';
import { listingId, newRecord, refreshed, unmanaged } from '../../shared/records.ts';
import { getRecord, recordPages, saveRecord } from '../../shared/store/accounts.ts';
import { currentBaseline } from '../../shared/store/baselines.ts';
import { clearListing, getListing, onboardSince, saveListing } from '../../shared/store/controls.ts';
import { sendSweep, sendWork } from '../../shared/work.ts';
import type { SweepDeps } from './deps.ts';

/** What a listing did. */
export interface ListingResult {
  registered: number;
  unmanaged: number;
  refreshed: number;
  departed: number;
}

/**
 * Compares the organization with the table, so that a lost event costs an hour: accounts that came after
 * `onboard.since` are registered, older ones recorded as unmanaged and never entered, names and emails refreshed,
 * departed and suspended ones marked. 20 accounts a page; goes on where it stopped.
 */
export async function listOrganization(now: Date, deps: SweepDeps): Promise<ListingResult> {
  const { table } = deps.main;
  const result: ListingResult = { registered: 0, unmanaged: 0, refreshed: 0, departed: 0 };
  const since = deps.config.onboard.since ?? (await onboardSince(table, now));
  const records = new Map<string, AccountRecord>();
  for await (const page of recordPages(table))
    for (const record of page) records.set(record.accountId, record);
  const seen = new Set<string>();
  const resume = await getListing(table);
  for await (const { accounts, next } of deps.organization.pages(resume)) {
    for (const account of accounts) {
      seen.add(account.accountId);
      await take(account, records.get(account.accountId), since, now, deps, result);
    }
    if (next) await saveListing(table, next);
    if (next && !deps.timeLeft()) {
      await sendSweep(deps.main.sweep, { task: 'list' });
      return result;
    }
  }
  await clearListing(table);
  if (!resume) await markDeparted([...records.values()], seen, now, deps, result);
  return result;
}

async function take(
  account: OrganizationAccount,
  record: AccountRecord | undefined,
  since: string,
  now: Date,
  deps: SweepDeps,
  result: ListingResult,
): Promise<void> {
  if (account.accountId === deps.config.managementAccountId) return;
  const interrupted =
    deps.redelivered && record?.changedBy === listingId(account) && record.lifecycle === 'managed';
  if (record && !interrupted) {
    const changed = refreshed(record, account, now);
    if (changed === record || !(await saveRecord(deps.main.table, changed, record))) return;
    result.refreshed += 1;
    if (changed.lifecycle === 'managed' && record.lifecycle !== 'managed')
      await sendPass(changed, now.toISOString(), deps);
    return;
  }
  if (!account.active) return;
  if (account.joinedAt < new Date(since).toISOString()) {
    await saveRecord(deps.main.table, unmanaged(account, now), undefined);
    result.unmanaged += 1;
    return;
  }
  if (record || (await onboard(account, now, deps))) {
    await announceNew(record ?? (await getRecord(deps.main.table, account.accountId)), deps);
    result.registered += 1;
  }
}

/** Registers a new account whose event was lost; false when the event came at the same moment. */
async function onboard(account: OrganizationAccount, now: Date, deps: SweepDeps): Promise<boolean> {
  const baseline = await currentBaseline(deps.main.table, deps.config.defaultBaseline);
  if (!baseline) throw new Error(`The default baseline ${deps.config.defaultBaseline} was never published.`);
  const record = newRecord(account, { name: baseline.name, version: baseline.version }, now);
  return saveRecord(deps.main.table, record, undefined);
}

async function announceNew(record: AccountRecord | undefined, deps: SweepDeps): Promise<void> {
  if (!record) return;
  const { accountId, name, baseline } = record;
  await sendPass(record, record.requestedAt, deps);
  const detail = { accountId, name, baseline, cause: causeOf(record) };
  await putEvents(deps.main.bus, [{ detailType: 'AccountRegistered', detail }], OUR_SOURCE);
}

async function sendPass(record: AccountRecord, requestedAt: string, deps: SweepDeps): Promise<void> {
  await sendWork(deps.main.work, [{ accountId: record.accountId, cause: causeOf(record), requestedAt }]);
}

function causeOf({ changedBy }: AccountRecord) {
  return { source: 'orgkeeper', detailType: 'Listing', id: changedBy };
}

/** Marks accounts of the organization that the whole listing did not show, once Organizations confirms it. */
async function markDeparted(
  records: readonly AccountRecord[],
  seen: ReadonlySet<string>,
  now: Date,
  deps: SweepDeps,
  result: ListingResult,
): Promise<void> {
  for (const record of records) {
    if (seen.has(record.accountId) || record.origin === 'invited' || record.lifecycle === 'departed')
      continue;
    if (await deps.organization.describe(record.accountId)) continue;
    if (await saveRecord(deps.main.table, refreshed(record, undefined, now), record)) result.departed += 1;
  }
}
