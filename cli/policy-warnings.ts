import leven from 'leven';
import {
  type ActionFacts,
  actionFacts,
  actionNames,
  hasConditionKey,
} from '../shared/aws/service-authorization.ts';
import { inOrder, type Path, type PathProblem } from '../shared/domain/document-problems.ts';
import type { Problem } from '../shared/domain/errors.ts';
import { readYaml } from '../shared/domain/yaml.ts';

/**
 * What AWS would take in the policies of a document and never apply: actions and condition keys that do not exist or do not go
 * together, and resources named for actions that have none. By line; none for a text that is no YAML.
 */
export async function policyWarnings(text: string): Promise<Problem[]> {
  const yaml = readYaml(text);
  if ('problems' in yaml) return [];
  const found = statementsIn(yaml.value, []).map(({ path, statement }) => warningsOf(statement, path));
  return inOrder((await Promise.all(found)).flat(), yaml);
}

type Statement = Readonly<Record<string, unknown>>;

interface Located {
  readonly path: Path;
  readonly statement: Statement;
}

/** The statements of every policy, wherever it is in the document. */
function statementsIn(value: unknown, path: Path): Located[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): Located[] => {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    if (key !== 'Statement') return statementsIn(inner, at);
    if (!Array.isArray(inner)) return [{ path: at, statement: Object(inner) }];
    return inner.map((statement, index) => ({ path: [...at, index], statement: Object(statement) }));
  });
}

async function warningsOf(statement: Statement, path: Path): Promise<PathProblem[]> {
  const actions = ['Action', 'NotAction'].flatMap((element) =>
    textsAt(statement[element], [...path, element]),
  );
  const facts = await Promise.all(actions.map(({ text }) => matching(text)));
  const ofActions = await Promise.all(
    actions.map(async ({ text, path: at }, index) => {
      const message =
        facts[index]?.length === 0 ? await unknownAction(text) : wildcardOnly(text, facts[index], statement);
      return message === undefined ? [] : [{ path: at, message }];
    }),
  );
  return [...ofActions.flat(), ...(await keyWarnings(statement, facts, path))];
}

/** The actions that a pattern is about; undefined when these are too many to say, or not known before it is filled in. */
async function matching(pattern: string): Promise<readonly ActionFacts[] | undefined> {
  const [service = '', name = ''] = pattern.split(':');
  if (/[*?]/.test(service) || pattern.includes('${')) return undefined;
  if (!/[*?]/.test(name)) return [await actionFacts(pattern)].filter((one) => one !== undefined);
  const source = name
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const fits = new RegExp(`^${source}$`, 'i');
  const names = ((await actionNames(service)) ?? []).filter((one) => fits.test(one));
  const found = await Promise.all(names.map((one) => actionFacts(`${service}:${one}`)));
  return found.filter((one) => one !== undefined);
}

async function unknownAction(pattern: string): Promise<string> {
  const [service = '', name = ''] = pattern.split(':');
  const names = await actionNames(service);
  if (!names) return `AWS has no service whose actions begin with ${service}:`;
  if (/[*?]/.test(name)) return `AWS has no action that ${pattern} is about`;
  const guess = closest(name, names);
  return `AWS has no action ${pattern}${guess === undefined ? '' : `; did you mean ${service}:${guess}?`}`;
}

/** The name that is spelt most like this one, when it is near. */
function closest(name: string, names: readonly string[]): string | undefined {
  const distance = (one: string) => leven(one.toLowerCase(), name.toLowerCase());
  const [best] = names.toSorted((one, other) => distance(one) - distance(other));
  return best !== undefined && distance(best) <= Math.max(2, name.length / 4) ? best : undefined;
}

/** An action that has no resource is decided on `*`, which no ARN is. */
function wildcardOnly(
  action: string,
  facts: readonly ActionFacts[] | undefined,
  { Resource }: Statement,
): string | undefined {
  const resources = textsAt(Resource, []);
  const [only, ...others] = facts ?? [];
  if (!only || others.length > 0 || only.resourceTypes.length > 0 || resources.length === 0) return undefined;
  if (resources.some(({ text }) => /^\*+$/.test(text) || text.startsWith('${'))) return undefined;
  return `${action} has no resource: only a statement with Resource "*" is about it`;
}

async function keyWarnings(
  { Condition, NotAction }: Statement,
  facts: readonly (readonly ActionFacts[] | undefined)[],
  path: Path,
): Promise<PathProblem[]> {
  const keys = Object.entries(Object(Condition)).flatMap(([operator, compared]) =>
    Object.keys(Object(compared)).map((key) => ({ key, path: [...path, 'Condition', operator, key] })),
  );
  const known = facts.every((one) => one !== undefined && one.length > 0) && NotAction === undefined;
  const found = keys.map(async ({ key, path: at }): Promise<PathProblem[]> => {
    const [prefix = ''] = key.split(':');
    const isGlobal = /^aws$/i.test(prefix);
    // Others are of an identity provider, whose keys AWS does not know.
    if (key.includes('${') || !(isGlobal || (await actionNames(prefix)))) return [];
    if (!(await hasConditionKey(key))) return [{ path: at, message: `AWS has no condition key ${key}` }];
    if (isGlobal || !known || facts.flat().some((one) => one && has(one, key))) return [];
    return [{ path: at, message: `no action of the statement has the condition key ${key}` }];
  });
  return (await Promise.all(found)).flat();
}

function has({ keys, resourceTypes }: ActionFacts, key: string): boolean {
  return [...keys, ...resourceTypes.flatMap((one) => one.keys)].some((one) => {
    const [name = '', more] = one.split(/[$<]/);
    return more === undefined ? same(name, key) : same(name, key.slice(0, name.length));
  });
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** A text, or a list of them, each with its place. */
function textsAt(value: unknown, path: Path): { text: string; path: Path }[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (!Array.isArray(value)) return [];
  return value.flatMap((one, index) => textsAt(one, [...path, index]));
}
