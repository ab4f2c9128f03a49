import { putEvents } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { Sweep } from '../../shared/domain/control.ts';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import {
  answerTo,
  type SweepResult,
  type SweepTally,
  sumOf,
  tallyOf,
  withoutResult,
} from '../../shared/domain/sweep-result.ts';
import { accountOf, getReadableRecords, getStatuses } from '../../shared/store/accounts.ts';
import { getSweep } from '../../shared/store/controls.ts';
import {
  claimAnnouncement,
  type FollowedSweep,
  finishAnnounced,
  finishSweep,
  followedSweeps,
  partsOf,
  type SweepPart,
  saveTally,
} from '../../shared/store/sweep-parts.ts';
import type { TaskDeps } from '../fleet/list-organization.ts';

/** After this time a sweep ends whatever is missing: by then a run has ended, or its message is a dead letter. */
const LATEST_MS = 3 * 3_600_000;

/**
 * Announces `SweepFinished` for each sweep whose runs have all ended, once. Level-triggered: reads the statuses of the sweep's accounts, each
 * part until it is complete; a run reports to nobody.
 * @returns the number of sweeps that were announced, and of those that were followed and that the brake has stopped
 */
export async function finishSweeps(
  now: Date,
  deps: Pick<TaskDeps, 'main' | 'timeLeft'>,
): Promise<{ announced: number; stopped: number }> {
  const found = { announced: 0, stopped: 0 };
  for await (const page of followedSweeps(deps.main.table, now)) {
    for (const followed of page) {
      if (!deps.timeLeft()) return found;
      const sweep = await readable(() => getSweep(deps.main.table, followed.sweepId));
      if (!sweep) continue;
      if (sweep.stopped) found.stopped += 1;
      if (await finishOne(sweep, followed, now, deps)) found.announced += 1;
    }
  }
  return found;
}

/** True if this call announced the end of the sweep. */
async function finishOne(
  sweep: Sweep,
  followed: FollowedSweep,
  now: Date,
  { main, timeLeft }: Pick<TaskDeps, 'main' | 'timeLeft'>,
): Promise<boolean> {
  const { table } = main;
  const { sweepId } = sweep;
  let { finished } = sweep;
  if (finished) {
    if (!(await claimAnnouncement(table, followed, now))) return false;
  } else {
    const isLate = now.getTime() - Date.parse(followed.dueAt) > LATEST_MS;
    const result = await resultOfParts(table, sweepId, isLate, timeLeft);
    if (!result) return false;
    const took = Math.round((Date.parse(result.lastAt) - Date.parse(sweep.startedAt)) / 1000);
    finished = { ...result, seconds: result.lastAt === '' ? 0 : Math.max(took, 0) };
    if (!(await finishSweep(table, sweepId, finished, now))) return false;
  }
  await putEvents(main.bus, [await announcement(table, sweep, finished)], OUR_SOURCE);
  await finishAnnounced(table, sweepId);
  return true;
}

/** An item that cannot be read is skipped: `orgkeeper sweeps` names it. */
async function readable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UnreadableItem) return undefined;
    throw error;
  }
}

/**
 * Counts the parts whose runs have ended. The sum of all parts; undefined while one is incomplete. Nobody knows the accounts of a part that
 * cannot be read, so the sweep ends without them, and says so.
 */
async function resultOfParts(
  table: Table,
  sweepId: string,
  isLate: boolean,
  timeLeft: () => boolean,
): Promise<Omit<SweepResult, 'seconds'> | undefined> {
  const tallies: SweepTally[] = [];
  const { items: parts, unreadable } = await partsOf(table, sweepId);
  for (const part of parts) {
    if (!timeLeft()) return undefined;
    const tally = part.tally ?? (await tallyOfPart(table, part, isLate));
    if (!tally) return undefined;
    if (!part.tally) await saveTally(table, part, tally);
    tallies.push(tally);
  }
  return { ...sumOf(tallies), unreadable: unreadable.length };
}

async function tallyOfPart(table: Table, part: SweepPart, isLate: boolean): Promise<SweepTally | undefined> {
  const { items, unreadable } = await getStatuses(table, part.accountIds);
  const tallies = unreadable.map((item) => withoutResult(accountOf(item.pk), item));
  const known = new Set(unreadable.map(({ pk }) => accountOf(pk)));
  for (const status of items) {
    const run = answerTo(part, status);
    if (!run) continue;
    known.add(status.accountId);
    tallies.push(tallyOf(status, run));
  }
  const open = part.accountIds.filter((id) => !known.has(id));
  if (open.length === 0) return sumOf(tallies);
  const records = await getReadableRecords(table, open);
  const managed = records.items.filter(({ lifecycle }) => lifecycle === 'managed');
  if (managed.length > 0 && !isLate) return undefined;
  return sumOf([
    ...tallies,
    ...records.unreadable.map((item) => withoutResult(accountOf(item.pk), item)),
    ...managed.map(({ accountId }) => withoutResult(accountId, NO_RESULT)),
  ]);
}

const NO_RESULT = {
  reason: 'NoResult',
  message:
    'No run has ended within three hours: `orgkeeper dead-letters list` shows whether its message failed.',
};

async function announcement(
  table: Table,
  { sweepId, startedAt, cause, baseline, stopped }: Sweep,
  { lastAt: _, worst, unreadable = 0, ...counts }: SweepResult,
) {
  const { items } = await getReadableRecords(
    table,
    worst.map(({ accountId }) => accountId),
  );
  const names = new Map(items.map(({ accountId, name }) => [accountId, name]));
  const detail = {
    ...{ sweepId, startedAt, stopped },
    ...(cause && { cause }),
    ...(baseline !== undefined && { baseline }),
    ...counts,
    unreadable,
    worst: worst.map((one) => ({ ...one, name: names.get(one.accountId) ?? one.accountId })),
  };
  return { detailType: 'SweepFinished', detail };
}
