import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { Cause } from '../domain/cause.ts';
import { type Control, RUNNING, type Sweep } from '../domain/control.ts';
import { UnreadableItem } from '../domain/errors.ts';
import type { Pause } from '../domain/pause.ts';
import { type Item, type Page, reader, readPage } from './item.ts';
import {
  DAY_SECONDS,
  expiresIn,
  getItem,
  IF_ABSENT,
  latestPages,
  putItem,
  type Span,
  updateItem,
} from './table.ts';

/** The key of the item that says what is paused; every run reads it together with the account. */
export const CONTROL_KEY = { pk: 'control', sk: 'fleet' };
const ONBOARD_KEY = { pk: 'control', sk: 'onboard' };
/** The key of a sweep's progress. */
export const sweepKey = (sweepId: string) => ({ pk: `sweep#${sweepId}`, sk: 'progress' });
const SWEEPS = 'sweep';
const SWEEP_SECONDS = 30 * DAY_SECONDS;

/** The stored fields: `unreadable` only describes an item that cannot be read. */
type SavedControl = Omit<Control, 'unreadable'>;
/** The stored form of a pause. */
export const PauseItem: z.ZodType<Pause> = z.looseObject({
  at: z.string(),
  requestedBy: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  until: z.string().exactOptional(),
});
const readControl = reader<SavedControl>({
  fleetPaused: z.boolean(),
  pausedBaselines: z.array(z.string()),
  pauses: z
    .looseObject({
      fleet: PauseItem.exactOptional(),
      baselines: z.record(z.string(), PauseItem).exactOptional(),
    })
    .optional(),
});
/** The stored form of how runs of a sweep ended. */
export const TallyItem = z.looseObject({
  accounts: z.int(),
  unchanged: z.int(),
  corrected: z.int(),
  drifted: z.int(),
  waiting: z.int(),
  failed: z.int(),
  lastAt: z.string(),
  worst: z.array(
    z.looseObject({
      accountId: z.string(),
      result: z.enum(['unchanged', 'corrected', 'drifted', 'waiting', 'failed']),
      reason: z.string(),
      message: z.string(),
    }),
  ),
});
const readSweep = reader<Sweep>({
  finished: TallyItem.extend({ seconds: z.number(), unreadable: z.int().exactOptional() }).exactOptional(),
  sweepId: z.string(),
  accounts: z.int(),
  drifted: z.int(),
  stopped: z.boolean(),
  announcer: z.string().optional(),
  cursor: z.string().optional(),
  startedAt: z.string(),
  cause: Cause.loose().exactOptional(),
  fleet: z.literal(true).exactOptional(),
  baseline: z.string().exactOptional(),
});

const readOnboarding = reader<{ readonly since: string }>({ since: z.string() });

/** What an item says is paused: nothing if there is no item, the whole fleet if it cannot be read. */
export function controlOf(item: Item | undefined): Control {
  try {
    return readControl(item) ?? RUNNING;
  } catch (error) {
    if (!(error instanceof UnreadableItem)) throw error;
    return { fleetPaused: true, pausedBaselines: [], unreadable: error };
  }
}

/** What is paused now. */
export async function getControl(table: Table): Promise<Control> {
  return controlOf(await getItem(table, CONTROL_KEY));
}

/**
 * Changes what is paused. Reads and edits again if somebody else changed it at the same time, so that no change is lost.
 * @throws UnreadableItem
 */
export async function changeControl(table: Table, edit: (control: Control) => Control): Promise<void> {
  for (;;) {
    const read = await getControl(table);
    if (read.unreadable) throw read.unreadable;
    const { fleetPaused, pausedBaselines, pauses } = read;
    const samePauses = pauses ? 'pauses = :pauses' : 'attribute_not_exists(pauses)';
    const saved = await putItem(
      table,
      { ...edit(read), ...CONTROL_KEY },
      {
        ConditionExpression: `attribute_not_exists(pk) OR (fleetPaused = :fleet AND pausedBaselines = :baselines AND ${samePauses})`,
        ExpressionAttributeValues: {
          ':fleet': fleetPaused,
          ':baselines': pausedBaselines,
          ...(pauses && { ':pauses': pauses }),
        },
      },
    );
    if (saved) return;
  }
}

/** The time from which on new accounts onboard themselves. The first caller sets it to `now`; it never changes. */
export async function onboardSince(table: Table, now: Date): Promise<string> {
  const item = await updateItem(table, ONBOARD_KEY, {
    UpdateExpression: 'SET since = if_not_exists(since, :now)',
    ExpressionAttributeValues: { ':now': now.toISOString() },
  });
  return readOnboarding(item ?? {}).since;
}

/** Starts a sweep; returns the stored sweep if it was started before. */
export async function startSweep(table: Table, sweep: Omit<Sweep, 'drifted' | 'stopped'>): Promise<Sweep> {
  const item: Sweep = { ...sweep, drifted: 0, stopped: false };
  // Not counted from `startedAt`, which the request may set: a sweep that expires while it runs has no circuit breaker.
  const expiresAt = expiresIn(SWEEP_SECONDS, new Date());
  const listed = { collection: SWEEPS, collectionKey: sweepCursor(sweep) };
  const started = await putItem(
    table,
    { ...item, ...sweepKey(sweep.sweepId), ...listed, expiresAt },
    IF_ABSENT,
  );
  return started ? item : ((await getSweep(table, sweep.sweepId)) ?? item);
}

/** True if the circuit breaker of the sweep has stopped its writes; false for an unknown sweep. @throws UnreadableItem */
export async function isStopped(table: Table, sweepId: string): Promise<boolean> {
  return (await getSweep(table, sweepId))?.stopped ?? false;
}

/**
 * The sweeps of the last thirty days, newest first, one Query a page.
 * @param most sweeps on a page
 */
export async function* sweepPages(table: Table, span: Span, most: number): AsyncGenerator<Page<Sweep>> {
  for await (const page of latestPages(table, SWEEPS, span, most)) yield readPage(readSweep, page);
}

/** The key of a sweep among all; those with a smaller one are older. Pure. */
export function sweepCursor({ startedAt, sweepId }: Pick<Sweep, 'startedAt' | 'sweepId'>): string {
  return `${startedAt}#${sweepId}`;
}

/** A sweep, read consistently; undefined if there is none. @throws UnreadableItem */
export async function getSweep(table: Table, sweepId: string): Promise<Sweep | undefined> {
  return readSweep(await getItem(table, sweepKey(sweepId)));
}

/** Saves how far a sweep has sent its work, so that it continues from there after a crash. */
export async function advanceSweep(table: Table, sweepId: string, cursor: string): Promise<void> {
  await updateItem(table, sweepKey(sweepId), {
    UpdateExpression: 'SET #cursor = :cursor',
    ExpressionAttributeNames: { '#cursor': 'cursor' },
    ExpressionAttributeValues: { ':cursor': cursor },
  });
}

/**
 * Counts an account that was ready and has drifted, once; returns the updated sweep. Undefined for an unknown sweep. A sweep that has
 * stopped counts no more: the item names every account that was counted, so each count of ten thousand would write 150 KB.
 */
export async function countDrifted(
  table: Table,
  sweepId: string,
  accountId: string,
): Promise<Sweep | undefined> {
  const before = await getSweep(table, sweepId);
  if (!before || before.stopped) return before;
  const counted = await updateItem(table, sweepKey(sweepId), {
    UpdateExpression: 'ADD drifted :one, driftedAccounts :account',
    ConditionExpression: 'attribute_exists(pk) AND NOT contains(driftedAccounts, :id)',
    ExpressionAttributeValues: { ':one': 1, ':account': new Set([accountId]), ':id': accountId },
  });
  return counted ? readSweep(counted) : getSweep(table, sweepId);
}

/** Stops the writes of a sweep. Returns true for the one account whose run must announce that, until it is announced. */
export async function stopSweep(table: Table, sweepId: string, announcer: string): Promise<boolean> {
  const stopped = await updateItem(table, sweepKey(sweepId), {
    UpdateExpression: 'SET stopped = :true, announcer = :announcer',
    ConditionExpression: 'attribute_exists(pk) AND (stopped = :false OR announcer = :announcer)',
    ExpressionAttributeValues: { ':true': true, ':false': false, ':announcer': announcer },
  });
  return stopped !== undefined;
}

/** Records that the stop of a sweep was announced. */
export async function stopAnnounced(table: Table, sweepId: string): Promise<void> {
  await updateItem(table, sweepKey(sweepId), { UpdateExpression: 'REMOVE announcer' });
}
