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
 * What a session for mending one kind may do: its reads, and its writes on its own resources; on any, where so many
 * are named that they would not fit.
 */
export function writingPolicy(kind: AnyKind, resources: readonly string[]): string {
  const on = (Resource: readonly string[]) =>
    policy([
      { Effect: 'Allow', Action: kind.permissions.read, Resource: ['*'] },
      { Effect: 'Allow', Action: kind.permissions.write, Resource },
    ]);
  const named = on(resources);
  return named.length <= LIMIT ? named : on(['*']);
}

function policy(statements: readonly Statement[]): string {
  const Statement = statements.map(({ Effect, Action, Resource }) => ({
    Effect,
    Action: [...new Set(Action)].sort(),
    Resource: Resource.length === 1 ? Resource[0] : Resource,
  }));
  return JSON.stringify({ Version: '2012-10-17', Statement });
}
