import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { AccessDenied, NotYetConsistent } from '../../shared/domain/errors.ts';
import type { Unit } from '../../shared/domain/unit.ts';
import { unitGraph } from '../kinds/graph.ts';
import { conditionOf, resourcesOf, UNANSWERED, UNANSWERED_SECONDS } from '../kinds/kind.ts';
import { kindAccount } from '../kinds/kind-account.ts';
import { withoutPutBackChange, wroteRole } from './access-check.ts';
import { claimAddress } from './addresses.ts';
import type { ManagedState } from './desired-state.ts';
import { enteringAs, entersByRole } from './enters-by.ts';
import type { WritePermission } from './gate.ts';
import type { CallGate, ManagedKind, ObservedUnit, Run, RunDeps, Suspension, UnitOutcome } from './model.ts';
import { inRegion, kindsIn, regionSaid, runIn, unitIn } from './places.ts';
import {
  OBSERVING_MS,
  openUnitGate,
  REGION_POLICIES,
  REGION_SILENT,
  WRITING_MS,
  withRegionStatus,
} from './region-down.ts';
import { observeUnits, runUnit } from './run-unit.ts';
import { clientsFor, isShutOut, notYet, readingSessions, writingPolicy } from './session.ts';

/** The outcome of every unit, and why differences were left as they are. */
interface Corrected {
  readonly list: readonly UnitOutcome[];
  readonly hold?: Suspension;
}

/** A unit that has been observed, with the run as it is in the unit's region. */
interface SeenUnit {
  readonly one: ObservedUnit;
  readonly at: Run;
  readonly unit: Unit;
}

/** Clients for reading: those of the home region, and how to make others. */
interface Reading {
  readonly reading: MemberClients;
  readonly look: (at: Run) => Promise<MemberClients>;
}

/**
 * Observes all units of a run at once, then brings them to their desired state side by side, each after those whose outputs its
 * section names. A unit that fails, or a region that does not answer, stops only what depends on it.
 */
export async function correctUnits(
  run: Run,
  deps: RunDeps,
  { managed, enableRegions }: ManagedState,
  { reading, permission }: { readonly reading: Reading; readonly permission: WritePermission },
): Promise<Corrected> {
  const [home] = run.regions;
  const unaddressed: { region: string; outcome: UnitOutcome }[] = [];
  for (const region of run.regions) {
    const without = await claimAddress(runIn(run, region), deps, managed);
    if (without) unaddressed.push({ region, outcome: without });
  }
  const observed = await Promise.all(
    run.regions.map((region) =>
      observeIn(region, { run, managed: kindsIn(region, managed, home), reading, deps }),
    ),
  );
  const seen = await withRegionStatus(
    observed.flat().map(({ one, at, unit }) => ({ one: withoutPutBackChange(one, run), at, unit })),
    {
      mayEnable: async () => enableRegions && permission.ask(),
      open: (purpose) =>
        clientsFor(run, deps, { policy: REGION_POLICIES[purpose], writes: purpose === 'enable' }),
    },
  );
  const done: UnitOutcome[] = [];
  const roleWasChanged = () => run.record.executionRoleArn !== undefined && done.some(wroteRole);
  // A change that IAM does not show within two minutes counts as a failure; `nextRun` tells when these are over.
  const changedBefore =
    run.record.executionRoleArn !== undefined && run.before?.waiting?.for === 'consistency';
  const clients = (at: Run, gate: CallGate) => (unit: ObservedUnit, wanted: unknown) => {
    const entering = enteringAs(unit.kind, at, deps);
    // Without a verified role the unit was not observed, so that nothing of it is written.
    return clientsFor({ ...('state' in entering ? at : entering), gate }, deps, {
      policy: writingPolicy(unit.kind, resourcesOf(unit.kind, wanted, unit.account, at.place.outputs)),
      writes: true,
      patient: roleWasChanged(),
    });
  };
  const writeWithin = async (one: ObservedUnit, at: Run): Promise<UnitOutcome> => {
    const write = (gate: CallGate) =>
      runUnit(one, at.place, { may: permission.ask, clients: clients(at, gate) });
    // Writing the role by which the account is entered is never abandoned half-way.
    if (one.kind.entryRole) return write(run.gate);
    const limit = { region: one.account.region, milliseconds: WRITING_MS };
    const { gate, within } = openUnitGate(run.gate, limit, deps.now);
    try {
      return await within(() => write(gate));
    } catch (error) {
      return { kind: one.kind, differences: [], unowned: [], state: { is: 'failed', error } };
    }
  };
  const work = async ({ one, at, unit }: SeenUnit): Promise<UnitOutcome> => {
    const without = unaddressed.find(
      ({ outcome, region }) => outcome.kind === one.kind && region === unit.region,
    )?.outcome;
    const outcome = without ?? tooEarly(one, at, run, deps.now()) ?? (await writeWithin(one, at));
    if (isShutOut(outcome)) deps.access.evict(run.record.accountId);
    const settled = roleWasChanged() || changedBefore ? settling(outcome) : outcome;
    done.push(settled);
    return settled;
  };
  const list = await inGraphOrder(seen, { run, managed, work });
  if (list.some(wroteRole)) deps.access.evict(run.record.accountId);
  const hold = permission.suspension();
  return { list, ...(hold && { hold }) };
}

/** Observes the units of a region. If the clients for the region cannot be made, all of its units fail. */
async function observeIn(
  region: string,
  {
    run,
    managed,
    reading,
    deps,
  }: { run: Run; managed: readonly ManagedKind[]; reading: Reading; deps: RunDeps },
): Promise<SeenUnit[]> {
  const { gate, within } = openUnitGate(run.gate, { region, milliseconds: OBSERVING_MS }, deps.now);
  const at = runIn(run, region);
  const account = kindAccount(at.record, at.place.config, managed);
  const observe = async (
    kinds: readonly ManagedKind[],
    connect: () => Promise<MemberClients>,
  ): Promise<readonly ObservedUnit[]> => {
    try {
      return await observeUnits(kinds, at.place, await connect(), within);
    } catch (error) {
      return kinds.map((one) => ({ ...one, account, observation: { state: 'failed', error } }));
    }
  };
  const observeByRole = async (one: ManagedKind): Promise<readonly ObservedUnit[]> => {
    const entering = enteringAs(one.kind, at, deps);
    if ('state' in entering) return [{ ...one, account, observation: entering }];
    const policy = readingSessions([one.kind]);
    return observe([one], () => clientsFor({ ...entering, gate }, deps, { policy }));
  };
  const [byRole, others] = [true, false].map((is) =>
    managed.filter(({ kind }) => entersByRole(kind, at) === is),
  );
  const look = async () => (region === run.regions[0] ? reading.reading : reading.look({ ...at, gate }));
  const observed = await Promise.all([observe(others ?? [], look), ...(byRole ?? []).map(observeByRole)]);
  return observed.flat().map((one) => ({ one, at, unit: unitIn(one.kind, region) }));
}

/**
 * Runs `work` for all units side by side, each after those whose outputs its section names, and all after the role by which the
 * account is entered. Returns the outcomes in the order of the kinds, then of the regions.
 */
async function inGraphOrder(
  seen: readonly SeenUnit[],
  given: { run: Run; managed: readonly ManagedKind[]; work: (unit: SeenUnit) => Promise<UnitOutcome> },
): Promise<UnitOutcome[]> {
  const { run, managed, work } = given;
  const nameOf = ({ kind, region }: Unit) => `${kind} ${region}`;
  const working = new Map<string, Promise<UnitOutcome>>();
  const entry = run.record.executionRoleArn
    ? managed.find(({ kind }) => kind.entryRole)?.kind.name
    : undefined;
  const nodes = unitGraph(managed, run.regions);
  const first = nodes.filter(({ unit }) => unit.kind === entry);
  for (const { unit, after } of [...first, ...nodes.filter((node) => !first.includes(node))]) {
    const one = seen.find((each) => nameOf(each.unit) === nameOf(unit));
    if (!one) continue;
    const before = [...after, ...(unit.kind === entry ? [] : first.map((node) => node.unit))];
    const start = Promise.all(before.map((each) => working.get(nameOf(each))));
    working.set(
      nameOf(unit),
      start.then(() => work(one)),
    );
  }
  return Promise.all(
    managed.flatMap(({ kind }) =>
      seen
        .filter(({ one }) => one.kind.name === kind.name)
        .flatMap(({ one, unit }) => {
          const outcome = working.get(nameOf(unit));
          return outcome
            ? [outcome.then((each) => inRegion(each, regionSaid(one.kind, unit.region, run)))]
            : [];
        }),
    ),
  );
}

/** After a create call that was not answered or was abandoned, the unit makes nothing until AWS would list what the call made. */
function tooEarly({ kind }: ObservedUnit, at: Run, run: Run, now: Date): UnitOutcome | undefined {
  const [home] = run.regions;
  const here = at.record === run.record ? home : at.record.regions?.[0];
  const old = run.before?.conditions.find(
    ({ type, region = home }) => type === conditionOf(kind) && region === here,
  );
  if (!old || (old.reason !== UNANSWERED && old.reason !== REGION_SILENT)) return undefined;
  const waited = (now.getTime() - Date.parse(run.before?.lastPass?.finishedAt ?? '')) / 1000;
  if (!(waited < UNANSWERED_SECONDS)) return undefined;
  const error = new NotYetConsistent(old.message, {
    reason: old.reason,
    retryAfterSeconds: UNANSWERED_SECONDS,
  });
  return { kind, differences: [], unowned: [], state: { is: 'failed', error } };
}

/** A denial right after the role in use was changed counts as pending: IAM may not show the change everywhere yet. */
function settling(outcome: UnitOutcome): UnitOutcome {
  const { state } = outcome;
  if (state.is !== 'failed' || !(state.error instanceof AccessDenied)) return outcome;
  return { ...outcome, state: { is: 'failed', error: notYet(state.error) } };
}
