import { Command } from 'commander';
import type { AccountView } from '../../shared/domain/account-view.ts';
import { connect } from '../client.ts';
import { viewPages } from '../fleet.ts';
import {
  cell,
  counted,
  paintReady,
  paintResult,
  paintState,
  type Row,
  say,
  startJsonList,
  startTable,
  time,
} from '../terminal.ts';

interface Options {
  readonly notReady?: boolean;
  readonly drifted?: boolean;
  readonly json?: boolean;
}

/** `accounts`: the fleet. */
export function accountsCommand(): Command {
  return new Command('accounts')
    .description('Lists the accounts that Orgkeeper knows, by account id.')
    .option('--not-ready', 'only managed accounts that are not ready')
    .option('--drifted', 'only accounts whose last run found differences, corrected or not')
    .option('--json', 'print a list of the documents of `account ID --json`')
    .action(list);
}

async function list(options: Options): Promise<void> {
  const { table } = await connect();
  const print = options.json ? jsonPages() : tablePages();
  const count = { all: 0, shown: 0, ready: 0, missing: 0 };
  for await (const page of viewPages(table)) {
    const views = page.filter(
      (view) => (!options.notReady || isMissing(view)) && (!options.drifted || hasDrifted(view)),
    );
    print.page(views);
    count.all += page.length;
    count.shown += views.length;
    count.ready += page.filter(({ ready }) => ready).length;
    count.missing += page.filter(isMissing).length;
  }
  print.end(count);
}

interface Count {
  readonly all: number;
  readonly shown: number;
  readonly ready: number;
  readonly missing: number;
}

/** Prints accounts, one page at a time. */
interface Pages {
  page(views: readonly AccountView[]): void;
  end(count: Count): void;
}

function jsonPages(): Pages {
  const list = startJsonList();
  return { page: (views) => list.add(views), end: () => list.end() };
}

function tablePages(): Pages {
  const rows = startTable(HEAD);
  return {
    page: (views) => {
      if (views.length > 0) rows(views.map(row));
    },
    end: (count) => say(summary(count)),
  };
}

const HEAD = ['ACCOUNT', 'NAME', 'BASELINE', 'STATE', 'READY', 'LAST RESULT', 'LAST RUN'];

function row({ accountId, name, baseline, state, ready, lastPass }: AccountView): Row {
  return [
    accountId,
    cell(name),
    baseline ? `${baseline.name}@${baseline.version}` : '–',
    paintState(state),
    paintReady(ready),
    paintResult(lastPass?.result),
    time(lastPass?.finishedAt),
  ];
}

/** Whether an account is managed and not ready. */
function isMissing({ state, ready }: AccountView): boolean {
  return !ready && !['unmanaged', 'retired', 'departed'].includes(state);
}

function hasDrifted({ lastPass }: AccountView): boolean {
  return lastPass?.result === 'drifted' || lastPass?.result === 'corrected';
}

function summary({ all, shown, ready, missing }: Count): string {
  if (all === 0)
    return 'No accounts yet: new ones appear by themselves; register others with `orgkeeper register`.';
  return `${shown} of ${counted(all, 'account')}; ${ready} ready, ${missing} not.`;
}
