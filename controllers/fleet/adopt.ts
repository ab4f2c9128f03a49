import type { AccountRecord } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { isEarlier, type Trace } from '../../shared/domain/order.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { refreshed, registered, unmanaged } from '../../shared/domain/records.ts';
import type { Onboarding } from './onboarding.ts';
import type { Accepted, FleetDeps, Trigger } from './outcome.ts';
import { owedBy, saveOwing } from './owed.ts';

/** What is known of one account of the organization, by whoever saw it: the listing, or intake because of an event. */
export interface Sighting {
  readonly record: AccountRecord | undefined;
  /** What Organizations says now; undefined when the account is not in the organization. */
  readonly account: OrganizationAccount | undefined;
  /** ISO time: accounts that joined from then on are new. */
  readonly since: string;
  /** An event says that it has just come: one that is recorded as unmanaged may be new all the same. */
  readonly came?: boolean;
  /** Without a record: when somebody last asked for something that was refused, since the account was not known. */
  readonly requestedAt?: string | undefined;
  /** The unit that it was moved out of, when an event says so. */
  readonly movedFrom?: string | undefined;
}

/** What is to be done about it. */
export type Step =
  | { readonly is: 'nothing'; readonly why: string }
  /** Manage it from now on. */
  | { readonly is: 'onboard'; readonly account: OrganizationAccount }
  /** Save this; with `run`, what is desired of a managed account has changed. */
  | { readonly is: 'save'; readonly record: AccountRecord; readonly run: boolean };

/**
 * What follows from where an account stands in the organization, whatever told of it: events and the listing lead to
 * the same. New ones onboard by themselves where they may, older ones are shown only, what left or was suspended is no
 * longer managed, and comes back as it was. A move lets the rules choose again, and onboards what moves to where accounts
 * onboard by themselves from where they do not.
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
      return { is: 'save', record: { ...shown, ...why }, run: false };
    }
  }
  if (!record)
    return { is: 'nothing', why: account ? `it is ${account.state}` : 'it is not in the organization' };
  const current = refreshed(record, account, changedBy);
  const moved = account?.active
    ? await afterMove(current, account, sighting, { changedBy, onboarding })
    : current;
  if (moved === 'onboard') return account ? { is: 'onboard', account } : { is: 'nothing', why: 'it left' };
  if (moved === record) return { is: 'nothing', why: 'it is recorded as it is' };
  const run = moved.lifecycle === 'managed' && moved.generation !== record.generation;
  return { is: 'save', record: moved, run };
}

/**
 * Carries out a step: the record is saved with the run and the announcement that follow.
 * @param read the record of the account as `nextStep` was given it
 * @param first without a record, where older events may still arrive: the requests that are remembered
 * @throws Conflict when somebody else saved the record since
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
      const owes = step.run ? owedBy(step.record, trigger) : { announce: [], work: [] };
      return saveOwing(deps, step.record, read, owes, first);
    }
  }
}

/** The record of an account that onboards by itself, with the baseline that the rules choose. */
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

/** Whether nothing was decided about the account, or nothing that its coming does not change. */
function mayBeNew({ record, came = false }: Sighting): boolean {
  if (!record) return true;
  return (record.lifecycle === 'unmanaged' && came) || (record.lifecycle === 'departed' && !record.baseline);
}

/** Whether somebody asked to retire it after it joined: it was not known then, and does not onboard by itself since. */
function wasRetired({ record, requestedAt }: Sighting, { joinedAt }: OrganizationAccount): boolean {
  const askedAt = record?.changedAt ?? requestedAt;
  return askedAt !== undefined && !isEarlier(askedAt, joinedAt);
}

/** What a move makes of a record, if there was one. */
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

/** The unit that it left, as the event says or as its record and AWS differ; undefined when it did not move. */
function unitLeft({ movedFrom, record }: Sighting, account: OrganizationAccount): string | undefined {
  if (movedFrom !== undefined) return movedFrom;
  const now = account.units?.at(-1);
  return record?.unit !== undefined && now !== undefined && record.unit !== now ? record.unit : undefined;
}

/** The record with the baseline that the rules choose for where the account is now, if they chose the one it has. */
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
