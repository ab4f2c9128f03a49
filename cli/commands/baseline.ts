import { Command } from 'commander';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { cell } from '../../shared/domain/escape.ts';
import { time } from '../../shared/domain/words.ts';
import { listBaselines } from '../../shared/store/baselines.ts';
import { reasonText } from '../arguments.ts';
import { checkFile, formatProblem, notValid, publishBaselineFile } from '../baseline-file.ts';
import { connect } from '../client.ts';
import { printDifferences } from '../differences.ts';
import { examples } from '../examples.ts';
import { allRecords, publishedBaseline, readBaselineReference } from '../fleet.ts';
import { print, printJson, printTable, printText, say } from '../terminal.ts';
import { assign } from './baseline-assign.ts';

/** `baseline …`: the commands for baselines. */
export function baselineCommand(): Command {
  const command = new Command('baseline')
    .description('Lists, shows, checks, publishes and assigns baselines.')
    .addHelpText('after', examples('orgkeeper baseline list', 'orgkeeper baseline validate analytics.yaml'));
  command
    .command('list')
    .description('Lists every version of every baseline, with its number of managed accounts.')
    .option('--json', 'print a list')
    .addHelpText('after', examples('orgkeeper baseline list'))
    .action(list);
  command
    .command('show')
    .description('Prints the text that a baseline was published from.')
    .argument('<name[@version]>', 'the baseline; default: its newest version')
    .option('--json', 'print the stored document')
    .addHelpText('after', examples('orgkeeper baseline show analytics@3 > analytics.yaml'))
    .action(show);
  command
    .command('validate')
    .description('Checks a baseline file; lists every problem with its line. Needs no deployment.')
    .argument('<file>', 'a YAML file')
    .option('--json', 'print whether it is valid, and all problems')
    .addHelpText('after', examples('orgkeeper baseline validate analytics.yaml'))
    .action(validate);
  command
    .command('schema')
    .description('Prints the JSON Schema of baseline files, for editors. Needs no deployment.')
    .addHelpText('after', examples('orgkeeper baseline schema > baseline.schema.json'))
    .action(schema);
  command
    .command('publish')
    .description(
      'Publishes a file as the next version of its baseline; prints name@version. Moves no account.',
    )
    .argument('<file>', 'a YAML file')
    .addHelpText('after', examples('orgkeeper baseline publish analytics.yaml'))
    .action(publish);
  command
    .command('diff')
    .description(
      'Shows what differs between two versions of a baseline, as they were written. Exit 2 if something does.',
    )
    .argument('<from>', 'name@version')
    .argument('<to>', 'name@version, or name for its newest version')
    .option('--json', 'print the differences')
    .addHelpText('after', examples('orgkeeper baseline diff analytics@3 analytics'))
    .action(diff);
  command
    .command('assign')
    .description(
      'Moves accounts to a version of a baseline and requests a run of each. First says how many, and asks.',
    )
    .argument('<name@version>', 'the target')
    .argument('[ids...]', 'account ids')
    .option('--all', 'every managed account')
    .option('--from <name[@version]>', 'the accounts of this baseline')
    .option('--reason <text>', 'why, for the record', reasonText)
    .option('--yes', 'move without asking')
    .addHelpText(
      'after',
      examples(
        'orgkeeper baseline assign analytics@4 456789012345',
        "orgkeeper baseline assign analytics@4 --from analytics@3 --reason 'ticket 42'",
      ),
    )
    .action(assign);
  return command;
}

async function list(options: { json?: boolean }): Promise<void> {
  const { table } = await connect();
  const [baselines, records] = await Promise.all([listBaselines(table), allRecords(table)]);
  const rows = baselines.map(({ name, version, description, publishedAt }) => {
    const on = records.filter(
      ({ lifecycle, baseline }) =>
        lifecycle === 'managed' && baseline?.name === name && baseline.version === version,
    );
    return { name, version, description, publishedAt, accounts: on.length };
  });
  if (options.json) return printJson(rows);
  if (rows.length === 0) return say('No baseline has been published yet: `orgkeeper baseline publish FILE`.');
  printTable(
    ['BASELINE', 'ACCOUNTS', 'PUBLISHED', 'DESCRIPTION'],
    rows.map(({ name, version, description, publishedAt, accounts }) => [
      `${name}@${version}`,
      String(accounts),
      time(publishedAt),
      cell(description),
    ]),
  );
}

async function show(text: string, options: { json?: boolean }): Promise<void> {
  const reference = readBaselineReference(text);
  const { table } = await connect();
  const baseline = await publishedBaseline(table, reference);
  if (options.json) printJson(baseline);
  else printText(baseline.text.trimEnd());
}

async function diff(from: string, to: string, options: { json?: boolean }): Promise<void> {
  const { table } = await connect();
  const [before, after] = await Promise.all(
    [from, to].map(async (text) => publishedBaseline(table, readBaselineReference(text))),
  );
  if (!before || !after) return;
  const { diffBaselines } = await import('../diff-baselines.ts');
  const differences = diffBaselines(before.text, after.text);
  if (differences.length > 0) process.exitCode = 2;
  if (options.json) printJson(differences);
  else if (differences.length === 0)
    say(`${formatBaseline(before)} and ${formatBaseline(after)} say the same.`);
  else printDifferences(differences);
}

async function validate(file: string, options: { json?: boolean }): Promise<void> {
  const { text, ...checked } = await checkFile(file);
  const problems = 'problems' in checked ? checked.problems : [];
  // Loaded here: no other command needs AWS's list of actions.
  const { policyWarnings } = await import('../policy-warnings.ts');
  const warnings = problems.length > 0 ? [] : await policyWarnings(text);
  if (options.json) {
    printJson({ valid: problems.length === 0, problems, warnings });
    if (problems.length > 0) process.exitCode = 1;
    return;
  }
  if (!('baseline' in checked)) throw notValid(file, problems);
  const { name, sections } = checked.baseline;
  say(`${file} is a valid baseline: ${name} with ${Object.keys(sections).join(', ')}.`);
  if (warnings.length === 0) return;
  say({ sentence: 'What AWS would never apply:', lines: warnings.map((one) => formatProblem(file, one)) });
}

async function schema(): Promise<void> {
  const [{ baselineSchema }, { kinds }] = await Promise.all([
    import('../../controllers/kinds/baseline-schema.ts'),
    import('../../controllers/kinds/index.ts'),
  ]);
  printJson(baselineSchema(kinds));
}

async function publish(file: string): Promise<void> {
  const { baseline, published } = await publishBaselineFile(await connect(), file);
  print(formatBaseline(baseline));
  if (!published) say('Unchanged: the newest version has the same text.');
}
