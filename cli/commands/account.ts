import { Command } from 'commander';
import type { AccountView } from '../../shared/domain/account-view.ts';
import { typeOf } from '../obstacles.ts';
import { counted } from '../words.ts';

/** `account ID`: one account. */
export function accountCommand(): Command {
  return new Command('account')
    .description('Shows one account: where it stands, its conditions, what was made in it, its last pass.')
    .argument('<id>', 'account id, 12 digits')
    .option('--show-secrets', 'ExternalIds in clear, instead of their ends alone')
    .option('--json', 'print its document, as docs/cli.md describes it')
    .action(show);
}

async function show(id: string, options: { json?: boolean; showSecrets?: boolean }): Promise<void> {
  const [{ connect }, { oneView, readAccountId }, output] = await Promise.all([
    import('../client.ts'),
    import('../fleet.ts'),
    import('../output.ts'),
  ]);
  const accountId = readAccountId(id);
  const { table } = await connect();
  const view = await oneView(table, accountId, options.showSecrets ? 'shown' : 'masked');
  if (options.json) output.printJson(view);
  else printView(view, output);
}

/** An account for people. */
function printView(view: AccountView, output: typeof import('../output.ts')): void {
  const { print, printTable, cell, time } = output;
  const { baseline, lastPass, mode, origin } = view;
  printTable(
    [],
    [
      ['account', `${view.accountId} ${cell(view.name)}${view.email ? ` <${cell(view.email)}>` : ''}`],
      ['state', `${output.paintState(view.state)}${mode && origin ? ` (${mode}, ${origin})` : ''}`],
      ['baseline', baseline ? `${baseline.name}@${baseline.version}` : '–'],
      ['ready', output.paintReady(view.ready)],
    ],
  );
  if (view.conditions.length > 0) {
    print('');
    printTable(
      ['CONDITION', 'STATUS', 'REASON', 'MESSAGE'],
      view.conditions.map((one) => [typeOf(one), one.status, one.reason, cell(one.message)]),
    );
  }
  const outputs = Object.entries(view.outputs);
  if (outputs.length > 0) {
    print('');
    printTable(
      ['OUTPUT', 'VALUE'],
      outputs.map(([name, value]) => [cell(name), cell(value)]),
    );
  }
  if (!lastPass) return;
  const { reads, writes } = lastPass.calls;
  print('');
  print(
    `Last pass ${time(lastPass.finishedAt)}: ${output.paintResult(lastPass.result)}, ${counted(reads, 'read')}, ` +
      `${counted(writes, 'write')}, because of ${cell(lastPass.cause.detailType)} ${cell(lastPass.cause.id)}.`,
  );
  if (lastPass.differences.length > 0) output.printDifferences(lastPass.differences);
}
