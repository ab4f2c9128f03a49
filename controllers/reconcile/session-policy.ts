import type { AnyKind } from '../kinds/kind.ts';

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, Policy */
const LIMIT = 2_048;

/**
 * What a session for looking may do: every kind's reads, nothing else. Compact JSON; AWS allows 2,048 characters.
 */
export function readingPolicy(kinds: readonly AnyKind[]): string {
  return policy([
    { Effect: 'Allow', Action: kinds.flatMap(({ permissions }) => permissions.read), Resource: ['*'] },
  ]);
}

/**
 * What a session for mending one kind may do: its reads, and its writes on its own resources; where so many are named
 * that they would not fit, on what is above them, as far as it takes: `…:parameter/orgkeeper/*`, `*` in the end.
 */
export function writingPolicy(kind: AnyKind, resources: readonly string[]): string {
  const on = (Resource: readonly string[]) =>
    policy([
      { Effect: 'Allow', Action: kind.permissions.read, Resource: ['*'] },
      { Effect: 'Allow', Action: kind.permissions.write, Resource },
    ]);
  let named = [...new Set(resources)];
  while (on(named).length > LIMIT && !named.includes('*')) named = widened(named);
  return on(named);
}

/** Those with the most levels are said by what is above them; what that covers need not be named. Pure. */
function widened(resources: readonly string[]): string[] {
  const deepest = Math.max(...resources.map(levels));
  const wider = resources.map((one) => (levels(one) === deepest ? above(one) : one));
  const wide = wider.filter((one) => one.endsWith('*'));
  const covered = (one: string) => wide.some((other) => other !== one && one.startsWith(other.slice(0, -1)));
  return [...new Set(wider)].filter((one) => !covered(one));
}

function levels(resource: string): number {
  return resource.replace(/\/\*$/, '').split('/').length;
}

function above(resource: string): string {
  const end = resource.replace(/\/\*$/, '').lastIndexOf('/');
  return end < 0 ? '*' : `${resource.slice(0, end)}/*`;
}

function policy(statements: readonly Statement[]): string {
  const of = statements.filter(({ Resource }) => Resource.length > 0);
  const Statement = of.map(({ Effect, Action, Resource }) => ({
    Effect,
    Action: [...new Set(Action)].sort(),
    Resource: Resource.length === 1 ? Resource[0] : Resource,
  }));
  return JSON.stringify({ Version: '2012-10-17', Statement });
}
