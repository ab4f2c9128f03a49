import { Command } from 'commander';
import type { Sweep } from '../../shared/domain/control.ts';
import { brakeOf, resultCells, SWEEP_RESULTS, sweepView, sweptOf } from '../../shared/domain/sweep-view.ts';
import { time } from '../../shared/domain/words.ts';
import { sweepCursor, sweepPages } from '../../shared/store/controls.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { type LatestOptions, sayMore, takeLatest, withLatestOptions } from '../latest.ts';
import { colours, Painted, printJson, printTable, type Row, say } from '../terminal.ts';

/** `sweeps`: the sweeps of the last thirty days. */
export function sweepsCommand(): Command {
  const command = new Command('sweeps').description(
    'Lists the sweeps of the last 30 days, newest first: nightly ones, requested ones, assignments of baselines.',
  );
  return withLatestOptions(command, 'sweeps', 20)
    .option(
      '--json',
      'print a list of { sweepId, startedAt, accounts, drifted, stopped, baseline, cause, finished }',
    )
    .addHelpText('after', examples('orgkeeper sweeps --since 7d', 'orgkeeper sweeps --limit 1 --json'))
    .action(list);
}

async function list({ json, limit, ...span }: LatestOptions & { readonly json?: boolean }): Promise<void> {
  const { table } = await connect();
  const { items, isMore } = await takeLatest(sweepPages(table, span, limit + 1), limit);
  if (json) printJson(items.map(sweepView));
  else if (items.length === 0) say('No sweep in this time.');
  else printTable(HEAD, items.map(row));
  const last = items.at(-1);
  sayMore(isMore, last && sweepCursor(last));
}

const HEAD = [
  ...['STARTED', 'SWEEP', 'OF', 'ACCOUNTS'],
  ...SWEEP_RESULTS.map((result) => result.toUpperCase()),
  'BRAKE',
];

function row(sweep: Sweep): Row {
  const { startedAt, sweepId, accounts, stopped } = sweep;
  return [
    time(startedAt),
    sweepId,
    sweptOf(sweep),
    String(accounts),
    ...resultCells(sweep),
    stopped ? new Painted(colours().red(brakeOf(sweep))) : brakeOf(sweep),
  ];
}
