import { formatBaseline } from '../../shared/domain/baseline.ts';
import type { Home, Leftover } from '../../shared/domain/status.ts';
import { GLOBAL, splitOutputKey } from '../../shared/domain/unit.ts';
import type { AnyKind, KindAccount } from '../kinds/kind.ts';
import { kindAccount } from '../kinds/kind-account.ts';
import type { ManagedKind, Run, RunDeps, UnitOutcome } from './model.ts';
import { unitIn } from './places.ts';

/**
 * What a run may have made that nobody has recorded: it is killed between its first write and its save. Where that may be is written
 * down with the lease, before the first write; the next runs find it there by its tags, or look for it where desired state no longer
 * has it.
 */

/**
 * What runs that were killed before they saved may have made, and desired state no longer has: looked for once, by its tags. Of
 * one kind in a region that is what the latest of them may have made.
 */
export function unrecorded(
  { record, stands, regions }: Pick<Run, 'record' | 'stands' | 'regions'>,
  { config, kinds }: Pick<RunDeps, 'config' | 'kinds'>,
  { managed, known }: { readonly managed: readonly ManagedKind[]; readonly known: readonly Leftover[] },
): Leftover[] {
  const account = kindAccount(record, config, managed);
  const found: Leftover[] = [];
  for (const { baseline, ...place } of stands.making.toReversed()) {
    for (const kind of kinds) {
      const { kind: name, region } = unitIn(kind, place.region);
      const isHere = region === GLOBAL || regions.includes(region);
      const isKept = isHere && managed.some((one) => one.kind === kind);
      const isKnown = [...known, ...found].some((one) => one.kind === name && one.region === region);
      if (isKept || isKnown || isEntryRole(kind, account)) continue;
      found.push({ kind: name, region, baseline, outputs: {} });
    }
  }
  return found;
}

/**
 * The places in which a run may make what no run has recorded: regions of which nothing is saved, or all of them where another
 * baseline was saved, and what is left of earlier runs. A run that only removes makes nothing. Pure.
 */
export function placesToMake({ record, before, regions, stands }: Run): readonly Home[] {
  const { baseline } = stands.home ?? {};
  if (!baseline || record.lifecycle === 'retiring') return stands.making;
  const isSaved = before?.home !== undefined && isBy(before.home, baseline);
  const known = new Set([
    before?.home?.region,
    ...Object.keys(before?.outputs ?? {}).map((key) => splitOutputKey(key)?.region),
  ]);
  const more = regions
    .filter((region) => !isSaved || !known.has(region))
    .filter((region) => !stands.making.some((place) => place.region === region && isBy(place, baseline)))
    .map((region) => ({ region, baseline }));
  return [...stands.making, ...more];
}

/** The places of a run that are not seen whole at its end: something in them is not as desired, or not known. Pure. */
export function stillMaking({ stands, regions }: Run, outcomes: readonly UnitOutcome[]): readonly Home[] {
  const [home] = regions;
  return stands.making.filter((place) => {
    const there = outcomes.filter(({ region = home }) => region === place.region);
    return there.length === 0 || there.some(({ state }) => state.is !== 'inDesiredState');
  });
}

/** True for a place that is managed by that baseline. Pure. */
export function isBy(place: Pick<Home, 'baseline'>, baseline: Home['baseline']): boolean {
  return formatBaseline(place.baseline) === formatBaseline(baseline);
}

/** The role by which the account is entered is its owner's, and no leftover. */
export function isEntryRole(kind: AnyKind, { entry }: KindAccount): boolean {
  return entry !== undefined && kind.entryRole !== undefined;
}
