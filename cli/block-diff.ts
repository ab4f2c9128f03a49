import { isDeepStrictEqual } from 'node:util';
import type { Difference } from '../shared/domain/status.ts';

/** What becomes of the value in a line: `!` is left as it is, a blank line of the diff has no sign. */
export type Sign = '+' | '~' | '-' | '!' | ' ';

/** A line of a diff: the sign stands in the first column, as in a unified diff. Texts are as they came: not escaped. */
export interface DiffLine {
  readonly sign: Sign;
  /** 0 for a resource, 1 for its fields, and so on. */
  readonly depth: number;
  readonly text: string;
}

/** The line as text, two spaces for each level. Pure. */
export function diffText({ sign, depth, text }: DiffLine): string {
  return `${sign} ${'  '.repeat(depth)}${text}`.trimEnd();
}

/**
 * Differences as a block for each resource: a line for each value, nested values below their name, policies by statement. Parts that
 * do not differ are counted, not shown. Pure.
 */
export function blockDiff(differences: readonly Difference[]): DiffLine[] {
  return byResource(differences).flatMap(blockOf);
}

/** How many resources a run would create, update and remove, and of how many it leaves a difference. Pure. */
export function totals(differences: readonly Difference[]): Readonly<Record<'+' | '~' | '-' | '!', number>> {
  const signs = byResource(differences).map(signOf);
  const count = (sign: Sign) => signs.filter((one) => one === sign).length;
  return { '+': count('+'), '~': count('~'), '-': count('-'), '!': count('!') };
}

/** The differences of each resource, in the order of their first. */
function byResource(differences: readonly Difference[]): (readonly [Difference, ...Difference[]])[] {
  const groups = new Map<string, [Difference, ...Difference[]]>();
  for (const one of differences) {
    const key = JSON.stringify([one.kind, one.region, one.resource]);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()];
}

function blockOf(group: readonly [Difference, ...Difference[]]): DiffLine[] {
  const [{ kind, region, resource }] = group;
  const where = region === undefined ? '' : ` (${region})`;
  return [
    { sign: signOf(group), depth: 0, text: `${kind} ${resource}${where}`.trimEnd() },
    ...group.flatMap((one) => linesOf(one)),
  ];
}

const SIGNS = { created: '+', updated: '~', removed: '-', reported: '!' } as const;

/** The sign of a resource: that of the resource itself if it comes or goes; updated if any of its fields is written. */
function signOf(group: readonly Difference[]): Sign {
  const whole = group.find(({ path }) => path === '');
  if (whole) return SIGNS[whole.action];
  return group.every(({ action }) => action === 'reported') ? '!' : '~';
}

/** The lines of one difference. What is left as it is has the sign `!` in all lines, and the direction in the text. */
function linesOf({ path, desired, actual, action, exceptedUntil }: Difference): DiffLine[] {
  const lines = changeLines(path, actual, desired, 1);
  if (action !== 'reported') return lines;
  const left = lines.map(
    (line): DiffLine =>
      line.sign === '+' || line.sign === '-'
        ? { ...line, sign: '!', text: `${line.sign} ${line.text}` }
        : { ...line, sign: '!' },
  );
  if (exceptedUntil === undefined) return left;
  return [...left, { sign: '!', depth: 2, text: `excepted until ${exceptedUntil}` }];
}

/** The most characters of two values that stand in one line. */
const SHORT = 60;

/** How one value becomes another. An undefined value is not there; nor is null, as which a part of a policy is stored that is not there. */
function changeLines(label: string, from: unknown, to: unknown, depth: number): DiffLine[] {
  const [isNew, isGone] = [isAbsent(from), isAbsent(to)];
  if (isNew && isGone) return [];
  if (isNew) return valueLines(label, to, '+', depth);
  if (isGone) return valueLines(label, from, '-', depth);
  if (isObject(from) && isObject(to)) return objectLines(label, from, to, depth);
  if (Array.isArray(from) || Array.isArray(to)) return listLines(label, listOf(from), listOf(to), depth);
  if (isObject(from) || isObject(to))
    return [...valueLines(label, from, '-', depth), ...valueLines(label, to, '+', depth)];
  const [before, after] = [scalar(from), scalar(to)];
  const name = label === '' ? '' : `${label}: `;
  if (before.length + after.length <= SHORT)
    return [{ sign: '~', depth, text: `${name}${before} → ${after}` }];
  return [
    { sign: '-', depth, text: `${name}${before}` },
    { sign: '+', depth, text: `${name}${after}` },
  ];
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** A whole value that comes or goes: one line for each scalar in it. */
function valueLines(label: string, value: unknown, sign: '+' | '-', depth: number): DiffLine[] {
  const name = label === '' ? '' : `${label}: `;
  if (Array.isArray(value) && value.length > 0) {
    if (value.every((item) => !isObject(item) && !Array.isArray(item)))
      return value.map((item) => ({ sign, depth, text: `${name}${scalar(item)}` }));
    return value.flatMap((item, at) => valueLines(itemLabel(label, item, at), item, sign, depth));
  }
  if (isObject(value) && Object.keys(value).length > 0) {
    const inner = label === '' ? depth : depth + 1;
    const members = Object.entries(value).flatMap(([key, item]) => valueLines(key, item, sign, inner));
    return label === '' ? members : [{ sign, depth, text: label }, ...members];
  }
  return [{ sign, depth, text: `${name}${scalar(value)}` }];
}

function objectLines(
  label: string,
  from: Readonly<Record<string, unknown>>,
  to: Readonly<Record<string, unknown>>,
  depth: number,
): DiffLine[] {
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  const changed = keys.filter((key) => !isDeepStrictEqual(from[key], to[key]));
  const inner = label === '' ? depth : depth + 1;
  const lines = changed.flatMap((key) => changeLines(key, from[key], to[key], inner));
  const all = [...lines, ...unchanged(keys.length - changed.length, inner)];
  return label === '' ? all : [{ sign: '~', depth, text: label }, ...all];
}

/** A list by its items, whose order means nothing; items that are objects are paired by their name, or by likeness. */
function listLines(
  label: string,
  from: readonly unknown[],
  to: readonly unknown[],
  depth: number,
): DiffLine[] {
  const gone = lacking(from, to);
  const come = lacking(to, from);
  if (gone.length + come.length === 0) {
    const why = from.length === to.length ? 'only the order differs' : 'only repeated items differ';
    return [{ sign: '~', depth, text: `${label === '' ? '' : `${label}: `}${why}` }];
  }
  const pairs = paired(gone, come);
  const single = (item: unknown) => !pairs.some(([before, after]) => before === item || after === item);
  const labelOf = (item: unknown, list: readonly unknown[]) =>
    isObject(item) ? itemLabel(label, item, list.indexOf(item)) : label;
  return [
    ...pairs.flatMap(([before, after]) => changeLines(labelOf(after, to), before, after, depth)),
    ...gone.filter(single).flatMap((item) => changeLines(labelOf(item, from), item, undefined, depth)),
    ...come.filter(single).flatMap((item) => changeLines(labelOf(item, to), undefined, item, depth)),
    ...unchanged(to.length - come.length, depth, label),
  ];
}

/** Items of two lists that are the same thing before and after. */
function paired(gone: readonly unknown[], come: readonly unknown[]): [unknown, unknown][] {
  const pairs: [unknown, unknown][] = [];
  const left = gone.filter(isObject);
  for (const after of come.filter(isObject)) {
    const named = nameOf(after);
    const ranked = left
      .filter((before) => nameOf(before) === named)
      .toSorted((a, b) => likeness(b, after) - likeness(a, after));
    const [before] = ranked;
    if (before === undefined || (named === undefined && likeness(before, after) === 0)) continue;
    pairs.push([before, after]);
    left.splice(left.indexOf(before), 1);
  }
  return pairs;
}

/** How many members two objects have in common. */
function likeness(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): number {
  return Object.keys(a).filter((key) => isDeepStrictEqual(a[key], b[key])).length;
}

/** The name of an item: the Sid of a policy's statement, or its name. */
function nameOf(item: Readonly<Record<string, unknown>>): string | undefined {
  const name = item.Sid ?? item.name ?? item.Name;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** `Statement S3` for an item with a name, else `Statement[0]`. */
function itemLabel(label: string, item: unknown, at: number): string {
  const name = isObject(item) ? nameOf(item) : undefined;
  return name === undefined ? `${label}[${at}]` : `${label} ${name}`.trimStart();
}

function unchanged(count: number, depth: number, of = ''): DiffLine[] {
  if (count === 0) return [];
  return [{ sign: ' ', depth, text: `(${count} unchanged${of === '' ? '' : ` in ${of}`})` }];
}

/** The items that another list does not have. Pure. */
export function lacking(of: readonly unknown[], other: readonly unknown[]): unknown[] {
  return of.filter((each) => !other.some((one) => isDeepStrictEqual(one, each)));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** A value in a line: texts as they are, unless they would read as something else. */
function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? '';
  return /^(?:|true|false|null|-?\d[\d.eE+-]*|[[{"].*|\s.*|.*\s)$/s.test(value)
    ? JSON.stringify(value)
    : value;
}

/** True if a JSON value is an object. Pure. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
