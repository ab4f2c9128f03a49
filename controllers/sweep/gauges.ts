import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { FleetCounts } from '../../shared/domain/fleet-summary.ts';

/** Writes how the fleet stands to the log in EMF: accounts by state, and those that have not been ready for more than a day. */
export function gaugeFleet(metrics: Metrics, { states, notReadyForADay }: FleetCounts): void {
  for (const [state, accounts] of Object.entries(states)) {
    const metric = metrics.singleMetric();
    metric.addDimension('State', state);
    metric.addMetric('Accounts', 'Count', accounts);
  }
  metrics.singleMetric().addMetric('AccountsNotReadyForADay', 'Count', notReadyForADay);
}

/** Counts sweeps that the brake has stopped and that have not ended, or roll-outs that have halted, in EMF; writes nothing without any. */
export async function countStops(
  loadMetrics: () => Promise<Metrics>,
  what: 'SweepsStopped' | 'RolloutsHalted',
  count: number,
): Promise<void> {
  if (count > 0) (await loadMetrics()).singleMetric().addMetric(what, 'Count', count);
}
