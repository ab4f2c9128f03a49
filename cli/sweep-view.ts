import type { Sweep } from '../shared/domain/control.ts';

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
