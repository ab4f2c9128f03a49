import { Command, InvalidArgumentError } from 'commander';
import { type Scope, watchWriters, writersIn } from '../../controllers/fleet/writers.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { minutesOf, Span } from '../../shared/domain/clusters.ts';
import { withBaselinePause, withFleetPause } from '../../shared/domain/control.ts';
import { endedPause, type Pause, pausedAgain } from '../../shared/domain/pause.ts';
import { counted, time } from '../../shared/domain/words.ts';
import { changeControl } from '../../shared/store/controls.ts';
import type { Lease } from '../../shared/store/leases.ts';
import { reasonText, wholeNumber } from '../arguments.ts';
import { callerClaims } from '../caller.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { editRecord, findAccount, publishedBaseline, readAccountId } from '../fleet.ts';
import { poll, startProgress } from '../follow.ts';
import { say, type Told } from '../terminal.ts';

interface ScopeOptions {
  readonly fleet?: boolean | undefined;
  readonly baseline?: string | undefined;
}

interface PauseOptions extends ScopeOptions {
  readonly for?: number;
  readonly reason?: string;
  readonly wait: boolean;
  readonly timeout: number;
}

/** `pause`: stops writing, and waits until no earlier run can write. */
export function pauseCommand(): Command {
  return scoped(new Command('pause'))
    .description(
      'Stops writes to the fleet, to the accounts of a baseline, or to some accounts. Runs go on observing.',
    )
    .option('--for <time>', 'how long: 30m, 2h; it ends by itself. Default: until `resume`', minutes)
    .option('--reason <text>', 'why, for the record', reasonText)
    .option('--no-wait', 'do not wait for runs that are writing; name them')
    .option('--timeout <seconds>', 'how long to wait for runs that are writing', wholeNumber, 300)
    .addHelpText(
      'after',
      examples('orgkeeper pause --fleet --for 2h', 'orgkeeper pause 456789012345 567890123456'),
    )
    .action(async (ids: string[], options: PauseOptions) => {
      const { for: span, reason } = options;
      const now = new Date();
      const pause = {
        at: now.toISOString(),
        ...(await callerClaims(reason)),
        ...(span !== undefined && { until: new Date(now.getTime() + span * 60_000).toISOString() }),
      };
      const { table, scope } = await changed(ids, options, pause);
      const until = pause.until ? ` until ${time(pause.until)}; it resumes by itself then` : '';
      say(`Paused ${inWords(scope)}${until}.`);
      const writers = await writersIn(table, scope, new Date());
      if (writers.length === 0) return say('No run is writing.');
      if (!options.wait) return say(stillWriting(writers));
      await waitForWriters(table, writers, options.timeout);
      say('No run that began before the pause is writing any more.');
    });
}

/** `resume`: ends one pause; others stay. */
export function resumeCommand(): Command {
  return scoped(new Command('resume'))
    .description('Ends a pause. The next sweep corrects what has drifted since.')
    .addHelpText('after', examples('orgkeeper resume --fleet'))
    .action(async (ids: string[], options: ScopeOptions) => {
      const { scope } = await changed(ids, options, undefined);
      say(`Resumed ${inWords(scope)}; \`orgkeeper sweep\` corrects what has drifted since.`);
    });
}

function scoped(command: Command): Command {
  return command
    .argument('[ids...]', 'account ids')
    .option('--fleet', 'every account')
    .option('--baseline <name>', 'the accounts of this baseline, at any version');
}

/** The minutes of a time span. */
function minutes(text: string): number {
  const parsed = Span.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(`It ${parsed.error.issues[0]?.message}.`);
  return minutesOf(text);
}

/**
 * Pauses, or resumes without a `pause`. What is paused already gets the new pause instead, and what is not is not resumed: safe to
 * repeat.
 */
async function changed(
  ids: string[],
  { fleet, baseline }: ScopeOptions,
  pause: Pause | undefined,
): Promise<{ table: Table; scope: Scope }> {
  if ([fleet, baseline, ids.length > 0].filter(Boolean).length !== 1) {
    throw new Failure('Name what to pause or resume: one of --fleet, --baseline NAME, or account ids.');
  }
  const accountIds = [...new Set(ids.map(readAccountId))];
  const scope: Scope = fleet ? { fleet } : baseline ? { baseline } : { accountIds };
  const { table } = await connect();
  if ('fleet' in scope) await changeControl(table, (control) => withFleetPause(control, pause));
  else if ('baseline' in scope) await changeBaseline(table, scope.baseline, pause);
  else await changeAccounts(table, scope.accountIds, pause);
  return { table, scope };
}

async function changeBaseline(table: Table, name: string, pause: Pause | undefined): Promise<void> {
  if (pause) await publishedBaseline(table, { name });
  await changeControl(table, (control) => withBaselinePause(control, name, pause));
}

/** Either all accounts are known, or none is changed. Desired state stays the same, and so does the generation. */
async function changeAccounts(
  table: Table,
  accountIds: readonly string[],
  pause: Pause | undefined,
): Promise<void> {
  for (const id of accountIds) await findAccount(table, id);
  for (const id of accountIds) {
    await editRecord(table, id, (record) => {
      const { pause: before, ...rest } = record;
      if (!pause)
        return record.paused ? { ...rest, paused: false, pause: endedPause(before, new Date()) } : undefined;
      const now = pausedAgain(before, pause);
      return record.paused && now === before ? undefined : { ...rest, paused: true, pause: now };
    });
  }
}

/** @throws Failure with the runs that may still write after so many seconds */
async function waitForWriters(table: Table, writers: readonly Lease[], seconds: number): Promise<void> {
  const look = watchWriters(table, writers);
  let left = writers;
  const waiting = () => `Waiting for ${counted(left.length, 'run')} to finish what it is writing …`;
  const progress = startProgress(waiting());
  try {
    await poll(
      async () => {
        left = await look(new Date());
        if (left.length === 0) return true;
        progress.update(waiting());
        return undefined;
      },
      { seconds, every: 1_000, late: () => stillWriting(left) },
    );
  } finally {
    progress.stop();
  }
}

function inWords(scope: Scope): string {
  if ('fleet' in scope) return 'the fleet';
  return 'baseline' in scope ? `baseline ${scope.baseline}` : scope.accountIds.join(', ');
}

/** The runs that may still write, on which account, and until when, unless they extend their lease. */
function stillWriting(writers: readonly Lease[]): Told {
  return {
    sentence:
      `${counted(writers.length, 'run')} may still be writing, finishing the unit that each is at; ` +
      'a lease that is not extended ends at the time shown:',
    lines: writers.map(
      ({ accountId, passId, until }) => `account ${accountId}, run ${passId}, until ${time(until)}`,
    ),
  };
}
