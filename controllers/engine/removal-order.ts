import type { Unit } from '../../shared/domain/unit.ts';
import type { AnyKind } from '../kinds/kind.ts';
import { unitIn } from './places.ts';

/** The place of a unit, which decides when the unit is removed. */
interface Placed {
  readonly kind: AnyKind;
  readonly account: { readonly region: string };
  /** The region of a leftover; absent if desired state has the unit. */
  readonly leftover?: { readonly region: string };
}
interface Needing extends Placed {
  /** The units whose outputs its section names. */
  readonly needs: readonly Unit[];
}

/**
 * The units to remove, each with the units to remove before it: those whose sections name its outputs, and, for a global unit, the
 * units of all regions except those that global units need. Pure. Leftovers may be of different baselines, so that units may wait for
 * each other in a circle. A circle is broken at the unit that would close it.
 */
export function inRemovalOrder<U extends Needing>(units: readonly U[]): { unit: U; after: readonly U[] }[] {
  const isNeededBy = (one: U, other: U) =>
    other !== one && other.needs.some((need) => isSameUnit(need, placeOf(one)));
  const ofGlobal = new Set<U>(units.filter(isGlobal));
  // The loop also visits what it adds to the set.
  for (const one of ofGlobal) for (const unit of units) if (isNeededBy(unit, one)) ofGlobal.add(unit);
  const mustGoFirst = (unit: U) =>
    units.filter((other) => isNeededBy(unit, other) || (isGlobal(unit) && !ofGlobal.has(other)));
  const order: { unit: U; after: readonly U[] }[] = [];
  const place = (unit: U, way: readonly U[]): void => {
    if (way.includes(unit) || order.some((one) => one.unit === unit)) return;
    const after = mustGoFirst(unit);
    for (const one of after) place(one, [...way, unit]);
    order.push({ unit, after });
  };
  for (const unit of units.toReversed()) place(unit, []);
  return order;
}

/** The unit to remove, as kind and region. Pure. */
export function placeOf({ kind, account, leftover }: Placed): Unit {
  return unitIn(kind, leftover?.region ?? account.region);
}

function isGlobal({ kind }: Placed): boolean {
  return kind.scope === 'global';
}

function isSameUnit(one: Unit, other: Unit): boolean {
  return one.kind === other.kind && one.region === other.region;
}
