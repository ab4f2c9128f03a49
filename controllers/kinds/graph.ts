import type { Path } from '../../shared/domain/document-problems.ts';
import { namesIn } from '../../shared/domain/interpolate.ts';
import { GLOBAL, outputKey, splitOutputKey, type Unit } from '../../shared/domain/unit.ts';
import type { AnyKind } from './kind.ts';

/** A kind with its section of a baseline, parsed by the kind's schema. */
export interface KeptSection {
  readonly kind: AnyKind;
  readonly section: unknown;
}

/** A `${…}` name in a kind's section that stands for an output of a kind. */
interface Need {
  readonly by: AnyKind;
  /** Path in the section. */
  readonly path: Path;
  readonly name: string;
  readonly from: AnyKind;
  /** Present if the name gives a region. */
  readonly region?: string;
}

/** Kinds that need each other's outputs in a circle: the first kind is repeated at the end. */
export interface Circle {
  readonly kinds: readonly string[];
  readonly path: Path;
}

/** A unit and the units whose outputs its section names. */
export interface UnitNode {
  readonly unit: Unit;
  readonly after: readonly Unit[];
}

/**
 * The units of an account: each regional kind in each region, each global kind once. A unit comes after the units whose outputs
 * its section names; otherwise kinds keep their order, with the home region first. Pure. Published baselines have no circles; if
 * there is one, the last dependency of the circle is ignored.
 * @param regions the first is the home region
 */
export function unitGraph(
  kept: readonly KeptSection[],
  regions: readonly [string, ...string[]],
): readonly UnitNode[] {
  const needs = needsOf(kept);
  const [home] = regions;
  return kindsInOrder(kept, needs).flatMap((kind) =>
    (kind.scope === 'global' ? [GLOBAL] : regions).map((region): UnitNode => {
      const unit = { kind: kind.name, region };
      const after = unitsOf(needs, unit, home);
      return { unit, after: after.filter((one) => one.region === GLOBAL || regions.includes(one.region)) };
    }),
  );
}

/** The units whose outputs the section of a unit names, in any region. Pure. */
export function unitsNeeded(unit: Unit, kept: readonly KeptSection[], home: string): readonly Unit[] {
  return unitsOf(needsOf(kept), unit, home);
}

/**
 * The key among an account's outputs of a `${…}` name in the section of this unit. A name without a region means the unit's own
 * region, or the home region if the unit is global. Undefined if no kind has such an output. Pure.
 */
export function keyOfName(
  name: string,
  unit: Unit,
  kept: readonly KeptSection[],
  home: string,
): string | undefined {
  const { by, region } = giverOf(name, kept) ?? {};
  if (!by) return undefined;
  const plain = splitOutputKey(name)?.name ?? name;
  return outputKey(plain, regionOfNeed({ from: by, ...(region && { region }) }, unit, home), home);
}

/** A circle of kinds that need each other's outputs; undefined if there is none. Pure. */
export function circleOf(kept: readonly KeptSection[]): Circle | undefined {
  const needs = needsOf(kept);
  const done = new Set<AnyKind>();
  const visit = (kind: AnyKind, way: readonly Need[]): Circle | undefined => {
    const begin = way.findIndex(({ by }) => by === kind);
    const last = way.at(-1);
    if (begin >= 0 && last) {
      const kinds = [...way.slice(begin).map(({ by }) => by.name), kind.name];
      return { kinds, path: [last.by.name, ...last.path] };
    }
    if (done.has(kind)) return undefined;
    for (const need of needs.filter(({ by }) => by === kind)) {
      const found = visit(need.from, [...way, need]);
      if (found) return found;
    }
    done.add(kind);
    return undefined;
  };
  for (const { kind } of kept) {
    const found = visit(kind, []);
    if (found) return found;
  }
  return undefined;
}

/** Every string in a value, with its path. Pure. */
export function textsIn(value: unknown, path: Path = []): { path: Path; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (value === null || typeof value !== 'object') return [];
  const parts = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
  return parts.flatMap(([key, item]) => textsIn(item, [...path, key]));
}

function needsOf(kept: readonly KeptSection[]): Need[] {
  return kept.flatMap(({ kind, section }) =>
    textsIn(section).flatMap(({ path, text }) =>
      namesIn(text).flatMap((name): Need[] => {
        const { by: from, region } = giverOf(name, kept) ?? {};
        return from ? [{ by: kind, path, name, from, ...(region && { region }) }] : [];
      }),
    ),
  );
}

/** The kind whose output a name stands for, and the region in the name. */
function giverOf(
  name: string,
  kept: readonly KeptSection[],
): { readonly by: AnyKind; readonly region?: string } | undefined {
  const elsewhere = splitOutputKey(name);
  const plain = elsewhere?.name ?? name;
  const by = kept.find(
    ({ kind, section }) =>
      (!elsewhere || kind.scope === 'regional') && kind.outputNames(section).includes(plain),
  );
  return by && { by: by.kind, ...(elsewhere && { region: elsewhere.region }) };
}

function unitsOf(needs: readonly Need[], unit: Unit, home: string): Unit[] {
  const own = needs.filter(({ by }) => by.name === unit.kind);
  return unique(own.map((need) => ({ kind: need.from.name, region: regionOfNeed(need, unit, home) })));
}

function regionOfNeed({ from, region }: Pick<Need, 'from' | 'region'>, unit: Unit, home: string): string {
  if (from.scope === 'global') return GLOBAL;
  return region ?? (unit.region === GLOBAL ? home : unit.region);
}

/** The kinds, each after the kinds that it needs, otherwise in the given order. */
function kindsInOrder(kept: readonly KeptSection[], needs: readonly Need[]): AnyKind[] {
  const order: AnyKind[] = [];
  const place = (kind: AnyKind, way: readonly AnyKind[]): void => {
    if (order.includes(kind) || way.includes(kind)) return;
    for (const need of needs) if (need.by === kind) place(need.from, [...way, kind]);
    order.push(kind);
  };
  for (const { kind } of kept) place(kind, []);
  return order;
}

function unique(units: readonly Unit[]): Unit[] {
  return units.filter(
    (unit, at) => units.findIndex(({ kind, region }) => kind === unit.kind && region === unit.region) === at,
  );
}
