import { Command, Option } from 'commander';
import { reportHtml } from '../../controllers/report/html.ts';
import { makeReport } from '../../controllers/report/model.ts';
import { readParts } from '../../controllers/report/read.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { counted } from '../../shared/domain/words.ts';
import { accountPages } from '../../shared/store/listed-accounts.ts';
import { accountCells } from '../account-cells.ts';
import { dayOf } from '../arguments.ts';
import { connect } from '../client.ts';
import { csvText } from '../csv.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { startProgress } from '../follow.ts';
import { timeBack } from '../latest.ts';
import { reportMarkdown } from '../report-markdown.ts';
import type { OpenOptions } from '../report-open.ts';
import { putS3Object, s3ObjectOf } from '../s3-object.ts';
import { printText, say } from '../terminal.ts';
import { writeText } from '../write-text.ts';

const FORMATS = ['html', 'md', 'csv', 'json'] as const;

const CONTENT_TYPES: Readonly<Record<Options['format'], string>> = {
  html: 'text/html; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
};

interface Options {
  readonly since?: string;
  readonly format: (typeof FORMATS)[number];
  readonly output?: string;
}

/** `report`: the whole fleet on one page. */
export function reportCommand(): Command {
  const command = new Command('report')
    .description(
      'Reports on the fleet: counts, who is not ready and why, what was found and corrected, baselines, and every account.',
    )
    .option('--since <time>', 'what happened since: 24h (the default), 7d, 2027-01-31', timeBack)
    .addOption(
      new Option('--format <format>', 'html: one page that loads nothing').choices(FORMATS).default('html'),
    )
    .option('--output <file>', 'write this file or s3://bucket/key, replacing it, instead of stdout')
    .addHelpText(
      'after',
      examples(
        'orgkeeper report --output report.html',
        'orgkeeper report --since 7d --format md',
        'orgkeeper report --format csv --output accounts.csv',
      ),
    )
    .action(report);
  command
    .command('open')
    .description(
      'Prints a link to the page that the last nightly sweep left; on a terminal with a browser, opens it, too.',
    )
    .option('--date <day>', 'the page of the night of this day (UTC), such as 2027-01-31', dayOf)
    .option('--json', 'print { date, url, expiresAt }, and open nothing')
    .addHelpText('after', examples('orgkeeper report open', 'orgkeeper report open --date 2027-01-31'))
    .action(async (options: OpenOptions) => {
      // Loaded only here: a report needs no client of S3.
      const { openReport } = await import('../report-open.ts');
      await openReport(options);
    });
  return command;
}

/** @throws Failure if a page would be printed on a terminal */
async function report({ since = timeBack('24h'), format, output }: Options): Promise<void> {
  if (format === 'html' && output === undefined && process.stdout.isTTY)
    throw new Failure(
      'A page is for a browser: name a file with --output report.html, or choose --format md.',
    );
  const { config, table } = await connect();
  const text = await made(table, format, since);
  if (output === undefined) return printText(text);
  const object = s3ObjectOf(output);
  if (object) await putS3Object(object, text, { region: config.region, contentType: CONTENT_TYPES[format] });
  else await writeText(output, text);
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
