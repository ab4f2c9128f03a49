import type { RecordedCall } from '../../../local/gateway/recorder.ts';

/** Two runs that wrote to one account at the same time. */
export interface Overlap {
  readonly account: string;
  /** Session names, which runs are known by. */
  readonly runs: readonly [string, string];
}

/**
 * Pairs of runs of which one wrote to an account between the first and the last write of the other to it. A write counts even if it
 * was not answered, or failed. Pure.
 */
export function writersAtOnce(calls: readonly RecordedCall[]): Overlap[] {
  const accounts = Map.groupBy(calls.filter(isWrite), ({ account }) => account);
  return [...accounts].flatMap(([account, writes]) => {
    const spans = [...Map.groupBy(writes, ({ session }) => session ?? '')]
      .map(([run, of]) => ({
        run,
        from: Math.min(...of.map(({ time }) => time)),
        to: Math.max(...of.map(({ time, milliseconds }) => time + milliseconds)),
      }))
      .toSorted((a, b) => a.from - b.from);
    return spans.flatMap(({ run, to }, at) =>
      spans
        .slice(at + 1)
        .filter(({ from }) => from < to)
        .map((other): Overlap => ({ account, runs: [run, other.run] })),
    );
  });
}

function isWrite({ access, session }: RecordedCall): boolean {
  return access === 'write' && session !== undefined;
}
