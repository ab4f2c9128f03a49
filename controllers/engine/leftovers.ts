import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { addressOutputs, blockIn } from '../../shared/domain/addresses.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { AccountNotReady, InvalidDesiredState } from '../../shared/domain/errors.ts';
import type { Home, Leftover } from '../../shared/domain/status.ts';
import { GLOBAL, type Unit } from '../../shared/domain/unit.ts';
import { unitsNeeded } from '../kinds/graph.ts';
import { type AnyKind, conditionOf, type KindAccount } from '../kinds/kind.ts';
import { kindAccount, type PlacedRecord, withoutBrought } from '../kinds/kind-account.ts';
import { managedKinds } from './desired-state.ts';
import type { Finding, ManagedKind, Run, RunDeps, Workplace } from './model.ts';
import { OBSERVING_MS, openUnitGate } from './region-down.ts';
import { contextFor, renderUnit } from './run-unit.ts';
import { isBy, isEntryRole, unrecorded } from './unrecorded.ts';

/**
 * Separates leftovers, the resources that desired state no longer has, from the outputs of the run, and keeps them in its `stands`.
 * Leftovers that desired state has again become outputs again.
 */
export function separateLeftovers(
  run: Pick<Run, 'record' | 'before' | 'place' | 'stands' | 'regions' | 'elsewhere'>,
  deps: Pick<RunDeps, 'config' | 'kinds'>,
  managed: readonly ManagedKind[],
): void {
  const { record, before, place, stands, elsewhere } = run;
  const [homeRegion, ...others] = run.regions;
  const baseline = record.baseline ?? { name: 'none', version: 0 };
  const home = { region: homeRegion, baseline };
  const was = stands.home ?? { region: homeRegion, baseline: before?.lastPass?.baseline ?? baseline };
  const { kinds } = deps;
  // The resources in the new home region were recorded as another region's until now.
  const divided = divide({
    ...{ outputs: place.outputs, was, home, leftovers: stands.leftovers, kinds, managed },
    account: kindAccount(record, deps.config, managed),
  });
  const replace = (outputs: Record<string, string>, by: Readonly<Record<string, string>>) => {
    for (const name of Object.keys(outputs)) delete outputs[name];
    Object.assign(outputs, by);
  };
  replace(place.outputs, { ...divided.outputs, ...(was.region !== homeRegion && elsewhere.get(homeRegion)) });
  if (was.region !== homeRegion) elsewhere.delete(homeRegion);
  const dropped: Leftover[] = [];
  for (const [region, outputs] of elsewhere) {
    for (const kind of kinds.filter(({ scope }) => scope === 'regional')) {
      const isKept = others.includes(region) && managed.some((one) => one.kind === kind);
      const made = kind.made(outputs);
      if (isKept || isNone(made)) continue;
      dropped.push({ kind: kind.name, region, baseline: was.baseline, outputs: made });
      for (const name of Object.keys(made)) delete outputs[name];
    }
    if (!others.includes(region)) elsewhere.delete(region);
  }
  const left = divided.leftovers.filter((old) => {
    const kind = managed.find((one) => one.kind.name === old.kind)?.kind;
    if (kind?.scope !== 'regional' || !others.includes(old.region)) return true;
    const outputs = elsewhere.get(old.region) ?? {};
    if (isNone(kind.made(outputs))) Object.assign(outputs, old.outputs);
    elsewhere.set(old.region, outputs);
    return false;
  });
  const isKnown = (one: Leftover) =>
    left.some(({ kind, region }) => kind === one.kind && region === one.region);
  const known = [...left, ...dropped.filter((one) => !isKnown(one))];
  stands.home = home;
  stands.leftovers = [...known, ...unrecorded(run, deps, { managed, known })];
  stands.making = stands.making.filter(
    (place) => run.regions.includes(place.region) && isBy(place, baseline),
  );
}

/** See `separateLeftovers`. Pure. */
export function divide(given: {
  readonly outputs: Readonly<Record<string, string>>;
  readonly was: Home;
  readonly home: Home;
  readonly leftovers: readonly Leftover[];
  readonly kinds: readonly AnyKind[];
  readonly managed: readonly ManagedKind[];
  readonly account: KindAccount;
}): { outputs: Record<string, string>; leftovers: Leftover[] } {
  const { was, home, kinds, managed, account } = given;
  const outputs = { ...given.outputs };
  const leftovers: Leftover[] = [];
  const otherBaseline = formatBaseline(was.baseline) !== formatBaseline(home.baseline);
  for (const kind of kinds) {
    const made = kind.made(outputs);
    const isKept = managed.some((one) => one.kind === kind);
    const moved = kind.scope === 'regional' && was.region !== home.region;
    if (isEntryRole(kind, account)) continue;
    // A run that was killed in that place may have made resources without recording them: they are searched once, by their tags.
    const mayBeThere = moved || (!isKept && otherBaseline);
    if (isNone(made) && !mayBeThere) continue;
    if (isKept && !moved && !kind.broughtAlong?.supersedes(made, account)) continue;
    const region = kind.scope === 'global' ? GLOBAL : was.region;
    leftovers.push({ kind: kind.name, region, baseline: was.baseline, outputs: made });
    for (const name of Object.keys(made)) delete outputs[name];
  }
  for (const old of given.leftovers) {
    const kind = managed.find((one) => one.kind.name === old.kind)?.kind;
    const isHere = kind !== undefined && (old.region === GLOBAL || old.region === home.region);
    const isWanted = isHere && !kind.broughtAlong?.supersedes(old.outputs, account);
    const at = leftovers.findIndex((one) => one.kind === old.kind && one.region === old.region);
    if (isWanted && isNone(kind.made(outputs))) Object.assign(outputs, old.outputs);
    else if (at < 0) leftovers.push(old);
    // A kind has one leftover in a region: recorded ids win over the mere possibility of unrecorded resources.
    else if (isNone(leftovers[at]?.outputs ?? {})) leftovers[at] = old;
  }
  return { outputs, leftovers };
}

function isNone(made: Readonly<Record<string, string>>): boolean {
  return Object.keys(made).length === 0;
}

/** A leftover, with what is needed to observe or remove it. */
export interface Apart {
  readonly leftover: Leftover;
  readonly kind: AnyKind;
  /** Absent if the baseline that made the leftover, or its section, is not available any more. */
  readonly section?: unknown;
  /** The units whose outputs its section names. */
  readonly needs: readonly Unit[];
  readonly account: KindAccount;
  /** The run as if the leftover's region were the account's only region. */
  readonly run: Run;
}

/** The leftovers of a run, of the kinds that this version has. */
export async function leftoversOf(run: Run, deps: RunDeps): Promise<Apart[]> {
  const [home] = run.regions;
  const all = run.stands.leftovers.map(async (leftover): Promise<Apart[]> => {
    const kind = deps.kinds.find(({ name }) => name === leftover.kind);
    if (!kind) return [];
    const managed = await sectionsOf(leftover, deps);
    const section = managed.find((one) => one.kind === kind)?.section;
    if (section === undefined && isNone(leftover.outputs)) return [];
    const record = there(run.record, leftover);
    const address = blockIn(run.stands.holdings ?? { blocks: [] }, { region: leftover.region, home });
    const outputs = { ...leftover.outputs, ...addressOutputs(address) };
    const { site: _, ...workplace } = run.place;
    const place: Workplace = { ...workplace, record, outputs };
    // Without the pattern, a role with a name that Main may not assume is observed and removed like any other.
    const { executionRolePattern: __, ...account } = kindAccount(record, deps.config, managed);
    const needs = unitsNeeded(leftover, managed, home);
    const apart = { leftover, kind, needs, account, run: { ...run, record, place } };
    return [section === undefined ? apart : { ...apart, section }];
  });
  const apart = (await Promise.all(all)).flat();
  // A leftover without recorded ids is dropped if the old baseline did not have the kind: nothing was made.
  run.stands.leftovers = run.stands.leftovers.filter(
    (leftover) => !isNone(leftover.outputs) || apart.some((one) => one.leftover === leftover),
  );
  return apart;
}

/** The sections of the baseline that made it; none if that is not available, or not valid for this version any more. */
async function sectionsOf({ baseline }: Leftover, deps: RunDeps): Promise<ManagedKind[]> {
  const document = await deps.loadBaseline(baseline);
  try {
    return document ? managedKinds(document, deps.kinds) : [];
  } catch (error) {
    if (error instanceof InvalidDesiredState) return [];
    throw error;
  }
}

/** The account's record as it was when the leftover was made: without resources of its owner. */
function there(now: PlacedRecord, { region }: Leftover): PlacedRecord {
  const record = withoutBrought(now);
  return region === GLOBAL ? record : { ...record, regions: [region] };
}

/**
 * Observes the leftovers: forgets those that no longer exist, and returns a condition for each other. A leftover that cannot be
 * observed counts as existing.
 * @param but units that the run has just tried to remove: their outcomes say more
 */
export async function observeLeftovers(
  run: Run,
  deps: RunDeps,
  { look, but }: { readonly look: (at: Run) => Promise<MemberClients>; readonly but: readonly Unit[] },
): Promise<Finding[]> {
  const isTried = (one: Unit) => but.some(({ kind, region }) => kind === one.kind && region === one.region);
  const tried = run.stands.leftovers.filter(isTried);
  const apart = (await leftoversOf(run, deps)).filter(({ leftover }) => !isTried(leftover));
  const looked = await Promise.all(apart.map(async (one) => ({ one, seen: await lookAt(one, look) })));
  const left = looked.flatMap(({ one, seen }) => (seen ? [{ one, ...seen }] : []));
  const isUnknown = (one: Unit) => !isTried(one) && !deps.kinds.some(({ name }) => name === one.kind);
  const unknown = run.stands.leftovers.filter(isUnknown);
  const seen = left.map(({ one, outputs }) => ({ ...one.leftover, outputs }));
  run.stands.leftovers = [...seen, ...unknown, ...tried];
  // A leftover without recorded ids that could not be searched is searched again; no condition names it.
  const known = left.filter(({ outputs, unseen }) => unseen === undefined || !isNone(outputs));
  return known.map(({ one, unseen }) => notInBaseline(one, run.regions, unseen));
}

/** The ids of the resources that still exist, and why they could not be observed, if so; undefined if none exists. */
async function lookAt(
  { kind, section, account, leftover, run }: Apart,
  reading: (at: Run) => Promise<MemberClients>,
): Promise<{ outputs: Leftover['outputs']; unseen?: string } | undefined> {
  const { outputs } = leftover;
  if (section === undefined) return { outputs, unseen: 'the baseline that made it is not available.' };
  try {
    const wanted = renderUnit({ kind, section, account }, run.place, outputs);
    const limit = { region: account.region, milliseconds: OBSERVING_MS };
    const { gate, within } = openUnitGate(run.gate, limit, run.place.clock.now);
    const clients = await reading({ ...run, gate });
    const observed = await within(() =>
      kind.observe(wanted, contextFor(account, run.place, clients, outputs)),
    );
    switch (observed.state) {
      case 'absent':
        return undefined;
      case 'pending':
        return { outputs, unseen: observed.message };
      case 'unowned':
        return isNone(outputs) ? undefined : { outputs, unseen: observed.message };
      case 'present': {
        if (kind.setting) return isBack(kind.setting, observed.actual, outputs) ? undefined : { outputs };
        const found = kind.outputs(observed.actual);
        return isNone(found) ? undefined : { outputs: kind.made({ ...run.place.outputs, ...found }) };
      }
    }
  } catch (error) {
    // In a region that does not exist or is not enabled, a killed run has made nothing.
    if (isNone(outputs) && error instanceof AccountNotReady) return undefined;
    return { outputs, unseen: error instanceof Error ? error.message : String(error) };
  }
}

/** True if a setting has its earlier value again, or was never changed. */
function isBack(
  { output, textOf }: NonNullable<AnyKind['setting']>,
  actual: unknown,
  outputs: Leftover['outputs'],
): boolean {
  return outputs[output] === undefined || outputs[output] === textOf(actual);
}

/** The condition about a leftover; `unseen` says why it could not be observed. Pure. */
export function notInBaseline(
  { kind, leftover }: Pick<Apart, 'kind' | 'leftover'>,
  regions: Run['regions'],
  unseen?: string,
): Finding {
  const { region, baseline } = leftover;
  const where = region === GLOBAL ? '' : ` in ${region}`;
  const again =
    region === GLOBAL
      ? 'assign a baseline that has it'
      : `register the account with that region and a baseline that has it`;
  const isDropped = region !== GLOBAL && !regions.includes(region);
  const retired = isDropped ? `the region ${region}, or the whole account,` : 'the account';
  const message =
    `What Orgkeeper made of ${kind.name}${where} by ${formatBaseline(baseline)} still exists, and the account's baseline no longer ` +
    `has it: ${again}, delete it by hand, or retire ${retired} with its resources removed.` +
    (unseen ? ` It could not be observed, and counts as existing: ${unseen}` : '');
  return {
    type: conditionOf(kind),
    status: 'False',
    ...(region !== GLOBAL && { region }),
    reason: 'NotInBaseline',
    message,
  };
}
