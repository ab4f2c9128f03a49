import type { Table } from '../../shared/aws/main-clients.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { cell } from '../../shared/domain/escape.ts';
import type { GivenOrder, Rollout } from '../../shared/domain/rollout.ts';
import { time } from '../../shared/domain/words.ts';
import { getRollout } from '../../shared/store/rollouts.ts';
import { Failure } from '../failure.ts';
import { poll, startProgress } from '../follow.ts';
import { type RolloutView, rolloutView } from '../rollout-view.ts';
import { print, printJson, printTable, say } from '../terminal.ts';

/** Up to this many accounts, progress is read each second; of more, every ten seconds. */
const FEW = 100;

/**
 * Follows a roll-out until it goes on no more by itself, and prints it.
 * @throws Failure if it has halted or was paused, and after the timeout
 */
export async function followRollout(
  table: Table,
  id: string,
  { timeout, json }: { readonly timeout: number; readonly json?: boolean },
): Promise<void> {
  const progress = startProgress(`Waiting for roll-out ${id} …`);
  let count = 0;
  const look = async () => {
    const view = await viewOf(table, id);
    count = view.progress.reduce((sum, { accounts }) => sum + accounts, 0);
    progress.update(inOneLine(view));
    return ['planning', 'rolling', 'planningBack', 'goingBack'].includes(view.state) ? undefined : view;
  };
  let view: RolloutView;
  try {
    view = await poll(look, {
      seconds: timeout,
      // Until the roll-out is planned, it is not known how many accounts it moves.
      get every() {
        return count > FEW ? 10_000 : 1_000;
      },
      late: () =>
        `Roll-out ${id} has not ended after ${timeout} s; it goes on: \`orgkeeper rollout show ${id}\`.`,
    });
  } finally {
    progress.stop();
  }
  if (json) printJson(view);
  else printRollout(view);
  if (view.state === 'halted') throw new Failure(view.message ?? `Roll-out ${id} has halted.`);
  if (view.state === 'paused')
    throw new Failure(`Roll-out ${id} was paused: \`orgkeeper rollout resume ${id}\`.`);
}

/** A roll-out with its progress, as it is now. @throws Failure if there is none */
export async function viewOf(table: Table, id: string): Promise<RolloutView> {
  return rolloutView(table, await findRollout(table, id), new Date());
}

/** @throws Failure if there is none */
export async function findRollout(table: Table, id: string): Promise<Rollout> {
  const rollout = await getRollout(table, id);
  if (rollout) return rollout;
  throw new Failure(`There is no roll-out ${id}: \`orgkeeper rollout list\` lists all roll-outs.`);
}

function inOneLine({ rolloutId, state, wave, progress }: RolloutView): string {
  const reached = wave === undefined ? progress : progress.slice(0, wave);
  const of = (fate: 'accounts' | 'ready' | 'failed' | 'drifted') =>
    reached.reduce((sum, one) => sum + one[fate], 0);
  const place = wave === undefined ? '' : `, wave ${wave} of ${progress.length}`;
  const troubled = of('failed') + of('drifted');
  const more = troubled > 0 ? `, ${troubled} failed or drifted` : '';
  return `Roll-out ${rolloutId} is ${state}${place}: ${of('ready')} of ${of('accounts')} accounts ready${more}`;
}

const DONE: Record<GivenOrder['order'], string> = {
  start: 'started',
  pause: 'paused',
  resume: 'resumed',
  abort: 'aborted',
  rollBack: 'sent back',
};

/** Prints a roll-out for people: what it is, its waves, and the accounts that failed or drifted. */
export function printRollout(view: RolloutView): void {
  const { rolloutId, from, to, state, message, failures, bakeMinutes, by } = view;
  print(cell(`${rolloutId}: ${formatBaseline(from)} to ${formatBaseline(to)}, ${state}`));
  const each = by === undefined ? '' : `, in shares by ${by}`;
  print(
    cell(
      `waves ${view.waves.join(', ')}; each bakes ${bakeMinutes} min; ${failures} may fail or drift${each}`,
    ),
  );
  for (const { order, at, requestedBy, reason } of view.orders ?? []) {
    const by = requestedBy === undefined ? '' : ` by ${requestedBy}`;
    const why = reason === undefined ? '' : `, because: ${reason}`;
    print(cell(`${DONE[order]} ${time(at)}${by}${why}`));
  }
  if (message !== undefined) print(cell(message));
  printTable(
    ['WAVE', 'ACCOUNTS', 'READY', 'PENDING', 'BEHIND', 'FAILED', 'DRIFTED', 'LEFT OUT', 'READY SINCE'],
    view.progress.map((wave, index) => [
      `${index + 1}${index + 1 === view.wave ? ' *' : ''}`,
      ...[wave.accounts, wave.ready, wave.pending, wave.behind, wave.failed, wave.drifted].map(String),
      String(wave.unwritten + wave.left),
      time(wave.readyAt),
    ]),
  );
  if (view.troubled.length === 0) return;
  const lines = view.troubled.map(({ accountId, fate, reason, message: why }) => {
    const because = reason === undefined ? '' : ` (${reason}: ${why})`;
    return `account ${accountId} ${fate}${because}`;
  });
  say({ sentence: 'Not as it should be:', lines });
}
