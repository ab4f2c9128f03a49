import { Command } from 'commander';
import type { Table } from '../../shared/aws/main-clients.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { isOpen, type Order, type Rollout } from '../../shared/domain/rollout.ts';
import { ordered } from '../../shared/domain/rollout-changes.ts';
import { rolloutSummary, starterOf } from '../../shared/domain/rollout-summary.ts';
import { time } from '../../shared/domain/words.ts';
import { listRollouts, saveRollout } from '../../shared/store/rollouts.ts';
import { reasonText, wholeNumber } from '../arguments.ts';
import { callerClaims } from '../caller.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { printJson, printTable, say } from '../terminal.ts';
import { sayUnreadable } from '../unreadable.ts';
import { findRollout, followRollout, printRollout, viewOf } from './rollout-follow.ts';
import { readBake, readBy, readFailures, readWaves, startRollout } from './rollout-start.ts';

/** Seconds that `--wait` waits. */
const TIMEOUT = 86_400;

interface FollowOptions {
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

/** `rollout …`: moves accounts to another version of a baseline, in waves. */
export function rolloutCommand(): Command {
  const command = new Command('rollout')
    .description(
      'Moves the accounts of one version of a baseline to another, in waves that the clock moves on.',
    )
    .addHelpText(
      'after',
      examples('orgkeeper rollout start analytics@4 --from analytics@3', 'orgkeeper rollout show'),
    );
  command
    .command('start')
    .description(
      'Starts a roll-out: a wave begins when the accounts of the one before are ready and have baked. First says how many accounts move, and asks.',
    )
    .argument('<name@version>', 'the version that the accounts get')
    .requiredOption('--from <name@version>', 'the accounts of this version')
    .option('--waves <list>', 'accounts after each wave, in total', readWaves, readWaves('1,10%,50%,100%'))
    .option('--bake <time>', 'how long a wave must have been ready, such as 30m or 2h', readBake, 30)
    .option('--failures <amount>', 'how many may fail or drift before it halts: 3, or 5%', readFailures, '5%')
    .option('--by <what>', 'a share of each in every wave: ou, or tag:KEY', readBy)
    .option('--reason <text>', 'why, for the record', reasonText)
    .option('--yes', 'start without asking')
    .option('--wait', 'follow until it has ended; exit 1 if it halts')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, TIMEOUT)
    .option('--json', 'print the roll-out; with --wait, as it ended')
    .addHelpText(
      'after',
      examples(
        'orgkeeper rollout start analytics@4 --from analytics@3',
        'orgkeeper rollout start analytics@4 --from analytics@3 --waves 5,25%,100% --bake 2h --by ou --wait',
      ),
    )
    .action(startRollout);
  command
    .command('list')
    .description('Lists all roll-outs, oldest first.')
    .option('--json', 'print a list')
    .addHelpText('after', examples('orgkeeper rollout list'))
    .action(list);
  command
    .command('show')
    .description('Shows a roll-out: its waves, and the accounts that failed or drifted.')
    .argument('[id]', 'the roll-out; default: the one that has not ended')
    .option('--json', 'print its document')
    .addHelpText(
      'after',
      examples('orgkeeper rollout show', 'orgkeeper rollout show analytics-4-3fa9c1 --json'),
    )
    .action(show);
  order(command, 'pause', 'Pauses a roll-out: no account moves any more until it is resumed.')
    .addHelpText('after', examples("orgkeeper rollout pause analytics-4-3fa9c1 --reason 'see incident 7'"))
    .action((id: string, options: FollowOptions) => carryOut(id, 'pause', options));
  following(
    order(command, 'resume', 'Continues a roll-out that is paused or has halted; its last wave bakes again.'),
  )
    .addHelpText('after', examples('orgkeeper rollout resume analytics-4-3fa9c1 --wait'))
    .action((id: string, options: FollowOptions) => carryOut(id, 'resume', options));
  following(order(command, 'abort', 'Ends a roll-out. Accounts that have moved stay, or go back.'))
    .option('--roll-back', 'give the accounts that it moved the old version again')
    .addHelpText('after', examples('orgkeeper rollout abort analytics-4-3fa9c1 --roll-back --wait'))
    .action((id: string, options: FollowOptions & { rollBack?: boolean }) =>
      carryOut(id, options.rollBack ? 'rollBack' : 'abort', options),
    );
  return command;
}

function order(command: Command, name: string, description: string): Command {
  return command
    .command(name)
    .description(description)
    .argument('<id>', 'the roll-out')
    .option('--reason <text>', 'why, for the record', reasonText)
    .option('--json', 'print the roll-out');
}

function following(command: Command): Command {
  return command
    .option('--wait', 'follow until it goes on no more; exit 1 if it halts')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, TIMEOUT);
}

async function list(options: { json?: boolean }): Promise<void> {
  const { table } = await connect();
  const { items, unreadable } = await listRollouts(table);
  sayUnreadable(unreadable);
  const rollouts = items.map(rolloutSummary);
  if (options.json) return printJson(rollouts);
  if (rollouts.length === 0) return say('There was no roll-out yet: `orgkeeper rollout start --help`.');
  printTable(
    ['ROLL-OUT', 'FROM', 'TO', 'STATE', 'WAVE', 'STARTED', 'CHANGED', 'STARTED BY'],
    rollouts.map(({ rolloutId, from, to, state, wave, startedAt, changedAt, orders }) => [
      rolloutId,
      formatBaseline(from),
      formatBaseline(to),
      state,
      wave === undefined ? '–' : String(wave),
      time(startedAt),
      time(changedAt),
      starterOf({ orders }) || '–',
    ]),
  );
}

async function show(id: string | undefined, options: { json?: boolean }): Promise<void> {
  const { table } = await connect();
  const view = await viewOf(table, id ?? (await onlyOpen(table)));
  if (options.json) printJson(view);
  else printRollout(view);
}

async function onlyOpen(table: Table): Promise<string> {
  const { items, unreadable } = await listRollouts(table);
  sayUnreadable(unreadable);
  const open = items.filter(isOpen);
  const [first, second] = open;
  if (!first)
    throw new Failure('No roll-out is under way: `orgkeeper rollout list` lists those that have ended.');
  if (second) throw new Failure(`Name the roll-out: ${open.map(({ id }) => id).join(', ')}.`);
  return first.id;
}

const DONE: Record<Order, string> = {
  pause: 'is paused: no account moves until it is resumed',
  resume: 'goes on',
  abort: 'has ended: accounts that have moved stay where they are',
  rollBack: 'goes back: the accounts that it moved get the old version again',
};

async function carryOut(id: string, order: Order, options: FollowOptions): Promise<void> {
  const { table } = await connect();
  const rollout = await change(table, id, order, options.reason);
  if (!options.json) say(`Roll-out ${id} ${DONE[order]}.`);
  if (options.wait) await followRollout(table, id, options);
  else if (options.json) printJson(rolloutSummary(rollout));
}

/** How often a change is tried while the roll-out is being advanced. */
const ATTEMPTS = 20;

/** Changes a roll-out; reads it again if it was advanced at the same time. @throws Failure if the order is refused */
async function change(table: Table, id: string, order: Order, reason: string | undefined): Promise<Rollout> {
  const by = await callerClaims(reason);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const rollout = await findRollout(table, id);
    const changed = ordered(rollout, order, by, new Date());
    if ('why' in changed) throw new Failure(`${changed.reason}: roll-out ${id} ${changed.why}.`);
    if (changed === rollout || (await saveRollout(table, changed))) return changed;
  }
  throw new Failure(`Roll-out ${id} keeps changing at the same time: try again.`);
}
