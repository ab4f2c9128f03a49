import { z } from 'zod';
import { BaselineName } from '../../shared/domain/account.ts';
import {
  type Found,
  inOrder,
  issuesOf,
  type Path,
  splitPath,
} from '../../shared/domain/document-problems.ts';
import { InvalidDesiredState, type Problem } from '../../shared/domain/errors.ts';
import { type Lookup, namesIn } from '../../shared/domain/interpolate.ts';
import { inPlainWords } from '../../shared/domain/plain-words.ts';
import { formatPath } from '../../shared/domain/requests.ts';
import { readYaml } from '../../shared/domain/yaml.ts';
import type { AnyKind, KindAccount } from './kind.ts';

/** A baseline as its text says it: a section a kind, checked, and left as it was written: a pass parses it again. */
export interface BaselineDraft {
  readonly name: string;
  readonly description: string;
  readonly sections: Readonly<Record<string, unknown>>;
}

/** The `${…}` names that every account has, with the sample that a baseline is tried with. */
const SAMPLES: Readonly<Record<string, string>> = {
  'account.id': '111122223333',
  'account.name': 'sample',
  'account.email': 'sample@example.com',
  'account.externalId': 'abcdefghijklmnopqrstuvwxyz012345',
  'main.id': '444455556666',
  'main.runnerRole': 'arn:aws:iam::444455556666:role/orgkeeper-WorkflowLoopRunnerRole',
  'main.apiRole': 'arn:aws:iam::444455556666:role/orgkeeper-ApiHandlerRole',
  'management.id': '777788889999',
  'organization.id': 'o-abcdefghij',
  partition: 'aws',
  region: 'eu-west-1',
};
const SAMPLE_ACCOUNT: KindAccount = {
  accountId: '111122223333',
  partition: 'aws',
  region: 'eu-west-1',
  owner: '444455556666',
};
const VALUE_NAME = /^values\.[A-Za-z][A-Za-z0-9_-]{0,63}$/;

const Head = z.object({
  name: BaselineName,
  description: z.string().max(1024).default(''),
});

/**
 * Reads and checks a baseline: YAML with `name`, `description` and a section for each kind by the kind's name. Every
 * problem comes back with its path (`parameters[2].value`) and line; nothing is thrown for bad input. Names `${…}`
 * must be known: those of every account, `values.*`, and the outputs of kinds earlier in the list. A baseline that
 * passes was rendered once with sample values.
 * @param deployment what the deployment that is to keep it asks of a role's name, and allows in it; nothing without one
 */
export function parseBaseline(
  text: string,
  kinds: readonly AnyKind[],
  deployment: Pick<KindAccount, 'executionRolePattern' | 'rolePolicyQuotas'> = {},
): { baseline: BaselineDraft } | { problems: Problem[] } {
  const yaml = readYaml(text);
  if ('problems' in yaml) return yaml;
  if (yaml.value === null || typeof yaml.value !== 'object' || Array.isArray(yaml.value)) {
    return { problems: [{ path: '', message: 'a baseline is a mapping with a name and sections', line: 1 }] };
  }
  const given = yaml.value as Record<string, unknown>;
  const head = Head.safeParse(given, { error: inPlainWords });
  const found: Found[] = [...issuesOf(head.error, []), ...unknownKeys(given, kinds)];
  const sections: Record<string, unknown> = {};
  const account = { ...SAMPLE_ACCOUNT, ...deployment };
  const sample: Sample = { account, names: new Set(), complete: true };
  for (const kind of kinds) {
    if (!Object.hasOwn(given, kind.name)) continue;
    found.push(...checkSection(kind, given[kind.name], sample));
    sections[kind.name] = given[kind.name];
  }
  if (found.length > 0 || !head.success) return { problems: inOrder(found, yaml) };
  return { baseline: { ...head.data, sections } };
}

/** What the sections are tried with. */
interface Sample {
  readonly account: KindAccount;
  /** Outputs of the kinds so far. */
  readonly names: Set<string>;
  /** False once a section could not be read: then nobody knows what it would have given. */
  complete: boolean;
}

/** Checks a section, and notes the outputs that later ones may use. */
function checkSection(kind: AnyKind, given: unknown, sample: Sample): Found[] {
  const names = unknownNames(given, [kind.name], sample, kind.namesForAws);
  const parsed = kind.section.safeParse(given, { error: inPlainWords });
  if (!parsed.success) {
    sample.complete = false;
    return [...names, ...issuesOf(parsed.error, [kind.name])];
  }
  const rendering = names.length > 0 ? [] : renderProblems(kind, parsed.data, given, sample);
  for (const name of kind.outputNames(parsed.data)) sample.names.add(name);
  return [...names, ...rendering];
}

function unknownKeys(given: Record<string, unknown>, kinds: readonly AnyKind[]): Found[] {
  const sections = kinds.map(({ name }) => name);
  const unknown = Object.keys(given).filter((key) => !['name', 'description', ...sections].includes(key));
  const found = unknown.map((key) => ({
    path: [key],
    message: `unknown key; the sections are ${sections.join(', ')}`,
  }));
  if (sections.some((name) => Object.hasOwn(given, name)) || found.length > 0) return found;
  return [{ path: [], message: `a baseline has at least one section of ${sections.join(', ')}` }];
}

/** Every `${…}` in a section that means nothing there, and every `${` that is not closed. */
function unknownNames(value: unknown, path: Path, sample: Sample, forAws?: RegExp): Found[] {
  if (typeof value === 'string') {
    const unknown = namesIn(value).filter((name) => !isKnown(name, sample) && !forAws?.test(name));
    const found = unknown.map((name) => ({ path, message: explainName(name, sample) }));
    const written = forAws?.test('$') ? value.replaceAll('${$}', '') : value;
    const closed = namesIn(written).reduce((rest, name) => rest.replace(`\${${name}}`, ''), written);
    return closed.includes('${') ? [...found, { path, message: 'a `${` without a name and a `}`' }] : found;
  }
  if (value === null || typeof value !== 'object') return [];
  const parts = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
  return parts.flatMap(([key, item]) => unknownNames(item, [...path, key], sample, forAws));
}

function isKnown(name: string, sample: Sample): boolean {
  if (Object.hasOwn(SAMPLES, name) || VALUE_NAME.test(name) || sample.names.has(name)) return true;
  return !sample.complete && /^[a-z][\w-]*(\.[\w-]+)+$/i.test(name);
}

function explainName(name: string, sample: Sample): string {
  const known = [...Object.keys(SAMPLES), 'values.*', ...sample.names];
  return `unknown name \${${name}}; known here are ${known.join(', ')}`;
}

/**
 * What goes wrong when the section is rendered for a sample account. A value of the account's own (`values.*`) has no
 * sample, so that what a kind says about a text with one in it is not held against the baseline.
 */
function renderProblems(kind: AnyKind, section: unknown, given: unknown, sample: Sample): Found[] {
  const lookup: Lookup = (name) => SAMPLES[name] ?? (sample.names.has(name) ? sampleOutput(name) : undefined);
  const found = problemsOf(() => {
    const wanted = kind.render(section, lookup, sample.account);
    return kind.problems?.(wanted) ?? [];
  });
  return found
    .map(({ path, message }) => ({
      path: splitPath(path.startsWith(kind.name) ? path : formatPath(kind.name, splitPath(path))),
      message,
    }))
    .filter(({ path }) => !usesValues(path.slice(1).reduce(child, given)));
}

/** What is found, or thrown as InvalidDesiredState; one without problems of its own is one. */
function problemsOf(find: () => readonly Problem[]): readonly Problem[] {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof InvalidDesiredState)) throw error;
    return error.problems.length > 0 ? error.problems : [{ path: '', message: error.message }];
  }
}

function sampleOutput(name: string): string {
  if (name.endsWith('.arn')) return 'arn:aws:iam::111122223333:role/sample';
  if (name.endsWith('.cidr')) return '10.0.0.0/16';
  return `${name.split('.')[0]}-0123456789abcdef0`;
}

function usesValues(value: unknown): boolean {
  return JSON.stringify(value ?? null).includes('${values.');
}

function child(value: unknown, part: PropertyKey): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<PropertyKey, unknown>)[part] : value;
}
