import { Command, Option } from 'commander';
import type { Table } from '../../shared/aws/main-clients.ts';
import { getControl, sweepPages } from '../../shared/store/controls.ts';
import type { Page } from '../../shared/store/item.ts';
import { rejectionPages } from '../../shared/store/rejections.ts';
import { listRollouts } from '../../shared/store/rollouts.ts';
import { fleetHistory } from '../../shared/store/statuses.ts';
import { accountCells } from '../account-cells.ts';
import { connect } from '../client.ts';
import { csvText } from '../csv.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { accountPages, type ListedAccount } from '../fleet.ts';
import { startProgress } from '../follow.ts';
import { timeBack } from '../latest.ts';
import { reportHtml } from '../report/html.ts';
import { reportMarkdown } from '../report/markdown.ts';
import { CHART_DAYS, makeReport, type ReportParts } from '../report/model.ts';
import { counted, printJson, printText, say } from '../terminal.ts';
import { writeText } from '../write-text.ts';

const FORMATS = ['html', 'md', 'csv', 'json'] as const;
const ITEMS_PER_PAGE = 500;

interface Options {
  readonly since?: string;
  readonly format: (typeof FORMATS)[number];
  readonly output?: string;
}

/** `report`: the whole fleet on one page. */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'Reports on the fleet: counts, who is not ready and why, what was found and corrected, baselines, and every account.',
    )
    .option('--since <time>', 'what happened since: 24h (the default), 7d, 2027-01-31', timeBack)
    .addOption(
      new Option('--format <format>', 'html: one page that loads nothing').choices(FORMATS).default('html'),
    )
    .option('--output <file>', 'write this file, replacing it, instead of stdout')
    .addHelpText(
      'after',
      examples(
        'orgkeeper report --output report.html',
        'orgkeeper report --since 7d --format md',
        'orgkeeper report --format csv --output accounts.csv',
      ),
    )
    .action(report);
}

/** @throws Failure if a page would be printed on a terminal */
async function report({ since = timeBack('24h'), format, output }: Options): Promise<void> {
  if (format === 'html' && output === undefined && process.stdout.isTTY)
    throw new Failure(
      'A page is for a browser: name a file with --output report.html, or choose --format md.',
    );
  const { table } = await connect();
  const parts = await readParts(table, since, new Date());
  if (output !== undefined) {
    await writeText(output, textOf(parts, format));
    say(`Wrote ${output}: ${counted(parts.accounts.length, 'account')}.`);
  } else if (format === 'json') printJson(makeReport(parts));
  else printText(textOf(parts, format));
}

/** Reads the fleet, and the indexes of what happened. */
async function readParts(table: Table, since: string, now: Date): Promise<ReportParts> {
  const progress = startProgress('Reading the fleet …');
  try {
    const accounts: ListedAccount[] = [];
    for await (const page of accountPages(table)) {
      accounts.push(...page);
      progress.update(`Reading the fleet: ${counted(accounts.length, 'account')} …`);
    }
    const chartFrom = new Date(now.getTime() - CHART_DAYS * 86_400_000).toISOString();
    const from = since < chartFrom ? since : chartFrom;
    return {
      ...{ accounts, since, now },
      passes: await all(fleetHistory(table, { since: from }, ITEMS_PER_PAGE)),
      sweeps: await all(sweepPages(table, { since }, ITEMS_PER_PAGE)),
      rollouts: (await listRollouts(table)).items,
      rejected: await all(rejectionPages(table, { since }, ITEMS_PER_PAGE)),
      control: await getControl(table),
    };
  } finally {
    progress.stop();
  }
}

/** Every readable item; `accounts` and `history` name unreadable ones. */
async function all<T>(pages: AsyncGenerator<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  for await (const page of pages) items.push(...page.items);
  return items;
}

function textOf(parts: ReportParts, format: Options['format']): string {
  switch (format) {
    case 'html':
      return reportHtml(makeReport(parts));
    case 'md':
      return reportMarkdown(makeReport(parts));
    case 'json':
      return `${JSON.stringify(makeReport(parts), undefined, 2)}\n`;
    case 'csv':
      return csvText([
        Object.keys(accountCells(undefined)),
        ...parts.accounts.map((account) => Object.values(accountCells(account))),
      ]);
  }
}
