import type { Sweep } from './control.ts';

/** A sweep as users and scripts see it. */
export type SweepView = Pick<
  Sweep,
  'sweepId' | 'startedAt' | 'accounts' | 'drifted' | 'stopped' | 'baseline' | 'cause' | 'finished'
>;

/** The public document of a sweep: an entry of `sweeps --json`, without what else its item holds. Pure. */
export function sweepView(sweep: Sweep): SweepView {
  const { sweepId, startedAt, accounts, drifted, stopped, baseline, cause, finished } = sweep;
  return {
    ...{ sweepId, startedAt, accounts, drifted, stopped },
    ...(baseline !== undefined && { baseline }),
    ...(cause && { cause }),
    ...(finished && { finished }),
  };
}

/** What tables show of how the runs of a sweep ended. */
export const SWEEP_RESULTS = ['unchanged', 'corrected', 'drifted', 'waiting', 'failed', 'seconds'] as const;

/** The cells of a sweep under `SWEEP_RESULTS`: dashes until all of its runs have ended. Pure. */
export function resultCells({ finished }: Pick<Sweep, 'finished'>): string[] {
  return SWEEP_RESULTS.map((result) => (finished ? String(finished[result]) : '–'));
}

/** What was swept, or what asked for it, in a word; a dash if neither is known. Pure. */
export function sweptOf({ baseline, cause }: Pick<Sweep, 'baseline' | 'cause'>): string {
  return baseline ?? cause?.detailType ?? '–';
}

/** The brake of a sweep: how many accounts had been ready and differed, and whether that stopped the writes. Pure. */
export function brakeOf({ drifted, stopped }: Pick<Sweep, 'drifted' | 'stopped'>): string {
  if (stopped) return `stopped at ${drifted}`;
  return drifted === 0 ? '–' : `${drifted} counted`;
}
