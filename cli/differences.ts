import { isDeepStrictEqual } from 'node:util';
import type { Difference } from '../shared/domain/status.ts';
import { GLOBAL } from '../shared/domain/unit.ts';
import { cell, printTable } from './terminal.ts';

/** Something that may stand in a region. */
interface Placed {
  readonly region?: string;
}

/** Whether things stand in more than one region: only then is it said in which. Pure. */
export function inSeveralRegions(things: readonly Placed[]): boolean {
  return new Set(things.flatMap(({ region }) => region ?? [])).size > 1;
}

/** The region in a cell, where it is said at all; what has none is global. Pure. */
export function regionCells({ region }: Placed, isSaid: boolean): string[] {
  return isSaid ? [region ?? GLOBAL] : [];
}

/**
 * Differences for people: where, what was done about it, and from what to what.
 * @param among all that is known to stand somewhere in the account: differences of one region alone may be of an
 * account with two
 */
export function printDifferences(differences: readonly Difference[], among: readonly Placed[] = []): void {
  const areSaid = inSeveralRegions([...differences, ...among]);
  const rows = differences.map(({ kind, region, resource, path, desired, actual, action }) => [
    cell(kind),
    ...regionCells({ ...(region && { region }) }, areSaid),
    cell(resource),
    cell(path),
    action,
    `${value(actual, desired)} → ${value(desired, actual)}`,
  ]);
  const head = ['KIND', ...(areSaid ? ['REGION'] : []), 'RESOURCE', 'PATH', 'ACTION', 'ACTUAL → DESIRED'];
  printTable(head, rows);
}

/**
 * A JSON value in a cell; what is not there is a dash. On a terminal, of a long document only where it differs from
 * the one beside it.
 */
export function value(of: unknown, beside: unknown): string {
  if (of === undefined) return '–';
  const text = inJson(of);
  if (!process.stdout.isTTY || text.length + inJson(beside).length <= LONG) return text;
  return inJson(apart(of, beside));
}

/** What two values side by side may have together to be shown whole on a terminal. */
const LONG = 100;

function inJson(of: unknown): string {
  return cell(typeof of === 'string' ? of : (JSON.stringify(of) ?? ''));
}

/**
 * What of a JSON document is not in the one beside it: the members that differ, each again only where it differs.
 * The whole of it where nothing is left, as when only the order of a list differs. Pure.
 */
export function apart(of: unknown, beside: unknown): unknown {
  if (Array.isArray(of) && Array.isArray(beside)) {
    const own = lacking(of, beside);
    const others = lacking(beside, of);
    if (own.length === 0 && others.length === 0) return of;
    return own.length === others.length ? own.map((each, index) => apart(each, others[index])) : own;
  }
  if (!isObject(of) || !isObject(beside)) return of;
  const members = Object.entries(of).filter(([key, value]) => !isDeepStrictEqual(value, beside[key]));
  return Object.fromEntries(members.map(([key, value]) => [key, apart(value, beside[key])]));
}

function lacking(of: readonly unknown[], other: readonly unknown[]): unknown[] {
  return of.filter((each) => !other.some((one) => isDeepStrictEqual(one, each)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
