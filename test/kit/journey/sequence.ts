import type { RecordedCall } from '../../../local/gateway/recorder.ts';
import type { AccountView } from '../../../shared/domain/account-view.ts';
import type { Fleet } from './fleet.ts';
import type { TestRuntime } from './runtime.ts';

/**
 * The number of calls that were made in sequence: the length of the longest chain in which each call began after the previous one
 * had ended. Concurrent calls count once.
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

/**
 * A single run of an account, with every call that was made for it. It is the second of two runs, so that its environment has cached
 * the organization's session and the baseline. Calls are slowed down, so that calls that do not wait for each other are certainly
 * concurrent.
 * @param before the account of the first run: another with the same baseline, or the same one
 */
export async function watchedRun(
  id: string,
  before: string,
  { fleet, runtime }: { fleet: Fleet; runtime: TestRuntime },
): Promise<{ readonly view: AccountView | undefined; readonly calls: RecordedCall[] }> {
  await fleet.sweep(before);
  await fleet.untilQuiet();
  await runtime.fault({ count: 'all', effect: { kind: 'delay', milliseconds: 400 } });
  await runtime.clearCalls();
  const [view] = await fleet.sweep(id);
  await runtime.clearFaults();
  await fleet.untilQuiet();
  // No other run is in progress. A session of the member may have the name of the run that opened it.
  const calls = (await runtime.calls()).filter(({ account, session }) =>
    account === id
      ? session !== undefined
      : session === 'orgkeeper-reconcile' || session === view?.lastPass?.id,
  );
  return { view, calls };
}
