import { PolicyError } from '../../../shared/policy/index.ts';

/** The text of a bucket's policy, of which Orgkeeper reads and changes only statements by their Sid. */

/** One statement of a policy, as written. */
export interface WrittenStatement {
  /** Absent if the statement has none. */
  readonly sid?: string;
  readonly text: string;
}

/** Where a value is in a text: from `start` to before `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The statements of a policy, in order. Pure.
 * @throws PolicyError if the text is not JSON, or not an object with one `Statement`
 */
export function statementsIn(policy: string): WrittenStatement[] {
  return locate(policy).statements.map((span) => written(policy, span));
}

/**
 * The policy after statements are put or removed (undefined), by Sid. A Sid that is there keeps its place, and a second statement with
 * that Sid is dropped; a new one comes last. Every other character stays as it was written. Pure.
 * @param policy undefined for a bucket without one
 * @returns undefined if no statement is left
 * @throws PolicyError as `statementsIn`
 */
export function edited(
  policy: string | undefined,
  changes: ReadonlyMap<string, object | undefined>,
): string | undefined {
  if (policy === undefined) {
    const Statement = [...changes.values()].filter((one) => one !== undefined);
    return Statement.length === 0 ? undefined : JSON.stringify({ Version: '2012-10-17', Statement });
  }
  const { value, isList, statements } = locate(policy);
  const open = new Map(changes);
  const kept = statements.flatMap((span, at): { before: string; text: string }[] => {
    const { sid, text } = written(policy, span);
    const previous = statements[at - 1];
    const before = policy.slice(previous ? previous.end : value.start + (isList ? 1 : 0), span.start);
    if (sid === undefined || !changes.has(sid)) return [{ before, text }];
    const change = open.get(sid);
    open.delete(sid);
    return change === undefined ? [] : [{ before, text: JSON.stringify(change) }];
  });
  const added = [...open.values()].flatMap((one) => (one === undefined ? [] : [JSON.stringify(one)]));
  if (kept.length + added.length === 0) return undefined;
  if (!isList && kept.length === 1 && added.length === 0) {
    return policy.slice(0, value.start) + kept[0]?.text + policy.slice(value.end);
  }
  const [opening, closing] = isList ? [value.start + 1, value.end - 1] : [value.start, value.end];
  const lead = policy.slice(opening, statements[0]?.start ?? opening);
  const trail = policy.slice(statements.at(-1)?.end ?? closing, closing);
  const list = kept.map(({ before, text }, at) => (at === 0 ? lead : before) + text).join('');
  const more = added.map((text, at) => (kept.length + at === 0 ? text : `,${text}`)).join('');
  const [bracket, end] = isList ? ['', ''] : ['[', ']'];
  return policy.slice(0, opening) + bracket + list + more + trail + end + policy.slice(closing);
}

function written(policy: string, { start, end }: Span): WrittenStatement {
  const text = policy.slice(start, end);
  const { Sid } = Object(JSON.parse(text));
  return { text, ...(typeof Sid === 'string' && { sid: Sid }) };
}

/** The value of `Statement`, and each statement in it; a single one need not be in a list. */
function locate(policy: string): { value: Span; isList: boolean; statements: Span[] } {
  // What is JSON needs no further check below.
  if (!isJson(policy)) throw new PolicyError('', 'is not valid JSON.');
  const start = skipSpace(policy, 0);
  if (policy[start] !== '{') throw new PolicyError('', 'is not an object.');
  const found = members(policy, start).filter(({ key }) => key === 'Statement');
  const [only] = found;
  if (!only || found.length > 1) {
    throw new PolicyError('Statement', only ? 'is written twice.' : 'is missing.');
  }
  const isList = policy[only.start] === '[';
  return { value: only, isList, statements: isList ? items(policy, only.start) : [only] };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The members of the object that begins here. */
function members(text: string, from: number): (Span & { key: string })[] {
  const found: (Span & { key: string })[] = [];
  for (let at = skipSpace(text, from + 1); text[at] !== '}'; at = next(text, at)) {
    const afterKey = endOf(text, at);
    const start = skipSpace(text, skipSpace(text, afterKey) + 1);
    const end = endOf(text, start);
    found.push({ key: JSON.parse(text.slice(at, afterKey)), start, end });
    at = end;
  }
  return found;
}

/** The items of the list that begins here. */
function items(text: string, from: number): Span[] {
  const found: Span[] = [];
  for (let at = skipSpace(text, from + 1); text[at] !== ']'; at = next(text, at)) {
    const end = endOf(text, at);
    found.push({ start: at, end });
    at = end;
  }
  return found;
}

/** Where the next member begins, or the closing bracket stands, after the end of one. */
function next(text: string, end: number): number {
  const at = skipSpace(text, end);
  return text[at] === ',' ? skipSpace(text, at + 1) : at;
}

function skipSpace(text: string, from: number): number {
  const space = /[ \t\r\n]*/y;
  space.lastIndex = from;
  return from + (space.exec(text)?.[0].length ?? 0);
}

/** Where the JSON value that begins here ends. */
function endOf(text: string, start: number): number {
  // A string, a bracket, or what is neither: a number or a word, a comma, a colon, space.
  const token = /"(?:[^"\\]|\\.)*"|[[\]{}]|[^"[\]{}]/gsy;
  const single = /"(?:[^"\\]|\\.)*"|[^\s,\]}]+/sy;
  if (text[start] !== '{' && text[start] !== '[') {
    single.lastIndex = start;
    return start + (single.exec(text)?.[0].length ?? 0);
  }
  token.lastIndex = start;
  let depth = 0;
  do {
    const [one = ''] = token.exec(text) ?? [];
    if (one === '{' || one === '[') depth += 1;
    if (one === '}' || one === ']') depth -= 1;
  } while (depth > 0);
  return token.lastIndex;
}
