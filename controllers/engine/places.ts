import type { Difference } from '../../shared/domain/status.ts';
import { GLOBAL, outputKey, splitOutputKey, type Unit } from '../../shared/domain/unit.ts';
import type { AnyKind } from '../kinds/kind.ts';
import { withoutBrought } from '../kinds/kind-account.ts';
import type { ManagedKind, Run, UnitOutcome, Workplace } from './model.ts';

/** The outputs of an account, divided by region. */
export interface Divided {
  /** Outputs of the home region, and global ones. */
  readonly home: Record<string, string>;
  readonly elsewhere: Map<string, Record<string, string>>;
}

/** Divides saved outputs by region. Pure. */
export function divideOutputs(outputs: Readonly<Record<string, string>> | undefined): Divided {
  const home: Record<string, string> = {};
  const elsewhere = new Map<string, Record<string, string>>();
  for (const [key, value] of Object.entries(outputs ?? {})) {
    const { region, name } = splitOutputKey(key) ?? {};
    if (region === undefined || name === undefined) home[key] = value;
    else elsewhere.set(region, { ...elsewhere.get(region), [name]: value });
  }
  return { home, elsewhere };
}

/** The outputs of all places of a run, in the form in which they are saved. Pure. */
export function allOutputs({ place, elsewhere, regions: [home] }: PlacesOfRun): Record<string, string> {
  const others = [...elsewhere].flatMap(([region, outputs]) =>
    Object.entries(outputs).map(([name, value]) => [outputKey(name, region, home), value] as const),
  );
  return { ...place.outputs, ...Object.fromEntries(others) };
}
type PlacesOfRun = Pick<Run, 'place' | 'elsewhere' | 'regions'>;

/**
 * The run as if that region were the account's only region, so that kinds see the region and its outputs under the names that they
 * have in the home region. Resources of the account's owner are in the home region only.
 */
export function runIn<R extends Pick<Run, 'record' | 'place' | 'regions' | 'elsewhere'>>(
  run: R,
  region: string,
): R {
  if (region === run.regions[0]) return run;
  const record = { ...withoutBrought(run.record), regions: [region] };
  const outputs = run.elsewhere.get(region) ?? {};
  run.elsewhere.set(region, outputs);
  const { site } = run.place;
  const place: Workplace = { ...run.place, record, outputs, ...(site && { site: { ...site, region } }) };
  return { ...run, record, place };
}

/** The kinds of a region: all kinds in the home region, regional kinds in others. Pure. */
export function kindsIn<M extends Pick<ManagedKind, 'kind'>>(
  region: string,
  managed: readonly M[],
  home: string,
): M[] {
  return managed.filter(({ kind }) => region === home || kind.scope === 'regional');
}

/** The unit of a kind in a region. Pure. */
export function unitIn(kind: AnyKind, region: string): Unit {
  return { kind: kind.name, region: kind.scope === 'global' ? GLOBAL : region };
}

/** The region to report with a unit's outcome: that of a regional kind, if the account has several regions. Pure. */
export function regionSaid(kind: AnyKind, region: string, run: Pick<Run, 'regions'>): string | undefined {
  return kind.scope === 'regional' && run.regions.length > 1 ? region : undefined;
}

/** Adds the region to an outcome and to each of its differences. Pure. */
export function inRegion(outcome: UnitOutcome, region: string | undefined): UnitOutcome {
  if (!region) return outcome;
  const there = (difference: Difference): Difference => ({ ...difference, region });
  const { differences, unowned, excepted } = outcome;
  return {
    ...{ ...outcome, region, differences: differences.map(there), unowned: unowned.map(there) },
    ...(excepted && { excepted: excepted.map(there) }),
  };
}
