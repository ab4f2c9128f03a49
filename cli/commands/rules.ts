import { Command } from 'commander';
import { counted } from '../words.ts';

/** `rules …`: which baseline accounts get that come without one. */
export function rulesCommand(): Command {
  const command = new Command('rules').description(
    'Lists, checks, publishes and explains the rules that choose baselines.',
  );
  command
    .command('list')
    .description('Lists every version of the rules; the newest one holds.')
    .option('--json', 'print a list of the stored documents')
    .action(list);
  command
    .command('validate')
    .description('Checks a file of rules; every problem with its line. Needs no deployment.')
    .argument('<file>', 'a YAML file')
    .option('--json', 'print whether it is valid, and the problems')
    .action(validate);
  command
    .command('publish')
    .description(
      'Publishes a file as the next version, which holds from then on; prints it. Moves no account.',
    )
    .argument('<file>', 'a YAML file')
    .action(publish);
  command
    .command('explain')
    .description('Says which baseline the rules choose for an account, and why.')
    .argument('<id>', 'the account')
    .option('--file <file>', 'with the rules of this file, instead of those that hold')
    .option('--json', 'print the answer, with what was known of the account')
    .action(async (id: string, options: { file?: string; json?: boolean }) => {
      const { explainRules } = await import('../explain-rules.ts');
      await explainRules(id, options);
    });
  return command;
}

async function list(options: { json?: boolean }): Promise<void> {
  const [{ connect }, { listRules }, output] = await Promise.all([
    import('../client.ts'),
    import('../../shared/store/rules.ts'),
    import('../output.ts'),
  ]);
  const { table, config } = await connect();
  const versions = await listRules(table);
  if (options.json) return output.printJson(versions);
  if (versions.length === 0) {
    output.say(`No rules are published: every account gets ${config.defaultBaseline}.`);
    return;
  }
  output.printTable(
    ['VERSION', 'RULES', 'DEFAULT', 'PUBLISHED', 'DESCRIPTION'],
    versions.map((rules) => [
      String(rules.version),
      String(rules.rules.length),
      rules.default,
      output.time(rules.publishedAt),
      output.cell(rules.description),
    ]),
  );
}

async function validate(file: string, options: { json?: boolean }): Promise<void> {
  const [{ checkRulesFile, validRules }, output] = await Promise.all([
    import('../rules-file.ts'),
    import('../output.ts'),
  ]);
  if (options.json) {
    const checked = await checkRulesFile(file);
    const problems = 'problems' in checked ? checked.problems : [];
    output.printJson({ valid: problems.length === 0, problems });
    if (problems.length > 0) process.exitCode = 1;
    return;
  }
  const { rules } = await validRules(file);
  const count = counted(rules.rules.length, 'rule');
  output.say(`${file} is valid: ${count}, and ${rules.default} for all others.`);
}

async function publish(file: string): Promise<void> {
  const [{ connect }, { publishRulesFile }, output] = await Promise.all([
    import('../client.ts'),
    import('../rules-file.ts'),
    import('../output.ts'),
  ]);
  const { rules, published } = await publishRulesFile((await connect()).table, file);
  output.print(String(rules.version));
  output.say(
    published
      ? 'Accounts that come from now on get their baseline by these rules, and those that move.'
      : 'These rules hold already.',
  );
}
