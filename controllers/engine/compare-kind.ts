import type { Comparison } from '../kinds/kind.ts';
import type { KindOutcome } from './kind-outcome.ts';
import { render, type Seen, type Workplace } from './observe-kinds.ts';

/** What differs in one kind with the outputs known by now; its outcome when it could not be compared. */
export function compareKind(
  seen: Seen,
  place: Workplace,
): { comparison: Comparison; wanted: unknown } | KindOutcome {
  const { kind, observation } = seen;
  const none = { kind, differences: [], unowned: [] };
  switch (observation.state) {
    case 'failed':
      return { ...none, state: { is: 'failed', error: observation.error } };
    case 'pending': {
      const { message, retryAfterSeconds } = observation;
      return { ...none, state: { is: 'pending', message, retryAfterSeconds } };
    }
    case 'unowned': {
      const message = `${observation.message} ${observation.remedy}`;
      return { ...none, state: { is: 'blocked', reason: 'ForeignResource', message } };
    }
    case 'absent':
    case 'present':
      try {
        const wanted = render(seen, place, place.outputs);
        const actual = observation.state === 'present' ? observation.actual : undefined;
        return { comparison: kind.diff(wanted, actual), wanted };
      } catch (error) {
        return { ...none, state: { is: 'failed', error } };
      }
  }
}

/** True when a comparison has something to write. */
export function differs(compared: ReturnType<typeof compareKind>): boolean {
  return 'comparison' in compared && compared.comparison.differences.length > 0;
}
