import ora from 'ora';
import type { Table } from '../shared/aws/main-clients.ts';
import { type AccountView, accountView } from '../shared/domain/account-view.ts';
import { cell } from '../shared/domain/escape.ts';
import { obstacles } from '../shared/domain/status.ts';
import { loadAccount } from '../shared/store/accounts.ts';
import { getRejection } from '../shared/store/rejections.ts';
import { hasFailed, inTheWay, inWords } from './conditions.ts';
import { Failure } from './failure.ts';
import { say, type Told } from './terminal.ts';

/** Progress on stderr: a spinner on a terminal, elsewhere one line for each change. */
export interface Progress {
  update(text: string): void;
  stop(): void;
}

/** Starts to show progress. Until `stop`, nothing else may write to the terminal. */
export function startProgress(text: string): Progress {
  const isTerminal = !!process.stderr.isTTY;
  const spinner = ora({ isEnabled: isTerminal, isSilent: !isTerminal }).start();
  const update = (now: string) => {
    const line = cell(now);
    if (!isTerminal && line !== spinner.text) say(line);
    spinner.text = line;
  };
  update(text);
  return {
    update,
    stop: () => {
      spinner.stop();
    },
  };
}

/** Calls `look` repeatedly until it returns a value. @throws Failure with `late()` after `seconds` */
export async function poll<T>(
  look: () => Promise<T | undefined>,
  options: { seconds: number; every: number; late: () => Told },
): Promise<T> {
  const end = Date.now() + options.seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() + options.every > end) throw new Failure(options.late());
    await new Promise((resolve) => setTimeout(resolve, options.every));
  }
}

/** @throws Failure with every problem, by path, if intake rejected the request of this event */
export async function failIfRejected(table: Table, eventId: string): Promise<void> {
  const rejection = await getRejection(table, eventId);
  if (!rejection) return;
  const sentence = `The request was rejected: ${rejection.reason}: ${rejection.message}`;
  const lines = rejection.problems.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  throw new Failure({ sentence, lines });
}

/** Intake needs a few seconds. A request without effect after this time was not processed. */
export const TAKEN_SECONDS = 30;

/**
 * Waits until a registered account is ready, or until a run that may not write has finished.
 * @throws Failure if a run fails, or after `seconds`
 */
export async function waitUntilReady(
  table: Table,
  { accountId: id, seconds }: { readonly accountId: string; readonly seconds: number },
  update: (text: string) => void,
): Promise<AccountView> {
  let view: AccountView | undefined;
  return poll(
    async () => {
      const { record, status, control } = await loadAccount(table, id);
      if (!record) throw new Failure(`Account ${id} is no longer registered: somebody removed it.`);
      view = accountView({ record, status, control, now: new Date() });
      if (hasFailed(view)) throw new Failure(inTheWay(`Account ${id} failed`, view));
      if (view.ready) return view;
      const seen = status?.observedGeneration === record.generation;
      const [first] = seen ? obstacles(view.conditions) : [];
      update(`Account ${id} is ${view.state}: ${first ? inWords(first) : 'its run is not finished'}`);
      return seen && view.lastPass?.result === 'drifted' ? view : undefined;
    },
    {
      seconds,
      every: 1_000,
      late: () => {
        const late = `Account ${id} is not ready after ${Math.round(seconds)} s`;
        return view ? inTheWay(late, view) : `${late}: no run has finished`;
      },
    },
  );
}
