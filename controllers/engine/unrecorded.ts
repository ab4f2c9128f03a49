import { formatBaseline } from '../../shared/domain/baseline.ts';
import type { Home, Leftover } from '../../shared/domain/status.ts';
import { GLOBAL, splitOutputKey } from '../../shared/domain/unit.ts';
import type { AnyKind, KindAccount } from '../kinds/kind.ts';
import { kindAccount } from '../kinds/kind-account.ts';
import type { ManagedKind, Run, RunDeps, UnitOutcome } from './model.ts';
import { unitIn } from './places.ts';

/**
 * A run that is killed between its first write and its save may have made resources that nobody recorded. The places are therefore
 * recorded with the lease, before the first write. The next runs find the resources there by their tags, or as leftovers if desired
 * state no longer has them.
 */

/**
 * Leftovers that killed runs may have made: searched once, by their tags. If several runs were killed, one leftover for each kind and
 * region, of the latest of them.
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
 * The places in which a run may make resources that no run has recorded: regions without saved outputs, or all regions if another
 * baseline was saved; and the unresolved places of earlier runs. A run that only removes makes nothing. Pure.
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

/** The places of a run that are unresolved at its end: a unit there is not in its desired state, or was not observed. Pure. */
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

/** True for the role by which the account is entered: it is its owner's, never a leftover and never removed. */
export function isEntryRole(kind: AnyKind, { entry }: KindAccount): boolean {
  return entry !== undefined && kind.entryRole !== undefined;
}
