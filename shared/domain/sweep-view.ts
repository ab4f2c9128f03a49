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

/** The brake of a sweep: how many accounts had been ready and differed, and whether that stopped the writes. Pure. */
export function brakeOf({ drifted, stopped }: Pick<Sweep, 'drifted' | 'stopped'>): string {
  if (stopped) return `stopped at ${drifted}`;
  return drifted === 0 ? '–' : `${drifted} counted`;
}
