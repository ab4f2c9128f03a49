import type { AccountRecord } from './account.ts';
import { isPaused, RUNNING } from './control.ts';
import { isSame, parseAmount, type Rollout } from './rollout.ts';

/**
 * The accounts of each wave: the managed accounts on the old version, by account id, those that no run writes last, since a first wave of
 * such accounts would show nothing. With `by`, each unit or value of the tag has its
 * share in each wave. A wave without an account is left out. Pure.
 */
export function planWaves(
  { from, waves, by }: Pick<Rollout, 'from' | 'waves' | 'by'>,
  records: Iterable<AccountRecord>,
  now: Date,
): string[][] {
  const groups = Map.groupBy(
    [...records].filter(({ lifecycle, baseline }) => lifecycle === 'managed' && isSame(baseline, from)),
    (record) => groupOf(record, by),
  );
  const planned = waves.map((): string[] => []);
  for (const records of groups.values()) {
    const [written, unwritten] = [true, false].map((is) =>
      records.filter((record) => isWritten(record, now) === is).map(({ accountId }) => accountId),
    );
    const ids = [...(written ?? []).toSorted(), ...(unwritten ?? []).toSorted()];
    let taken = 0;
    for (const [index, wave] of waves.entries()) {
      const total = Math.max(taken, totalOf(wave, ids.length));
      planned[index]?.push(...ids.slice(taken, total));
      taken = total;
    }
  }
  return planned.filter((ids) => ids.length > 0).map((ids) => ids.toSorted());
}

/** New accounts that the rules gave the old version while the roll-out had halted: they are a last wave. Pure. */
export function planLate(
  { from }: Pick<Rollout, 'from'>,
  records: Iterable<AccountRecord>,
  now: Date,
): string[] {
  return planWaves(
    { from, waves: ['100%'] },
    [...records].filter(({ baselineBy }) => baselineBy === 'rules'),
    now,
  ).flat();
}

/** The accounts that go back: those on the new version that the roll-out moved there, or that were new and got it. Pure. */
export function planBack(
  { to, startedAt }: Pick<Rollout, 'to' | 'startedAt'>,
  planned: readonly (readonly string[])[],
  records: Iterable<AccountRecord>,
): string[] {
  const members = new Set(planned.flat());
  return [...records]
    .filter(({ lifecycle, baseline }) => lifecycle === 'managed' && isSame(baseline, to))
    .filter(
      ({ accountId, baselineBy, registeredAt }) =>
        members.has(accountId) || (baselineBy === 'rules' && registeredAt >= startedAt),
    )
    .map(({ accountId }) => accountId)
    .toSorted();
}

function isWritten(record: AccountRecord, now: Date): boolean {
  return !isPaused(record, RUNNING, now) && record.mode === 'enforce';
}

function groupOf({ unit, tags }: AccountRecord, by: string | undefined): string {
  if (by === undefined) return '';
  return (by === 'ou' ? unit : tags[by.slice('tag:'.length)]) ?? '';
}

/** How many of so many accounts an amount is; a share is rounded up, so that it is at least one. */
function totalOf(wave: string, count: number): number {
  const amount = parseAmount(wave);
  if (!amount) return count;
  return Math.min(count, 'accounts' in amount ? amount.accounts : Math.ceil((count * amount.percent) / 100));
}
