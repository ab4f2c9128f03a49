import type { AccountRecord } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { refreshed, unmanaged } from '../../shared/domain/records.ts';
import type { Onboarding } from './onboarding.ts';

/** What is known of one account, by whoever looks: the listing, or intake because of an event. */
export interface Look {
  readonly record: AccountRecord | undefined;
  /** What Organizations says now; undefined when the account is not in the organization. */
  readonly account: OrganizationAccount | undefined;
  /** ISO time: accounts that joined from then on are new. */
  readonly since: string;
  /** An event says that it has just come: one that is recorded as unmanaged may be new all the same. */
  readonly came?: boolean;
  /** The unit that it was moved out of, when an event says so. */
  readonly movedFrom?: string | undefined;
  /** Signs the change. */
  readonly changedBy: string;
  readonly now: Date;
}

/** What is to be done about it. */
export type Step =
  | { readonly is: 'nothing'; readonly why: string }
  /** Keep it from now on; `record` is the one that it has. */
  | { readonly is: 'onboard'; readonly account: OrganizationAccount }
  /** Save this; a managed one is to be looked at where `pass` says so. */
  | { readonly is: 'save'; readonly record: AccountRecord; readonly pass: boolean };

/**
 * What follows from where an account stands in the organization, whatever told of it: events and the listing lead to
 * the same. New ones onboard by themselves where they may, older ones are shown only, what left or was suspended is no
 * longer kept, and comes back as it was. A move lets the rules choose again, and onboards what moves to where accounts
 * onboard by themselves from where they do not.
 */
export async function nextStep(look: Look, onboarding: Onboarding): Promise<Step> {
  const { record, account, since, changedBy, now } = look;
  if (account?.active && mayBeNew(look)) {
    const isNew = Date.parse(account.joinedAt) >= Date.parse(since);
    if (isNew && (await onboarding.onboards(account))) return { is: 'onboard', account };
    if (record?.lifecycle !== 'unmanaged') {
      const shown = unmanaged(account, { existing: record, changedBy, now });
      const why = isNew ? { lifecycleReason: 'OUTSIDE_ONBOARDING_UNITS' } : {};
      return { is: 'save', record: { ...shown, ...why }, pass: false };
    }
  }
  if (!record)
    return { is: 'nothing', why: account ? `it is ${account.state}` : 'it is not in the organization' };
  const current = refreshed(record, account, changedBy);
  const moved = account?.active ? await afterMove(current, account, look, onboarding) : current;
  if (moved === 'onboard') return account ? { is: 'onboard', account } : { is: 'nothing', why: 'it left' };
  if (moved === record) return { is: 'nothing', why: 'it is recorded as it is' };
  const pass = moved.lifecycle === 'managed' && moved.generation !== record.generation;
  return { is: 'save', record: moved, pass };
}

/** Whether nothing was decided about the account, or nothing that its coming does not change. */
function mayBeNew({ record, came = false }: Look): boolean {
  if (!record) return true;
  return (record.lifecycle === 'unmanaged' && came) || (record.lifecycle === 'departed' && !record.baseline);
}

/** What a move makes of a record, if there was one. */
async function afterMove(
  record: AccountRecord,
  account: OrganizationAccount,
  look: Look,
  onboarding: Onboarding,
): Promise<AccountRecord | 'onboard'> {
  const from = movedFrom(look, account);
  if (from === undefined) return record;
  if (record.lifecycle !== 'unmanaged') return chosenAgain(record, account, look, onboarding);
  const here = await onboarding.onboards(account);
  return here && !(await onboarding.onboards({ unit: from })) ? 'onboard' : record;
}

/** The unit that it left, as the event says or as its record and AWS differ; undefined when it did not move. */
function movedFrom({ movedFrom, record }: Look, account: OrganizationAccount): string | undefined {
  if (movedFrom !== undefined) return movedFrom;
  const now = account.units?.at(-1);
  return record?.unit !== undefined && now !== undefined && record.unit !== now ? record.unit : undefined;
}

/** The record with the baseline that the rules choose for where the account is now, if they chose the one it has. */
async function chosenAgain(
  record: AccountRecord,
  account: OrganizationAccount,
  { changedBy }: Look,
  onboarding: Onboarding,
): Promise<AccountRecord> {
  if (record.lifecycle !== 'managed' || record.baselineBy !== 'rules' || !record.baseline) return record;
  const { accountId, name, tags, baseline: has } = record;
  const baseline = await onboarding.baseline({ accountId, name, described: account, tags, has });
  if (formatBaseline(baseline) === formatBaseline(has)) return record;
  return { ...record, baseline, generation: record.generation + 1, changedBy };
}
