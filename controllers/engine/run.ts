import { randomUUID } from 'node:crypto';
import { putEvents } from '../../shared/aws/bus.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import {
  AccessDenied,
  InvalidDesiredState,
  NotYetConsistent,
  UnreadableItem,
} from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { regionsOf } from '../../shared/domain/region.ts';
import type { AccountStatus, PassRecord } from '../../shared/domain/status.ts';
import { GLOBAL, type Unit } from '../../shared/domain/unit.ts';
import { type AccountItems, loadAccount } from '../../shared/store/accounts.ts';
import { clearAnnouncements, dropStatus, saveStatus, stopLooking } from '../../shared/store/statuses.ts';
import { unitGraph } from '../kinds/graph.ts';
import { type AnyKind, conditionOf, resourcesOf, UNANSWERED, UNANSWERED_SECONDS } from '../kinds/kind.ts';
import { checkAccess, withoutPutBackChange, wroteRole } from './access-check.ts';
import { claimAddress, holdingsOf, placeAddresses } from './addresses.ts';
import { kindAccount, managedKinds } from './desired-state.ts';
import {
  isWorkedOn,
  OBSERVING_MS,
  openCallGate,
  openUnitGate,
  REGION_SILENT,
  skipReason,
  WRITING_MS,
  writePermission,
} from './gate.ts';
import { observeLeftovers, separateLeftovers } from './leftovers.ts';
import type {
  CallGate,
  Finding,
  Findings,
  ManagedKind,
  ObservedUnit,
  Run,
  RunDeps,
  RunOutcome,
  RunRequest,
  Suspension,
  UnitOutcome,
} from './model.ts';
import { announcements, announceUnreadable, corrected } from './outbox.ts';
import { allOutputs, divideOutputs, inRegion, kindsIn, regionSaid, runIn } from './places.ts';
import { mayComeFromRegion, REGION_POLICIES, type RegionAccess, regionFailure } from './region-status.ts';
import { removeEverything } from './removal.ts';
import { retiredStatus, toStatus } from './report.ts';
import { isRedelivered } from './retry.ts';
import { observeUnits, runUnit } from './run-unit.ts';
import { clientsFor, isShutOut, notYet, readingSessions, writingPolicy } from './session.ts';

/**
 * One pass over one account: observe all kinds at once, compare, mend in order, verify the execution role, save
 * once, announce. Level-triggered: the message says which account, the pass reads the world. Safe to repeat after a
 * crash at any call.
 * @throws ControllerError or whatever else kept it from saving a status
 */
export async function reconcile(request: RunRequest, deps: RunDeps): Promise<RunOutcome> {
  const startedAt = new Date();
  const { table } = deps.main;
  const items = await readItems(request, deps);
  if (items instanceof UnreadableItem) return { did: 'stopped', item: items };
  const { record, status: before, control } = items;
  const why = skipReason({ record, before, sentAt: request.sentAt, config: deps.config });
  if (why || !record) {
    if (record && !isWorkedOn(record.lifecycle) && before?.dueAt) await stopLooking(table, before);
    if (!record && before) await dropStatus(table, before);
    return { did: 'skipped', why: why ?? 'no such account' };
  }
  const stands: Run['stands'] = { home: before?.home ?? items.begun, leftovers: before?.leftovers ?? [] };
  const desired = await desiredState(record, deps);
  const regions = 'error' in desired ? regionsOf(record, undefined, deps.config.region) : desired.regions;
  const [home] = regions;
  const holdings = await holdingsOf(items.holdings, { was: stands.home?.region, home }, deps);
  const { home: outputs, elsewhere } = divideOutputs(before?.outputs);
  const outputsIn = (region: string) => (region === home ? outputs : elsewhere.get(region));
  const managed = 'error' in desired ? [] : desired.managed;
  const here = { ...record, regions };
  const place = {
    record: here,
    config: deps.config,
    outputs,
    site: { region: home, home, managed, outputsIn },
  };
  const calls = { reads: 0, writes: 0 };
  const gate = openCallGate(request.until);
  const run: Run = {
    ...{ id: randomUUID(), startedAt, request, record: here, before, control, place, regions, elsewhere },
    ...{ stands: { ...stands, holdings }, gate, calls },
  };
  return finish(run, await findings(run, desired, deps), deps);
}

/** The account's items; or the one that cannot be read, once that is said. */
async function readItems(request: RunRequest, deps: RunDeps): Promise<AccountItems | UnreadableItem> {
  try {
    return await loadAccount(deps.main.table, request.message.accountId);
  } catch (error) {
    if (!(error instanceof UnreadableItem)) throw error;
    await announceUnreadable(error, request, deps);
    return error;
  }
}

/** Everything that the pass found out and did; failures are findings, too. */
async function findings(run: Run, desired: DesiredState, deps: RunDeps): Promise<Findings> {
  if ('error' in desired)
    return { outcomes: [], findings: [], failures: [{ type: 'Baseline', error: desired.error }] };
  const { managed } = desired;
  separateLeftovers(run, deps, managed);
  placeAddresses(run);
  if (run.record.lifecycle === 'retiring') return removeEverything(run, deps, managed);
  const read = kindsToRead(run, deps, managed);
  const look = (at: Run) => clientsFor(at, deps, { policy: readingSessions(read) });
  let reading: MemberClients;
  try {
    reading = await look(run);
  } catch (error) {
    const unknown = run.regions.flatMap((region) =>
      kindsIn(region, managed, run.regions[0]).map(({ kind }) =>
        notObserved(kind, regionSaid(kind, region, run)),
      ),
    );
    return { outcomes: [], findings: unknown, failures: [{ type: 'Access', error }] };
  }
  const outcomes = await keep(run, deps, desired, { reading, look });
  const [found, left] = await Promise.all([
    checkAccess(run, deps, outcomes.list),
    observeLeftovers(run, deps, look),
  ]);
  return { ...found, findings: [...found.findings, ...left], ...(outcomes.hold && { hold: outcomes.hold }) };
}

/** What one session looks at: what is kept, and what was and may still be there. */
function kindsToRead({ stands }: Run, deps: RunDeps, managed: readonly ManagedKind[]): AnyKind[] {
  const names = new Set([
    ...managed.map(({ kind }) => kind.name),
    ...stands.leftovers.map(({ kind }) => kind),
  ]);
  return deps.kinds.filter(({ name }) => names.has(name));
}

/** What the account is to have, and where; or why that cannot be known. */
type DesiredState = ManagedState | { readonly error: unknown };

interface ManagedState {
  readonly managed: readonly ManagedKind[];
  readonly regions: Run['regions'];
  /** True if a region that is not enabled in the account is to be enabled. */
  readonly enableRegions: boolean;
}

async function desiredState(record: AccountRecord, deps: RunDeps): Promise<DesiredState> {
  const reference = record.baseline;
  try {
    const baseline = reference && (await deps.loadBaseline(reference));
    if (baseline) {
      const regions = regionsOf(record, baseline, deps.config.region);
      const { enableRegions = false } = baseline;
      return { managed: managedKinds(baseline, deps.kinds), regions, enableRegions };
    }
    const name = reference ? formatBaseline(reference) : 'none';
    throw new InvalidDesiredState(`The account's baseline ${name} was never published.`, [], {
      reason: 'BaselineMissing',
      remedy: 'Publish it, or assign another with `orgkeeper baseline assign`.',
    });
  } catch (error) {
    return { error };
  }
}

interface Kept {
  readonly list: readonly UnitOutcome[];
  readonly hold?: Suspension;
}

/** A unit that has been observed, with the run as it is in the unit's region. */
interface SeenUnit {
  readonly one: ObservedUnit;
  readonly at: Run;
  readonly unit: Unit;
}

/** Session and clients for reading: those of the home region, and how to make others. */
interface Reading {
  readonly reading: MemberClients;
  readonly look: (at: Run) => Promise<MemberClients>;
}

/**
 * Observes all units at once, then brings them to their desired state side by side, each after those whose outputs its section names. A
 * unit that fails, or a region that does not answer, stops no other.
 */
async function keep(
  run: Run,
  deps: RunDeps,
  { managed, enableRegions }: ManagedState,
  reading: Reading,
): Promise<Kept> {
  const [home] = run.regions;
  const unaddressed: UnitOutcome[] = [];
  for (const region of run.regions) {
    const without = await claimAddress(runIn(run, region), deps, managed);
    if (without) unaddressed.push({ ...without, region });
  }
  const observed = await Promise.all(
    run.regions.map((region) => observeIn(region, { run, managed: kindsIn(region, managed, home), reading })),
  );
  const permission = writePermission(run, deps);
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
  // What IAM does not show within two minutes counts as real: `nextRun` says when they are over.
  const changedBefore =
    run.record.executionRoleArn !== undefined && run.before?.waiting?.for === 'consistency';
  const clients = (at: Run, gate: CallGate) => (unit: ObservedUnit, wanted: unknown) =>
    clientsFor({ ...at, gate }, deps, {
      policy: writingPolicy(unit.kind, resourcesOf(unit.kind, wanted, unit.account, at.place.outputs)),
      writes: true,
      patient: roleWasChanged(),
    });
  const writeWithin = async (one: ObservedUnit, at: Run): Promise<UnitOutcome> => {
    const write = (gate: CallGate) =>
      runUnit(one, at.place, { may: permission.ask, clients: clients(at, gate) });
    // What decides whether the account can be entered at all is never given up on half-way.
    if (one.kind.entryRole) return write(run.gate);
    const { gate, within } = openUnitGate(run.gate, {
      region: one.account.region,
      milliseconds: WRITING_MS,
    });
    try {
      return await within(() => write(gate));
    } catch (error) {
      return { kind: one.kind, differences: [], unowned: [], state: { is: 'failed', error } };
    }
  };
  const work = async ({ one, at, unit }: SeenUnit): Promise<UnitOutcome> => {
    const without = unaddressed.find(({ kind, region }) => kind === one.kind && region === unit.region);
    const outcome = without ?? tooEarly(one, at, run) ?? (await writeWithin(one, at));
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

/** The units, with precise failures of those in a region that is not enabled in the account. Each region is asked about once. */
async function withRegionStatus(seen: readonly SeenUnit[], access: RegionAccess): Promise<SeenUnit[]> {
  const causes = new Map<string, unknown>();
  for (const { one, unit } of seen) {
    const failure = failureOf(one);
    if (unit.region !== GLOBAL && mayComeFromRegion(failure)) causes.set(unit.region, failure);
  }
  const precise = new Map(
    await Promise.all(
      [...causes].map(async ([region, cause]) => {
        const error = await regionFailure(cause, region, access);
        return [region, error === cause ? undefined : error] as const;
      }),
    ),
  );
  return seen.map(({ one, at, unit }) => {
    const error = mayComeFromRegion(failureOf(one)) ? precise.get(unit.region) : undefined;
    return { one: error ? { ...one, observation: { state: 'failed', error } } : one, at, unit };
  });
}

function failureOf({ observation }: ObservedUnit): unknown {
  return observation.state === 'failed' ? observation.error : undefined;
}

/** Observes the units of a region. Where its clients cannot be made, each of its units has failed. */
async function observeIn(
  region: string,
  { run, managed, reading }: { run: Run; managed: readonly ManagedKind[]; reading: Reading },
): Promise<SeenUnit[]> {
  const { gate, within } = openUnitGate(run.gate, { region, milliseconds: OBSERVING_MS });
  const at = runIn(run, region);
  const unitOf = (kind: AnyKind) => ({ kind: kind.name, region: kind.scope === 'global' ? GLOBAL : region });
  let clients: MemberClients;
  try {
    clients = region === run.regions[0] ? reading.reading : await reading.look({ ...at, gate });
  } catch (error) {
    const account = kindAccount(at.record, at.place.config, managed);
    const observation = { state: 'failed', error } as const;
    return managed.map((one) => ({ one: { ...one, account, observation }, at, unit: unitOf(one.kind) }));
  }
  const observed = await observeUnits(managed, at.place, clients, within);
  return observed.map((one) => ({ one, at, unit: unitOf(one.kind) }));
}

/**
 * Works on units side by side, each once those are done whose outputs its section names, and all once the role by which the account is
 * entered is. Gives the outcomes in the order of the kinds, and of the regions.
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

/** After a create that nobody answered, or that was given up on, nothing of that unit is made until what it may have made must show. */
function tooEarly({ kind }: ObservedUnit, at: Run, run: Run): UnitOutcome | undefined {
  const [home] = run.regions;
  const here = at.record === run.record ? home : at.record.regions?.[0];
  const old = run.before?.conditions.find(
    ({ type, region = home }) => type === conditionOf(kind) && region === here,
  );
  if (!old || (old.reason !== UNANSWERED && old.reason !== REGION_SILENT)) return undefined;
  const waited = (Date.now() - Date.parse(run.before?.lastPass?.finishedAt ?? '')) / 1000;
  if (!(waited < UNANSWERED_SECONDS)) return undefined;
  const error = new NotYetConsistent(old.message, {
    reason: old.reason,
    retryAfterSeconds: UNANSWERED_SECONDS,
  });
  return { kind, differences: [], unowned: [], state: { is: 'failed', error } };
}

/** A denial just after the role in use was changed: IAM may not show the change everywhere yet. */
function settling(outcome: UnitOutcome): UnitOutcome {
  const { state } = outcome;
  if (state.is !== 'failed' || !(state.error instanceof AccessDenied)) return outcome;
  return { ...outcome, state: { is: 'failed', error: notYet(state.error) } };
}

function notObserved(kind: AnyKind, region: string | undefined): Finding {
  const message = 'The account could not be entered, so this was not looked at.';
  return {
    ...{ type: conditionOf(kind), status: 'Unknown', reason: 'NotObserved', message },
    ...(region && { region }),
  };
}

/** Saves the status of a pass once, and announces what changed. */
export async function finish(under: Run, found: Findings, deps: RunDeps): Promise<RunOutcome> {
  const run = { ...under, place: { ...under.place, outputs: allOutputs(under) } };
  await run.gate.end();
  const now = new Date();
  const errors = [
    ...found.failures.map(({ error }) => error),
    ...found.outcomes.flatMap(({ state }) => (state.is === 'failed' ? [state.error] : [])),
  ];
  const passing = errors.find(isRedelivered);
  const { status: reached, next } = toStatus(run, found, errors, now);
  const status = found.retired ? retiredStatus(reached) : reached;
  const { lastPass } = status;
  const unannounced = [...(run.before?.unannounced ?? []), ...announcements(run.record, run.before, status)];
  const saved: AccountStatus = { ...status, ...(unannounced.length > 0 && { unannounced }) };
  const worthHistory = lastPass.differences.length > 0 || wentWrong(lastPass, run.before?.lastPass);
  await saveStatus(deps.main.table, saved, {
    passId: run.id,
    now,
    record: run.record,
    ...(worthHistory && (passing === undefined || corrected(lastPass)) && { history: lastPass }),
  });
  if (unannounced.length > 0) {
    await putEvents(deps.main.bus, unannounced, OUR_SOURCE);
    await clearAnnouncements(deps.main.table, saved);
  }
  const firstReady = saved.readySince !== undefined && run.before?.readySince === undefined;
  // Not from this message, which may only say that it is time to look again.
  const secondsToReady = (now.getTime() - Date.parse(run.record.requestedAt)) / 1000;
  return {
    did: 'ran',
    status: saved,
    ...(firstReady && { secondsToReady }),
    next,
    ...(passing !== undefined && { retry: passing }),
  };
}

/** True for a pass that failed or waits where the one before did not: worth a line of history. */
function wentWrong({ result }: PassRecord, before: PassRecord | undefined): boolean {
  return (result === 'failed' || result === 'waiting') && result !== before?.result;
}
