import { putEvents } from '../../shared/aws/bus.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import { brakeTrips } from '../../shared/domain/control.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { countDrifted, stopAnnounced, stopSweep } from '../../shared/store/controls.ts';

/**
 * Counts an account that was ready and now differs towards its sweep, before anything is written. True when the
 * sweep has stopped writing; whoever stops it says so, and says it again where a crash came in between.
 */
export async function brakeHolds(main: Main, sweepId: string, accountId: string): Promise<boolean> {
  const sweep = await countDrifted(main.table, sweepId, accountId);
  if (!sweep) return false;
  if (sweep.stopped && sweep.announcer !== accountId) return true;
  if (!sweep.stopped && !brakeTrips(sweep)) return false;
  if (await stopSweep(main.table, sweepId, accountId)) {
    const { accounts, drifted } = sweep;
    const message =
      `${drifted} of ${accounts} accounts differ, more than drift explains: the sweep writes nothing more. ` +
      'Look at one that was held: if its differences are right, sweep again; if not, pause the baseline.';
    const detail = { sweepId, accounts, drifted, reason: 'SweepStopped', message };
    await putEvents(main.bus, [{ detailType: 'SweepStopped', detail }], OUR_SOURCE);
    await stopAnnounced(main.table, sweepId);
  }
  return true;
}
