import { putEvents } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { sendSweep } from '../../shared/aws/queue.ts';
import type { Sweep } from '../../shared/domain/control.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import type { FinishedSweep } from '../../shared/domain/fleet-summary.ts';
import { sweepPages } from '../../shared/store/controls.ts';
import { claimNight, nightAnnounced, owedNight } from '../../shared/store/nights.ts';
import { listRollouts } from '../../shared/store/rollouts.ts';
import type { TaskDeps } from '../fleet/list-organization.ts';

/** A sweep has ended three hours after it began, whatever is missing: then the summary does not wait for it any longer. */
const LATEST_MS = 4 * 3_600_000;
/** How long whoever announces the summary has for that; then the tick of the minute does. */
const CLAIM_MS = 6 * 60_000;
/** The schedules of the sweep and of the summary may come apart by this. */
const APART_MS = 60_000;
const SWEEPS_PER_PAGE = 25;

/**
 * Announces `FleetSummary` of the night that has begun, once its sweep of all accounts has ended, or if none has in four hours. Once: the
 * night is noted until it is announced, so that a crash does not lose the summary, and two ticks do not send it twice. Then requests the page
 * of the fleet.
 * @returns true if this call announced it
 */
export async function announceNight(now: Date, { main }: Pick<TaskDeps, 'main'>): Promise<boolean> {
  const { table } = main;
  const owed = await owedNight(table, now);
  if (!owed) return false;
  const { night } = owed;
  const isLate = now.getTime() - Date.parse(night) >= LATEST_MS;
  const sweeps = await sweepsOfNight(table, night);
  // A sweep that a person has requested after the first one may end before it.
  const sweep = (isLate ? sweeps : sweeps.slice(0, 1)).find(isFinished);
  if (!sweep && !isLate) return false;
  if (!(await claimNight(table, owed, new Date(now.getTime() + CLAIM_MS)))) return false;
  // Loaded once a night, so that the function starts faster.
  const { countAccounts } = await import('./standings.ts');
  const { fleetSummary, haltedRollouts } = await import('../../shared/domain/fleet-summary.ts');
  const counts = await countAccounts(table, now);
  const rollouts = haltedRollouts((await listRollouts(table)).items);
  const detail = fleetSummary(night, counts, sweep, rollouts);
  await putEvents(main.bus, [{ detailType: 'FleetSummary', detail }], OUR_SOURCE);
  await sendSweep(main.sweep, { task: 'page', day: night.slice(0, 10) });
  await nightAnnounced(table, night);
  return true;
}

/** The sweeps of all accounts that began in the night, oldest first. */
async function sweepsOfNight(table: Table, night: string): Promise<Sweep[]> {
  const since = new Date(Date.parse(night) - APART_MS).toISOString();
  const sweeps: Sweep[] = [];
  for await (const { items } of sweepPages(table, { since }, SWEEPS_PER_PAGE))
    sweeps.push(...items.filter(({ fleet }) => fleet));
  return sweeps.toReversed();
}

function isFinished(sweep: Sweep): sweep is FinishedSweep {
  return sweep.finished !== undefined;
}
