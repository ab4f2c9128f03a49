import type { z } from 'zod';
import type { Problem } from './errors.ts';
import type { Issues } from './plain-words.ts';
import { formatPath } from './requests.ts';
import type { YamlText } from './yaml.ts';

/** A place in a document: keys and indexes, from the top. */
export type Path = readonly PropertyKey[];

/** `a.b[2]` as its parts. Pure. */
export function splitPath(path: string): Path {
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key]) =>
    index ? Number(index) : (key ?? ''),
  );
}

/** A problem in a document, and where. */
export interface PathProblem {
  readonly path: Path;
  readonly message: string;
}

/** zod's issues as problems; for a union, those of the alternative that matched deepest. */
export function issuesOf(error: Issues | undefined, root: Path = []): PathProblem[] {
  return (error?.issues ?? []).flatMap((issue) => issueProblems(issue, root));
}

function issueProblems(issue: z.core.$ZodIssue, root: Path): PathProblem[] {
  const path = [...root, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown key' }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const depth = (issues: readonly z.core.$ZodIssue[]) =>
      Math.max(...issues.map((each) => each.path.length));
    const [closest = []] = issue.errors.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length);
    return closest.flatMap((each) => issueProblems(each, path));
  }
  return [{ path, message: issue.message }];
}

/** The problems with their lines, sorted by line. */
export function inOrder(found: readonly PathProblem[], yaml: YamlText): Problem[] {
  return found
    .map(({ path, message }) => ({ path: formatPath('', path), message, line: yaml.lineOf(path) }))
    .toSorted((a, b) => a.line - b.line);
}
