import type { RecordedCall } from '../../../local/gateway/recorder.ts';

/**
 * How many calls were made one after the other: the longest chain in which each began only when the one before
 * was over. Calls that were under way together count once.
 */
export function sequentialDepth(calls: readonly RecordedCall[]): number {
  let depth = 0;
  let over = 0;
  const byEnd = calls
    .map(({ time, milliseconds }) => ({ start: time, end: time + milliseconds }))
    .sort((a, b) => a.end - b.end);
  for (const { start, end } of byEnd) {
    if (start < over) continue;
    depth += 1;
    over = end;
  }
  return depth;
}
