import { Command, Option } from 'commander';
import { isMissing, reasonOf } from '../../shared/domain/account-view.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { cell } from '../../shared/domain/escape.ts';
import { counted, time } from '../../shared/domain/words.ts';
import {
  accountPages,
  differingAccountPages,
  type ListedAccount,
} from '../../shared/store/listed-accounts.ts';
import { accountCells } from '../account-cells.ts';
import { type AccountFilters, accountFilter } from '../account-filter.ts';
import { connect } from '../client.ts';
import { startCsv } from '../csv.ts';
import { examples } from '../examples.ts';
import {
  age,
  cut,
  flushed,
  paintReady,
  paintResult,
  paintState,
  type Row,
  say,
  startJsonList,
  startTable,
} from '../terminal.ts';

const FORMATS = ['table', 'wide', 'json', 'csv'] as const;
const STATES = ['unmanaged', 'pending', 'active', 'paused', 'failed', 'retired', 'departed'] as const;

interface Options extends AccountFilters {
  readonly output: (typeof FORMATS)[number];
  readonly json?: boolean;
}

/** `accounts`: the fleet. */
export function accountsCommand(): Command {
  return new Command('accounts')
    .description('Lists the accounts that Orgkeeper knows, by account id. Filters are combined.')
    .option('--not-ready', 'only managed accounts that are not ready')
    .option('--drifted', 'only accounts whose last run found differences, corrected or not')
    .addOption(new Option('--state <state>', 'only accounts in this state').choices(STATES))
    .option('--baseline <name[@version]>', 'only accounts of this baseline')
    .option('--ou <id>', 'only accounts in this organizational unit itself')
    .option('--tag <key[=value]>', 'only accounts that are registered with this tag')
    .option('--reason <reason>', 'only accounts with this reason of a condition that is not met: InUse')
    .option('--kind <kind>', 'only accounts of which this kind is not as desired: network')
    .addOption(
      new Option('-o, --output <format>', 'wide: a table with more columns')
        .choices(FORMATS)
        .default('table'),
    )
    .option('--json', 'the same as --output json: a list of the documents of `account ID --json`')
    .addHelpText(
      'after',
      examples(
        'orgkeeper accounts --not-ready',
        'orgkeeper accounts --baseline analytics@3 --kind network',
        'orgkeeper accounts --tag costCenter=42 -o csv',
      ),
    )
    .action(list);
}

async function list(options: Options): Promise<void> {
  const isListed = accountFilter(options);
  const { table } = await connect();
  const print = pagesOf(options.json ? 'json' : options.output);
  const count = { all: 0, shown: 0, ready: 0, missing: 0 };
  const pages = options.drifted ? differingAccountPages(table) : accountPages(table);
  for await (const page of pages) {
    const listed = page.filter(isListed);
    print.page(listed);
    await flushed();
    count.all += page.length;
    count.shown += listed.length;
    count.ready += page.filter(({ view }) => view.ready).length;
    count.missing += page.filter(({ view }) => isMissing(view)).length;
  }
  print.end(options.drifted ? summaryOfDrifted(count) : summary(count));
}

interface Count {
  readonly all: number;
  readonly shown: number;
  readonly ready: number;
  readonly missing: number;
}

/** Prints accounts, one page at a time. */
interface Pages {
  page(accounts: readonly ListedAccount[]): void;
  end(summary: string): void;
}

function pagesOf(format: Options['output']): Pages {
  switch (format) {
    case 'json': {
      const list = startJsonList();
      return { page: (accounts) => list.add(accounts.map(({ view }) => view)), end: () => list.end() };
    }
    case 'csv': {
      const add = startCsv(Object.keys(accountCells(undefined)));
      return {
        page: (accounts) => add(accounts.map((one) => Object.values(accountCells(one)))),
        end: () => undefined,
      };
    }
    case 'table':
      return tablePages(HEAD, row);
    case 'wide':
      return tablePages([...HEAD, ...WIDE_HEAD], (account, now) => [
        ...row(account, now),
        ...wideCells(account),
      ]);
  }
}

function tablePages(head: readonly string[], rowOf: (account: ListedAccount, now: Date) => Row): Pages {
  const rows = startTable(head);
  const now = new Date();
  return {
    page: (accounts) => {
      if (accounts.length > 0) rows(accounts.map((account) => rowOf(account, now)));
    },
    end: say,
  };
}

const HEAD = ['ACCOUNT', 'NAME', 'BASELINE', 'STATE', 'READY', 'REASON', 'LAST RESULT', 'LAST RUN'];
/** The most characters of a name on a terminal. */
const NAME_WIDTH = 24;

function row({ view }: ListedAccount, now: Date): Row {
  const { accountId, name, baseline, state, ready, lastPass } = view;
  return [
    accountId,
    cut(cell(name), NAME_WIDTH),
    baseline ? formatBaseline(baseline) : '–',
    paintState(state),
    paintReady(ready),
    reasonOf(view) || '–',
    paintResult(lastPass?.result),
    age(lastPass?.finishedAt, now),
  ];
}

const WIDE_HEAD = ['MODE', 'ORIGIN', 'OU', 'REGIONS', 'FINISHED'];

function wideCells({ view, record }: ListedAccount): Row {
  return [
    view.mode ?? '–',
    view.origin ?? '–',
    record?.unit ?? '–',
    record?.regions?.join(', ') ?? '–',
    time(view.lastPass?.finishedAt),
  ];
}

function summary({ all, shown, ready, missing }: Count): string {
  if (all === 0)
    return 'No accounts yet: new ones appear by themselves; register others with `orgkeeper register`.';
  return `${shown} of ${counted(all, 'account')}; ${ready} ready, ${missing} not.`;
}

/** Of accounts whose last run found differences: how many others there are is not read. */
function summaryOfDrifted({ all, shown, ready, missing }: Count): string {
  if (all === 0) return 'The last run of no account found differences.';
  return `${shown} of ${counted(all, 'account')} whose last run found differences; ${ready} ready, ${missing} not.`;
}
