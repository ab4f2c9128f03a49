import type { Table } from '../shared/aws/main-clients.ts';
import type { Problem } from '../shared/domain/errors.ts';
import type { RulesDocument } from '../shared/domain/rules.ts';
import { baselinesOf, parseRules, type RulesDraft } from '../shared/domain/rules-text.ts';
import { findBaseline } from '../shared/store/baselines.ts';
import { publishRules } from '../shared/store/rules.ts';
import { Failure } from './failure.ts';
import { readText } from './read-text.ts';

/** Reads and checks a file of rules. @throws Failure when it cannot be read */
export async function checkRulesFile(
  file: string,
): Promise<{ text: string } & ({ rules: RulesDraft } | { problems: Problem[] })> {
  const text = await readText(file);
  return { text, ...parseRules(text) };
}

/** The rules of a file. @throws Failure when it cannot be read or is not valid, naming each problem with its line */
export async function validRules(file: string): Promise<{ text: string; rules: RulesDraft }> {
  const { text, ...checked } = await checkRulesFile(file);
  if ('rules' in checked) return { text, rules: checked.rules };
  const problems = checked.problems.map(
    ({ path, message, line }) =>
      `\n  ${[line ? `${file}:${line}` : file, path, message].filter(Boolean).join(': ')}`,
  );
  throw new Failure(`${file} holds no valid rules:${problems.join('')}`);
}

/**
 * Publishes a file of rules as their next version; the same text again publishes nothing.
 * @throws Failure when it is not valid, or names a baseline that was never published
 */
export async function publishRulesFile(
  table: Table,
  file: string,
): Promise<{ rules: RulesDocument; published: boolean }> {
  const { text, rules } = await validRules(file);
  for (const { path, baseline } of baselinesOf(rules)) {
    if (await findBaseline(table, baseline)) continue;
    throw new Failure(
      `${path}: baseline ${baseline} was never published: \`orgkeeper baseline list\` shows those there are.`,
    );
  }
  return publishRules(table, { ...rules, text, publishedAt: new Date().toISOString() });
}
