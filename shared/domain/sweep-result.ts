import { type AccountStatus, type PassRecord, type PassResult, unmet } from './status.ts';

/** An account whose run did not end well. */
export interface WorstAccount {
  readonly accountId: string;
  readonly result: PassResult;
  /** Reason and message of the condition that explains it best. */
  readonly reason: string;
  readonly message: string;
}

/** How the runs of a sweep ended, or those of a part of it. Public: in `SweepFinished` and `sweeps --json`. */
export interface SweepTally extends Readonly<Record<PassResult, number>> {
  /** The accounts that had a run: those that were retired, left or were forgotten meanwhile are not counted. */
  readonly accounts: number;
  /** ISO time at which the last run ended. */
  readonly lastAt: string;
  /** The first few that did not end well, failed ones before drifted and waiting ones. */
  readonly worst: readonly WorstAccount[];
}

/** How the runs of a whole sweep ended. */
export interface SweepResult extends SweepTally {
  /** From the request until the last run ended. */
  readonly seconds: number;
  /** Parts of the sweep whose items cannot be read: nobody knows which accounts they had. Absent in a sweep from before this was counted. */
  readonly unreadable?: number;
}

/** How many accounts a tally names. */
const NAMED = 10;
/** How many characters of a message it keeps. */
const MESSAGE = 300;
const ORDER: readonly PassResult[] = ['failed', 'drifted', 'waiting'];

/**
 * The run of an account that answers a sweep: its own, or one that began after the sweep had requested it. Undefined while there is
 * none, or it will be redelivered. Pure.
 * @param since ISO time at which the sweep requested the run
 */
export function answerTo(
  sweep: { readonly sweepId: string; readonly since: string },
  status: AccountStatus | undefined,
): PassRecord | undefined {
  const run = status?.lastPass;
  if (!status || !run) return undefined;
  if (run.cause.id !== sweep.sweepId && Date.parse(run.startedAt) < Date.parse(sweep.since)) return undefined;
  const isRedelivered =
    run.result === 'failed' &&
    status.dueAt === undefined &&
    status.conditions.every((one) => one.status !== 'False');
  return isRedelivered ? undefined : run;
}

/** The tally of one run that ended. Pure. */
export function tallyOf({ accountId, conditions }: AccountStatus, run: PassRecord): SweepTally {
  const { reason = 'NoCondition', message = 'No condition says why.' } = unmet(conditions) ?? {};
  const isWell = !ORDER.includes(run.result);
  return {
    ...NOTHING,
    accounts: 1,
    [run.result]: 1,
    lastAt: run.finishedAt,
    worst: isWell ? [] : [{ accountId, result: run.result, reason, message: message.slice(0, MESSAGE) }],
  };
}

/** The tally of an account of which no run has a result that can be read. Pure. */
export function withoutResult(
  accountId: string,
  { reason, message }: Pick<WorstAccount, 'reason' | 'message'>,
): SweepTally {
  const worst: WorstAccount = { accountId, result: 'failed', reason, message: message.slice(0, MESSAGE) };
  return { ...NOTHING, accounts: 1, failed: 1, worst: [worst] };
}

/** The sum of tallies. Pure. */
export function sumOf(tallies: readonly SweepTally[]): SweepTally {
  const total = (key: PassResult | 'accounts') => tallies.reduce((sum, tally) => sum + tally[key], 0);
  const worst = tallies.flatMap((tally) => tally.worst);
  return {
    accounts: total('accounts'),
    unchanged: total('unchanged'),
    corrected: total('corrected'),
    drifted: total('drifted'),
    waiting: total('waiting'),
    failed: total('failed'),
    lastAt:
      tallies
        .map(({ lastAt }) => lastAt)
        .toSorted()
        .at(-1) ?? '',
    worst: worst.toSorted((a, b) => ORDER.indexOf(a.result) - ORDER.indexOf(b.result)).slice(0, NAMED),
  };
}

const NOTHING: SweepTally = {
  ...{ accounts: 0, unchanged: 0, corrected: 0, drifted: 0, waiting: 0, failed: 0 },
  lastAt: '',
  worst: [],
};
