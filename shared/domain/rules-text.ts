import { z } from 'zod';
import { parseBaselineReference } from './baseline.ts';
import { inOrder, issuesOf } from './document-problems.ts';
import type { Problem } from './errors.ts';
import { check } from './plain-words.ts';
import type { Rules } from './rules.ts';
import { readYaml } from './yaml.ts';

/** Rules parsed from a text, checked. */
export type RulesDraft = Rules & { readonly description: string };

const text = (max: number) =>
  z.string('must be text').min(1, 'must not be empty').max(max, `must have at most ${max} characters`);
const Baseline = z
  .string('a baseline is `name` or `name@version`')
  .refine((value) => parseBaselineReference(value) !== undefined, 'a baseline is `name` or `name@version`');

/** An organizational unit in rules and in `onboard.organizationalUnits`: its id, or its path from the root. */
export const OrganizationalUnit = z
  .string()
  .max(700)
  .regex(
    /^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}|\/|(\/[^/]+)+\/?)$/,
    'a unit is an id such as ou-abcd-12345678, or a path such as /Research',
  );

const Rule = z
  .strictObject({
    organizationalUnit: OrganizationalUnit.optional(),
    tag: z.strictObject({ key: text(128), value: z.string('a text').max(256).optional() }).optional(),
    name: text(128).optional(),
    baseline: Baseline,
  })
  .refine(
    ({ organizationalUnit, tag, name }) => (organizationalUnit ?? tag ?? name) !== undefined,
    'a rule needs organizationalUnit, tag or name; the baseline for all other accounts is the default',
  );

const Document = z.strictObject(
  {
    description: z.string().max(1024).default(''),
    rules: z.array(Rule, 'must be a list of rules').max(200, 'must have at most 200 rules').default([]),
    default: Baseline,
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type' ? 'must be a mapping with rules and a default' : undefined,
  },
);

/**
 * Parses and checks rules: YAML with `description`, `rules` and `default`. Returns every problem with its path and line; never
 * throws for bad input. Whether the baselines exist is checked when the rules are published.
 */
export function parseRules(source: string): { rules: RulesDraft } | { problems: Problem[] } {
  const yaml = readYaml(source);
  if ('problems' in yaml) return yaml;
  const parsed = check(Document, yaml.value);
  if (parsed.success) return { rules: parsed.data };
  return { problems: inOrder(issuesOf(parsed.error), yaml) };
}

/** Every baseline that the rules name, with its path. */
export function baselinesOf({ rules, default: last }: Rules): { path: string; baseline: string }[] {
  const named = rules.map(({ baseline }, index) => ({ path: `rules[${index}].baseline`, baseline }));
  return [...named, { path: 'default', baseline: last }];
}
