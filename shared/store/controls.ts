import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import { type Control, RUNNING, type Sweep } from '../domain/control.ts';
import { UnreadableItem } from '../domain/errors.ts';
import { type Item, reader } from './item.ts';
import { DAY_SECONDS, expiresIn, getItem, IF_ABSENT, putItem, updateItem } from './table.ts';

/** Where it stands what is paused: read by each pass together with the account. */
export const CONTROL_KEY = { pk: 'control', sk: 'fleet' };
const ONBOARD_KEY = { pk: 'control', sk: 'onboard' };
const sweepKey = (sweepId: string) => ({ pk: `sweep#${sweepId}`, sk: 'progress' });
const SWEEP_SECONDS = 30 * DAY_SECONDS;

/** Not among the fields: of an item that cannot be read. */
type SavedControl = Omit<Control, 'unreadable'>;
const readControl = reader<SavedControl>({
  fleetPaused: z.boolean(),
  pausedBaselines: z.array(z.string()),
});
const readSweep = reader<Sweep>({
  sweepId: z.string(),
  accounts: z.int(),
  drifted: z.int(),
  stopped: z.boolean(),
  announcer: z.string().optional(),
  cursor: z.string().optional(),
  startedAt: z.string(),
});

/** What an item says is paused: nothing where nobody ever paused, everything where it cannot be read. */
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
 * Changes it as it is now: what somebody else says at the same moment is kept, by reading and editing again.
 * @throws UnreadableItem, when nobody can tell what to keep
 */
export async function changeControl(table: Table, edit: (control: Control) => Control): Promise<void> {
  for (;;) {
    const read = await getControl(table);
    if (read.unreadable) throw read.unreadable;
    const saved = await putItem(
      table,
      { ...edit(read), ...CONTROL_KEY },
      {
        ConditionExpression:
          'attribute_not_exists(pk) OR (fleetPaused = :fleet AND pausedBaselines = :baselines)',
        ExpressionAttributeValues: { ':fleet': read.fleetPaused, ':baselines': read.pausedBaselines },
      },
    );
    if (saved) return;
  }
}

/** From when on new accounts onboard themselves: recorded once, by whoever asks first; `now` becomes it then. */
export async function onboardSince(table: Table, now: Date): Promise<string> {
  const item = await updateItem(table, ONBOARD_KEY, {
    UpdateExpression: 'SET since = if_not_exists(since, :now)',
    ExpressionAttributeValues: { ':now': now.toISOString() },
  });
  return String(item?.since);
}

/** Starts a sweep, or finds it as it was left: the same sweep twice is one. */
export async function startSweep(table: Table, sweep: Omit<Sweep, 'drifted' | 'stopped'>): Promise<Sweep> {
  const item: Sweep = { ...sweep, drifted: 0, stopped: false };
  // Not from `startedAt`, which whoever asked may have set: a sweep that expires under way has no brake.
  const expiresAt = expiresIn(SWEEP_SECONDS, new Date());
  const started = await putItem(table, { ...item, ...sweepKey(sweep.sweepId), expiresAt }, IF_ABSENT);
  return started ? item : ((await getSweep(table, sweep.sweepId)) ?? item);
}

async function getSweep(table: Table, sweepId: string): Promise<Sweep | undefined> {
  return readSweep(await getItem(table, sweepKey(sweepId)));
}

/** Remembers how far a sweep has sent its work, so that a crash goes on behind it. */
export async function advanceSweep(table: Table, sweepId: string, cursor: string): Promise<void> {
  await updateItem(table, sweepKey(sweepId), {
    UpdateExpression: 'SET #cursor = :cursor',
    ExpressionAttributeNames: { '#cursor': 'cursor' },
    ExpressionAttributeValues: { ':cursor': cursor },
  });
}

/** Counts one account that was ready and differs; returns the sweep with it counted. Undefined for an unknown sweep. */
export async function countDrifted(
  table: Table,
  sweepId: string,
  accountId: string,
): Promise<Sweep | undefined> {
  const counted = await updateItem(table, sweepKey(sweepId), {
    UpdateExpression: 'ADD drifted :one, driftedAccounts :account',
    ConditionExpression: 'attribute_exists(pk) AND NOT contains(driftedAccounts, :id)',
    ExpressionAttributeValues: { ':one': 1, ':account': new Set([accountId]), ':id': accountId },
  });
  return counted ? readSweep(counted) : getSweep(table, sweepId);
}

/** Stops a sweep's writing; true for the one pass that stopped it, which owes that to the bus. */
export async function stopSweep(table: Table, sweepId: string, announcer: string): Promise<boolean> {
  const stopped = await updateItem(table, sweepKey(sweepId), {
    UpdateExpression: 'SET stopped = :true, announcer = :announcer',
    ConditionExpression: 'attribute_exists(pk) AND (stopped = :false OR announcer = :announcer)',
    ExpressionAttributeValues: { ':true': true, ':false': false, ':announcer': announcer },
  });
  return stopped !== undefined;
}

/** Notes that the bus knows that a sweep has stopped. */
export async function stopAnnounced(table: Table, sweepId: string): Promise<void> {
  await updateItem(table, sweepKey(sweepId), { UpdateExpression: 'REMOVE announcer' });
}
