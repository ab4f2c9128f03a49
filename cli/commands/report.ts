import { Command, Option } from 'commander';
import { reportHtml } from '../../controllers/report/html.ts';
import { makeReport } from '../../controllers/report/model.ts';
import { readParts } from '../../controllers/report/read.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { accountPages } from '../../shared/store/listed-accounts.ts';
import { accountCells } from '../account-cells.ts';
import { connect } from '../client.ts';
import { csvText } from '../csv.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { startProgress } from '../follow.ts';
import { timeBack } from '../latest.ts';
import { reportMarkdown } from '../report-markdown.ts';
import { counted, printText, say } from '../terminal.ts';
import { writeText } from '../write-text.ts';

const FORMATS = ['html', 'md', 'csv', 'json'] as const;

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
  const text = await made(table, format, since);
  if (output === undefined) return printText(text);
  await writeText(output, text);
  say(`Wrote ${output}.`);
}

/** The text of a report that is made now. */
async function made(table: Table, format: Options['format'], since: string): Promise<string> {
  const progress = startProgress('Reading the fleet …');
  const say = (count: number) => progress.update(`Reading the fleet: ${counted(count, 'account')} …`);
  try {
    if (format === 'csv') return await csvOf(table, say);
    const report = makeReport(await readParts(table, since, new Date(), say));
    switch (format) {
      case 'html':
        return reportHtml(report);
      case 'md':
        return reportMarkdown(report);
      case 'json':
        return `${JSON.stringify(report, undefined, 2)}\n`;
    }
  } finally {
    progress.stop();
  }
}

/** The accounts as `accounts --output csv` prints them. */
async function csvOf(table: Table, onAccounts: (count: number) => void): Promise<string> {
  const rows = [Object.keys(accountCells(undefined))];
  for await (const page of accountPages(table)) {
    rows.push(...page.map((account) => Object.values(accountCells(account))));
    onAccounts(rows.length - 1);
  }
  return csvText(rows);
}
