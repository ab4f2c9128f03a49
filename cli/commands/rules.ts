import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { factsOf, rulesOf } from '../../controllers/fleet/onboarding.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { createOrganization, type Organization } from '../../shared/aws/organization.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import type { Problem } from '../../shared/domain/errors.ts';
import { cell } from '../../shared/domain/escape.ts';
import {
  type AccountFacts,
  baselineByRules,
  type Explanation,
  type Rules,
  type RulesDocument,
} from '../../shared/domain/rules.ts';
import { baselinesOf, parseRules, type RulesDraft } from '../../shared/domain/rules-text.ts';
import { counted, time } from '../../shared/domain/words.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import { currentRules, listRules, publishRules } from '../../shared/store/rules.ts';
import { assumeApiRole } from '../api-role.ts';
import { formatProblem } from '../baseline-file.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { findAccount } from '../fleet.ts';
import { readText } from '../read-text.ts';
import { print, printJson, printTable, say } from '../terminal.ts';

/** `rules …`: the rules that choose the baseline of accounts registered without one. */
export function rulesCommand(): Command {
  const command = new Command('rules')
    .description('Lists, checks, publishes and explains the rules that choose baselines.')
    .addHelpText('after', examples('orgkeeper rules list', 'orgkeeper rules explain 456789012345'));
  command
    .command('list')
    .description('Lists every version of the rules; the newest one is in force.')
    .option('--json', 'print a list of the stored documents')
    .addHelpText('after', examples('orgkeeper rules list'))
    .action(list);
  command
    .command('validate')
    .description('Checks a file of rules; lists every problem with its line. Needs no deployment.')
    .argument('<file>', 'a YAML file')
    .option('--json', 'print whether it is valid, and all problems')
    .addHelpText('after', examples('orgkeeper rules validate rules.yaml'))
    .action(validate);
  command
    .command('publish')
    .description(
      'Publishes a file as the next version, which is in force from then on; prints the version. Moves no account.',
    )
    .argument('<file>', 'a YAML file')
    .addHelpText('after', examples('orgkeeper rules publish rules.yaml'))
    .action(publish);
  command
    .command('explain')
    .description('Says which baseline the rules choose for an account, and why.')
    .argument('<id>', 'the account')
    .option('--file <file>', 'use the rules of this file instead of the published ones')
    .option('--json', 'print the answer, with the facts about the account')
    .addHelpText(
      'after',
      examples(
        'orgkeeper rules explain 456789012345',
        'orgkeeper rules explain 456789012345 --file rules.yaml',
      ),
    )
    .action(explainRules);
  return command;
}

async function list(options: { json?: boolean }): Promise<void> {
  const { table, config } = await connect();
  const versions = await listRules(table);
  if (options.json) return printJson(versions);
  if (versions.length === 0) {
    say(`No rules are published: every account gets ${config.defaultBaseline}.`);
    return;
  }
  printTable(
    ['VERSION', 'RULES', 'DEFAULT', 'PUBLISHED', 'DESCRIPTION'],
    versions.map((rules) => [
      String(rules.version),
      String(rules.rules.length),
      rules.default,
      time(rules.publishedAt),
      cell(rules.description),
    ]),
  );
}

async function validate(file: string, options: { json?: boolean }): Promise<void> {
  if (options.json) {
    const checked = await checkRulesFile(file);
    const problems = 'problems' in checked ? checked.problems : [];
    printJson({ valid: problems.length === 0, problems });
    if (problems.length > 0) process.exitCode = 1;
    return;
  }
  const { rules } = await validRules(file);
  const count = counted(rules.rules.length, 'rule');
  say(`${file} is valid: ${count}, and ${rules.default} for all others.`);
}

async function publish(file: string): Promise<void> {
  const { rules, published } = await publishRulesFile((await connect()).table, file);
  print(String(rules.version));
  say(
    published
      ? 'These rules apply to new accounts, and to accounts that move to another organizational unit.'
      : 'Unchanged: the newest version has the same text.',
  );
}

/** Reads and checks a file of rules. @throws Failure if it cannot be read */
export async function checkRulesFile(
  file: string,
): Promise<{ text: string } & ({ rules: RulesDraft } | { problems: Problem[] })> {
  const text = await readText(file);
  return { text, ...parseRules(text) };
}

/** The rules of a file. @throws Failure if it cannot be read or is not valid, with each problem and its line */
async function validRules(file: string): Promise<{ text: string; rules: RulesDraft }> {
  const { text, ...checked } = await checkRulesFile(file);
  if ('rules' in checked) return { text, rules: checked.rules };
  const lines = checked.problems.map((problem) => formatProblem(file, problem));
  throw new Failure({ sentence: `${file} does not contain valid rules:`, lines });
}

/**
 * Publishes a file of rules as the next version; the same text again publishes nothing.
 * @throws Failure if the file is not valid, or names a baseline that was never published
 */
async function publishRulesFile(
  table: Table,
  file: string,
): Promise<{ rules: RulesDocument; published: boolean }> {
  const { text, rules } = await validRules(file);
  for (const { path, baseline } of baselinesOf(rules)) {
    if (await findBaseline(table, baseline)) continue;
    throw new Failure(
      `${path}: baseline ${baseline} was never published: \`orgkeeper baseline list\` lists all baselines.`,
    );
  }
  return publishRules(table, { ...rules, text, publishedAt: new Date().toISOString() });
}

/** The options of `rules explain`. */
interface ExplainOptions {
  readonly file?: string;
  readonly json?: boolean;
}

/** `rules explain`: what the rules choose now. The account's baseline may come from older rules, or from a person. */
async function explainRules(id: string, options: ExplainOptions): Promise<void> {
  const file = options.file === undefined ? undefined : await validRules(options.file);
  const { config, table } = await connect();
  const { record } = await findAccount(table, id);
  const rules = file?.rules ?? (await holding(table, config));
  const facts = await knownOf(record, rules, config);
  const explanation = baselineByRules(rules, facts);
  if (options.json)
    return printJson({ accountId: record.accountId, ...explanation, facts, has: hasOf(record) });
  printExplanation(record, explanation, facts);
}

async function holding(table: Table, config: Config): Promise<Rules> {
  return (await currentRules(table)) ?? rulesOf(config);
}

/** The facts that the rules need; place and tags are read from the organization through the inspecting role, if needed. */
async function knownOf(record: AccountRecord, rules: Rules, config: Config): Promise<AccountFacts> {
  const { accountId, name, tags } = record;
  let organization: Promise<Organization> | undefined;
  const asked = () => {
    organization ??= organizationOf(config);
    return organization;
  };
  const lazily = {
    place: async (of: string) => (await asked()).place(of),
    tags: async (of: string) => ((await (await asked()).describe(of)) ? (await asked()).tags(of) : {}),
  };
  return factsOf({ accountId, name, tags, inOrganization: true }, rules, lazily);
}

async function organizationOf(config: Config): Promise<Organization> {
  const { access } = await assumeApiRole(config, `rules-${randomUUID()}`);
  return createOrganization(config, access);
}

function hasOf({ baseline, baselineBy }: AccountRecord) {
  return baseline ? { baseline, by: baselineBy ?? 'request' } : null;
}

function printExplanation(
  record: AccountRecord,
  explanation: Explanation,
  { place, tags }: AccountFacts,
): void {
  const rows = explanation.considered.map(({ rule, fits, why }) => [
    String(rule),
    fits ? 'matches' : '–',
    why,
  ]);
  if (rows.length > 0) printTable(['RULE', '', 'WHY'], rows);
  if (place) say(`Account ${record.accountId} is in ${place.path}.`);
  const shown = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  if (shown.length > 0) say(`Its tags are ${shown.join(', ')}.`);
  say(`The rules choose ${explanation.baseline}. ${explanation.why}`);
  const { baseline, baselineBy } = record;
  if (!baseline) {
    say('The account is not managed and has no baseline.');
    return;
  }
  const by =
    baselineBy === 'rules' ? 'chosen by the rules' : 'named by a person, so the rules do not change it';
  say(`The account is on ${formatBaseline(baseline)}, ${by}.`);
}
