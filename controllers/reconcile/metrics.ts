import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { RunOutcome } from '../engine/model.ts';

/** Writes the metrics of a run to the log in EMF: runs by result, differences by kind, seconds from event to ready. */
export function countPass(metrics: Metrics, outcome: Extract<RunOutcome, { did: 'ran' }>): void {
  const pass = outcome.status.lastPass;
  if (!pass) return;
  single(metrics, 'Result', pass.result, 'Passes', 1);
  const kinds = new Set(pass.differences.map(({ kind }) => kind));
  for (const kind of kinds) {
    single(
      metrics,
      'Kind',
      kind,
      'Differences',
      pass.differences.filter((difference) => difference.kind === kind).length,
    );
  }
  const { secondsToReady } = outcome;
  if (secondsToReady === undefined) return;
  metrics.singleMetric().addMetric('SecondsToReady', MetricUnit.Seconds, secondsToReady);
}

function single(metrics: Metrics, dimension: string, value: string, name: string, count: number): void {
  const metric = metrics.singleMetric();
  metric.addDimension(dimension, value);
  metric.addMetric(name, MetricUnit.Count, count);
}
