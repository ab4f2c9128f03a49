import type { AccountRecord } from './account.ts';
import { isEarlier, laterOf, type Trace } from './order.ts';

/** A retirement with `remove`. */
type Removal = NonNullable<AccountRecord['removal']>;

/**
 * The retirement that the record keeps after this request for one. Whether a retirement with `remove` is followed depends on the mode
 * of the account at its time, since nothing is removed from an account that is only observed; and a registration from before it,
 * which may change the mode, may arrive after it. So it is kept, followed or refused. Pure.
 */
export function removalRequested(
  record: AccountRecord,
  { id, time }: { readonly id: string; readonly time: string },
): Removal {
  const { removal, lifecycle, requestedAt, changedAt } = record;
  // What comes before the second of two retirements may come before the first one, too.
  if (removal && isLatest(removal, record))
    return isEarlier(time, removal.at) ? removal : { ...removal, by: id, at: time };
  return { by: id, at: time, since: lifecycle === 'retiring' ? time : laterOf(requestedAt, changedAt) };
}

/** The retirement that comes after a registration of this time, if nothing else does. Pure. */
export function removalAfter(record: AccountRecord | undefined, time: string): Removal | undefined {
  const { removal } = record ?? {};
  return record && removal && isLatest(removal, record) && isEarlier(time, removal.at) ? removal : undefined;
}

/** The same for an account without a record. Pure. */
export function removalOfUnknown(trace: Trace | undefined, time: string): Trace['removal'] {
  return trace?.removal && isEarlier(time, trace.removal.at) ? trace.removal : undefined;
}

/** The record after its retirement, which a run carries out. Pure. */
export function retiring(record: AccountRecord, removal: Removal): AccountRecord {
  const { clearing: _, exceptions: __, ...whole } = record;
  return {
    ...whole,
    lifecycle: 'retiring',
    generation: record.generation + 1,
    changedBy: removal.by,
    changedAt: laterOf(removal.at, record.changedAt),
    removal,
  };
}

/** Whether nothing that was requested after the retirement was followed. Pure. */
function isLatest({ at }: Removal, { lifecycle, changedAt }: AccountRecord): boolean {
  // A followed retirement is the latest change of the record; a refused one changes nothing.
  if (lifecycle === 'retiring') return !isEarlier(at, changedAt);
  return changedAt === undefined || isEarlier(changedAt, at);
}
