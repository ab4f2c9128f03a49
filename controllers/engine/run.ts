import { randomUUID } from 'node:crypto';
import { putEvents } from '../../shared/aws/bus.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { liveExceptions } from '../../shared/domain/exceptions.ts';
import { regionsOf } from '../../shared/domain/region.ts';
import type { AccountStatus, PassRecord } from '../../shared/domain/status.ts';
import { type AccountItems, loadAccount } from '../../shared/store/accounts.ts';
import { clearOutbox, dropStatus, saveStatus, stopLooking } from '../../shared/store/statuses.ts';
import { type AnyKind, conditionOf } from '../kinds/kind.ts';
import { placedRecord } from '../kinds/kind-account.ts';
import { checkAccess } from './access-check.ts';
import { holdingsOf, placeAddresses } from './addresses.ts';
import { desiredState, type ManagedState } from './desired-state.ts';
import { exchange, exportsOf, fillImports, takeBackExports, wakeImporters } from './exports.ts';
import { isWorkedOn, openCallGate, skipReason, writePermission } from './gate.ts';
import { observeLeftovers, separateLeftovers } from './leftovers.ts';
import type { Finding, Findings, ManagedKind, Run, RunDeps, RunOutcome, RunRequest } from './model.ts';
import {
  announcements,
  announceUnreadable,
  corrected,
  exceptionAnnouncements,
  isToldDegraded,
  kindAnnouncements,
} from './outbox.ts';
import { allOutputs, divideOutputs, kindsIn, regionSaid } from './places.ts';
import { clearRegions, removeEverything } from './removal.ts';
import { retiredStatus, toStatus } from './report.ts';
import { isRedelivered } from './retry.ts';
import { clientsFor, readingSessions } from './session.ts';
import { correctUnits } from './units.ts';

/**
 * One run of one account: observe all units in parallel, correct each, verify the execution role, save once, announce.
 * Level-triggered: the message names the account, and the run reads the actual state. Safe to repeat after a crash at any call.
 * @throws ControllerError or any other error that kept it from saving a status
 */
export async function reconcile(request: RunRequest, deps: RunDeps): Promise<RunOutcome> {
  const startedAt = deps.now();
  const { table } = deps.main;
  const items = await readItems(request, deps);
  if (items instanceof UnreadableItem) return { did: 'stopped', item: items };
  const { record, status: before, control } = items;
  const why = skipReason({ record, before, sentAt: request.sentAt, config: deps.config });
  if (why || !record) {
    if (before && !(record && isWorkedOn(record.lifecycle))) {
      const left = await takeBackExports(before, deps);
      if (!record) await dropStatus(table, left);
      else if (left.dueAt) await stopLooking(table, left);
    }
    return { did: 'skipped', why: why ?? 'no such account' };
  }
  const stands: Run['stands'] = {
    home: before?.home ?? items.begun,
    leftovers: before?.leftovers ?? [],
    making: before?.making ?? items.making ?? [],
  };
  const read = await desiredState(record, deps);
  const desired = 'error' in read ? read : await fillImports(read, { record }, table);
  const managed = 'error' in desired ? [] : desired.managed;
  const regions = 'error' in desired ? regionsOf(record, undefined, deps.config.region) : desired.regions;
  const [home] = regions;
  const holdings = await holdingsOf(items.holdings, { was: stands.home?.region, home }, deps);
  const { home: outputs, elsewhere } = divideOutputs(before?.outputs);
  const outputsIn = (region: string) => (region === home ? outputs : elsewhere.get(region));
  const here = placedRecord(record, regions, 'error' in desired ? {} : desired);
  const exceptions = liveExceptions(record, startedAt);
  const place = {
    ...(exceptions.length > 0 && { exceptions }),
    record: here,
    config: deps.config,
    outputs,
    clock: deps,
    site: { region: home, home, managed, outputsIn },
  };
  const calls = { reads: 0, writes: 0 };
  const gate = openCallGate(request.until, deps.now);
  const run: Run = {
    ...{ id: randomUUID(), startedAt, request, record: here, before, control, place, regions, elsewhere },
    ...{ stands: { ...stands, holdings }, gate, calls },
  };
  if ('error' in desired) {
    const failures = [{ type: desired === read ? 'Baseline' : 'Imports', error: desired.error }];
    return finish(run, withExports(run, { outcomes: [], findings: [], failures }, undefined), deps);
  }
  const found = await findings(run, desired, deps);
  return finish(run, withExports(run, found, { texts: desired.exports, imports: desired.imports }), deps);
}

/**
 * What the run found, with what the account exports by then. A retiring account exports nothing; without a readable baseline
 * and imports everything stays as it was.
 */
function withExports(
  run: Run,
  found: Findings,
  desired: { texts: Readonly<Record<string, string>>; imports: readonly string[] } | undefined,
): Findings {
  if (run.record.lifecycle === 'retiring') return { ...found, exchanged: { exports: {}, imports: [] } };
  if (!desired) return found;
  const { texts, imports } = desired;
  const { exports, finding } = exportsOf(texts, run);
  const findings = [...found.findings, ...(finding ? [finding] : [])];
  return { ...found, findings, exchanged: { exports, imports } };
}

/** The items of the account; or the one that cannot be read, after announcing it. */
async function readItems(request: RunRequest, deps: RunDeps): Promise<AccountItems | UnreadableItem> {
  try {
    return await loadAccount(deps.main.table, request.message.accountId);
  } catch (error) {
    if (!(error instanceof UnreadableItem)) throw error;
    await announceUnreadable(error, request, deps);
    return error;
  }
}

/** Everything that the run found and did, failures included. */
async function findings(run: Run, desired: ManagedState, deps: RunDeps): Promise<Findings> {
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
  const permission = writePermission(run, deps);
  const corrected = await correctUnits(run, deps, desired, { reading: { reading, look }, permission });
  const cleared = await clearRegions(run, deps, permission);
  const [found, left] = await Promise.all([
    checkAccess(run, deps, corrected.list),
    observeLeftovers(run, deps, { look, but: cleared.units }),
  ]);
  const hold = corrected.hold ?? cleared.hold;
  return {
    ...found,
    outcomes: [...found.outcomes, ...cleared.outcomes],
    findings: [...found.findings, ...left],
    ...(hold && { hold }),
  };
}

/** The kinds that the reading session observes: managed ones, and those of leftovers. */
function kindsToRead({ stands }: Run, deps: RunDeps, managed: readonly ManagedKind[]): AnyKind[] {
  const names = new Set([
    ...managed.map(({ kind }) => kind.name),
    ...stands.leftovers.map(({ kind }) => kind),
  ]);
  return deps.kinds.filter(({ name }) => names.has(name));
}

function notObserved(kind: AnyKind, region: string | undefined): Finding {
  const message = 'The account could not be entered, so this was not observed.';
  return {
    ...{ type: conditionOf(kind), status: 'Unknown', reason: 'NotObserved', message },
    ...(region && { region }),
  };
}

/** Saves the status of a run once, and delivers its outbox. */
export async function finish(under: Run, found: Findings, deps: RunDeps): Promise<RunOutcome> {
  const run = { ...under, place: { ...under.place, outputs: allOutputs(under) } };
  await run.gate.end();
  const now = deps.now();
  const errors = [
    ...found.failures.map(({ error }) => error),
    ...found.outcomes.flatMap(({ state }) => (state.is === 'failed' ? [state.error] : [])),
  ];
  const passing = errors.find(isRedelivered);
  const { status: reached, next } = toStatus(run, found, errors, now);
  const status = found.retired ? retiredStatus(reached) : reached;
  const { lastPass } = status;
  const unannounced = [
    ...(run.before?.unannounced ?? []),
    ...announcements(run.record, run.before, status),
    ...kindAnnouncements(run, found.outcomes, reached),
    ...exceptionAnnouncements(run, lastPass),
  ];
  const { exports = {}, imports = [] } = run.before ?? {};
  const known = run.before ?? { accountId: run.record.accountId };
  const exchanged = await exchange(deps.main.table, known, found.exchanged ?? { exports, imports });
  const saved: AccountStatus = {
    ...status,
    ...exchanged.status,
    ...(isToldDegraded(run.record, run.before, status) && { degraded: true }),
    ...(unannounced.length > 0 && { unannounced }),
  };
  const worthHistory = lastPass.differences.length > 0 || wentWrong(lastPass, run.before?.lastPass);
  await saveStatus(deps.main.table, saved, {
    passId: run.id,
    now,
    record: run.record,
    isLeased: run.gate.hasLeased(),
    also: exchanged.also,
    ...(worthHistory && (passing === undefined || corrected(lastPass)) && { inHistory: true }),
  });
  if (unannounced.length > 0 || saved.waking) {
    await putEvents(deps.main.bus, unannounced, OUR_SOURCE);
    await wakeImporters(saved, deps, run.request.message);
    await clearOutbox(deps.main.table, saved, ['unannounced', 'waking']);
  }
  const firstReady = saved.readySince !== undefined && run.before?.readySince === undefined;
  // Measured from the registration: the message of this run may be a later one.
  const secondsToReady = (now.getTime() - Date.parse(run.record.requestedAt)) / 1000;
  return {
    did: 'ran',
    status: saved,
    ...(firstReady && { secondsToReady }),
    next,
    ...(passing !== undefined && { retry: passing }),
  };
}

/** True if the run failed or waits, and the previous one did not: it gets a line of history. */
function wentWrong({ result }: PassRecord, before: PassRecord | undefined): boolean {
  return (result === 'failed' || result === 'waiting') && result !== before?.result;
}
