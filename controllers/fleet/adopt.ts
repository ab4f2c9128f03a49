import type { AccountRecord } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { isEarlier, type Trace } from '../../shared/domain/order.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { refreshed, registered, unmanaged } from '../../shared/domain/records.ts';
import type { Onboarding } from './onboarding.ts';
import type { Accepted, FleetDeps, Trigger } from './outcome.ts';
import { owedBy, saveOwing } from './owed.ts';

/** What the listing, or intake because of an event, knows about an account of the organization. */
export interface Sighting {
  readonly record: AccountRecord | undefined;
  /** The account in AWS Organizations now; undefined if it is not in the organization. */
  readonly account: OrganizationAccount | undefined;
  /** ISO time: accounts that joined from then on are new. */
  readonly since: string;
  /** An event says that the account has just joined: it may be new although it is recorded as unmanaged. */
  readonly came?: boolean;
  /** Without a record: the time of the last request that was refused because the account was unknown. */
  readonly requestedAt?: string | undefined;
  /** The unit that the account was moved out of, if an event says so. */
  readonly movedFrom?: string | undefined;
}

/** What to do about it. */
export type Step =
  | { readonly is: 'nothing'; readonly why: string }
  /** Manage it from now on. */
  | { readonly is: 'onboard'; readonly account: OrganizationAccount }
  /** Save this record; with `run`, the desired state of a managed account has changed, or the account is no longer managed. */
  | { readonly is: 'save'; readonly record: AccountRecord; readonly run: boolean };

/**
 * What follows from an account's place in the organization, for events and the listing alike. New accounts in the units of `onboard`
 * are onboarded; older ones are recorded as unmanaged. Accounts that left or were suspended become departed, and get their former
 * settings back when they return. After a move the rules choose again, and an account that moves into the units of `onboard` is
 * onboarded.
 */
export async function nextStep(
  sighting: Sighting,
  { cause, time }: Trigger,
  onboarding: Onboarding,
): Promise<Step> {
  const { record, account, since } = sighting;
  const changedBy = cause.id;
  if (account?.active && mayBeNew(sighting)) {
    const isNew = Date.parse(account.joinedAt) >= Date.parse(since);
    const isUnwanted = wasRetired(sighting, account);
    if (isNew && !isUnwanted && (await onboarding.onboards(account))) return { is: 'onboard', account };
    if (record?.lifecycle !== 'unmanaged') {
      const shown = unmanaged(account, { existing: record, changedBy, now: new Date(time) });
      const lifecycleReason = isUnwanted ? 'RETIREMENT_REQUESTED' : 'OUTSIDE_ONBOARDING_UNITS';
      const why = isNew ? { lifecycleReason } : {};
      // What was requested before the account was known still overtakes what is older.
      const changedAt = shown.changedAt ?? sighting.requestedAt;
      return { is: 'save', record: { ...shown, ...why, ...(changedAt && { changedAt }) }, run: false };
    }
  }
  if (!record)
    return { is: 'nothing', why: account ? `it is ${account.state}` : 'it is not in the organization' };
  const current = refreshed(record, account, changedBy);
  const moved = account?.active
    ? await afterMove(current, account, sighting, { changedBy, onboarding })
    : current;
  if (moved === 'onboard') return account ? { is: 'onboard', account } : { is: 'nothing', why: 'it left' };
  if (moved === record) return { is: 'nothing', why: 'its record is up to date' };
  const isChanged = moved.lifecycle === 'managed' && moved.generation !== record.generation;
  const run = isChanged || (isManaged(record) && !isManaged(moved));
  return { is: 'save', record: moved, run };
}

/**
 * Carries out a step: saves the record with the run and the announcement that it owes.
 * @param read the record that was passed to `nextStep`
 * @param first for a first record, since older events may still arrive: the remembered requests
 * @throws Conflict if somebody else has saved the record since
 */
export async function adopt(
  step: Exclude<Step, { is: 'nothing' }>,
  read: AccountRecord | undefined,
  trigger: Trigger,
  { onboarding, ...deps }: Pick<FleetDeps, 'main'> & { readonly onboarding: Onboarding },
  first?: { readonly trace: Trace | undefined },
): Promise<Accepted> {
  switch (step.is) {
    case 'onboard': {
      const record = await onboarded(step.account, read, trigger, onboarding);
      return saveOwing(deps, record, read, owedBy(record, trigger), first);
    }
    case 'save': {
      const { announce, work } = owedBy(step.record, trigger);
      const owes = {
        announce: step.run && step.record.lifecycle === 'managed' ? announce : [],
        work: step.run ? work : [],
      };
      return saveOwing(deps, step.record, read, owes, first);
    }
  }
}

function isManaged({ lifecycle }: AccountRecord): boolean {
  return lifecycle === 'managed' || lifecycle === 'retiring';
}

/** The record of an account that is onboarded, with the baseline that the rules choose. */
async function onboarded(
  account: OrganizationAccount,
  existing: AccountRecord | undefined,
  { cause, time, requestedAt }: Trigger,
  onboarding: Onboarding,
): Promise<AccountRecord> {
  const { accountId, name } = account;
  const record = registered(existing, {
    request: { accountId, name },
    baseline: await onboarding.baseline({ accountId, name, described: account }),
    described: account,
    named: false,
    changedBy: cause.id,
    time,
  });
  return { ...record, ...(requestedAt && { requestedAt }) };
}

/** Whether the account may still be onboarded: without a record, unmanaged but just joined, or departed before it had a baseline. */
function mayBeNew({ record, came = false }: Sighting): boolean {
  if (!record) return true;
  return (record.lifecycle === 'unmanaged' && came) || (record.lifecycle === 'departed' && !record.baseline);
}

/** Whether a request to retire the account came after it joined, when it was unknown: then it is not onboarded. */
function wasRetired({ record, requestedAt }: Sighting, { joinedAt }: OrganizationAccount): boolean {
  const askedAt = record?.changedAt ?? requestedAt;
  return askedAt !== undefined && !isEarlier(askedAt, joinedAt);
}

/** The record after a move, if there was one. */
async function afterMove(
  record: AccountRecord,
  account: OrganizationAccount,
  sighting: Sighting,
  by: { readonly changedBy: string; readonly onboarding: Onboarding },
): Promise<AccountRecord | 'onboard'> {
  const from = unitLeft(sighting, account);
  if (from === undefined) return record;
  if (record.lifecycle !== 'unmanaged') return chosenAgain(record, account, by);
  const { onboarding } = by;
  const here = await onboarding.onboards(account);
  return here && !(await onboarding.onboards({ unit: from })) ? 'onboard' : record;
}

/** The unit that the account left, by the event or by the difference between its record and AWS; undefined if it did not move. */
function unitLeft({ movedFrom, record }: Sighting, account: OrganizationAccount): string | undefined {
  if (movedFrom !== undefined) return movedFrom;
  const now = account.units?.at(-1);
  return record?.unit !== undefined && now !== undefined && record.unit !== now ? record.unit : undefined;
}

/** The record with the baseline that the rules choose for the account's new unit, if rules chose the one that it has. */
async function chosenAgain(
  record: AccountRecord,
  account: OrganizationAccount,
  { changedBy, onboarding }: { readonly changedBy: string; readonly onboarding: Onboarding },
): Promise<AccountRecord> {
  if (record.lifecycle !== 'managed' || record.baselineBy !== 'rules' || !record.baseline) return record;
  const { accountId, name, tags, baseline: has } = record;
  const baseline = await onboarding.baseline({ accountId, name, described: account, tags, has });
  if (formatBaseline(baseline) === formatBaseline(has)) return record;
  const { clearing: _, ...rest } = record;
  return { ...rest, baseline, generation: record.generation + 1, changedBy };
}
