import { Command } from 'commander';
import type { AccountView } from '../../shared/domain/account-view.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { whoAndWhy } from '../../shared/domain/cause.ts';
import { cell } from '../../shared/domain/escape.ts';
import { exceptionInWords } from '../../shared/domain/exceptions.ts';
import { pauseInWords } from '../../shared/domain/pause.ts';
import { countDifferences } from '../../shared/domain/status.ts';
import { GLOBAL, outputKey } from '../../shared/domain/unit.ts';
import { counted, time } from '../../shared/domain/words.ts';
import { connect } from '../client.ts';
import { printDifferences, regionColumn } from '../differences.ts';
import { examples } from '../examples.ts';
import { oneView, readAccountId } from '../fleet.ts';
import { Painted, paintReady, paintResult, paintState, print, printJson, printTable } from '../terminal.ts';

/** `account ID`: one account. */
export function accountCommand(): Command {
  return new Command('account')
    .description('Shows one account: state, conditions, outputs, last run.')
    .argument('<id>', 'account id, 12 digits')
    .option('--show-secrets', 'show whole ExternalIds instead of masked ones')
    .option('--json', 'print its document; docs/cli.md describes it')
    .addHelpText('after', examples('orgkeeper account 456789012345', 'orgkeeper account 456789012345 --json'))
    .action(show);
}

async function show(id: string, options: { json?: boolean; showSecrets?: boolean }): Promise<void> {
  const accountId = readAccountId(id);
  const { table } = await connect();
  const view = await oneView(table, accountId, options.showSecrets ? 'shown' : 'masked');
  if (options.json) printJson(view);
  else printView(view);
}

/** Prints an account for people. */
function printView(view: AccountView): void {
  const { baseline, lastPass, mode, origin } = view;
  printTable(
    [],
    [
      ['account', `${view.accountId} ${cell(view.name)}${view.email ? ` <${cell(view.email)}>` : ''}`],
      ['state', new Painted(`${paintState(view.state)}${mode && origin ? ` (${mode}, ${origin})` : ''}`)],
      ['baseline', baseline ? formatBaseline(baseline) : '–'],
      ['ready', paintReady(view.ready)],
      ...(view.pauses ?? []).map((pause) => [`paused: ${pause.of}`, cell(pauseInWords(pause))]),
      ...(view.exceptions ?? [])
        .filter(({ state }) => state === 'live')
        .map((one) => ['exception', cell(`${one.path} ${exceptionInWords(one)}`)]),
    ],
  );
  if (view.conditions.length > 0) {
    print('');
    const regions = regionColumn(view.conditions);
    printTable(
      ['CONDITION', ...regions.head, 'STATUS', 'REASON', 'MESSAGE'],
      view.conditions.map((one) => [
        one.type,
        ...regions.cells(one),
        one.status,
        one.reason,
        cell(one.message),
      ]),
    );
  }
  const outputs = [
    ...Object.entries(view.outputs),
    ...Object.entries(view.regions ?? {}).flatMap(([region, { outputs }]) =>
      Object.entries(outputs).map(([name, value]) => [outputKey(name, region, GLOBAL), value] as const),
    ),
  ];
  if (outputs.length > 0) {
    print('');
    printTable(
      ['OUTPUT', 'VALUE'],
      outputs.map(([name, value]) => [cell(name), cell(value)]),
    );
  }
  const exchanged = [
    ...Object.entries(view.exports ?? {}).map(([name, value]) => [`export ${name}`, value] as const),
    ...(view.imports ?? []).map((name) => [`import ${name}`, ''] as const),
  ];
  if (exchanged.length > 0) {
    print('');
    printTable(
      ['BETWEEN ACCOUNTS', 'VALUE'],
      exchanged.map(([what, value]) => [cell(what), cell(value)]),
    );
  }
  if (view.excepted) {
    print('\nExcepted, and not corrected:');
    printDifferences(view.excepted);
  }
  if (!lastPass) return;
  const { reads, writes } = lastPass.calls;
  const who = whoAndWhy(lastPass.cause);
  print('');
  print(
    `Last run ${time(lastPass.finishedAt)}: ${paintResult(lastPass.result)}, ${counted(reads, 'read')}, ` +
      `${counted(writes, 'write')}, caused by ${cell(lastPass.cause.detailType)} ${cell(lastPass.cause.id)}${who && ` (${cell(who)})`}.`,
  );
  if (countDifferences(lastPass) > 0) printDifferences(lastPass.differences, lastPass.differencesOmitted);
}
