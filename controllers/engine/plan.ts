import type { Access } from '../../shared/aws/access.ts';
import {
  type MemberClients,
  type MemberClientsOptions,
  memberClients,
} from '../../shared/aws/member-clients.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { ADDRESS_OUTPUT } from '../../shared/domain/addresses.ts';
import { type BaselineDocument, formatBaseline } from '../../shared/domain/baseline.ts';
import { ControllerError, InvalidDesiredState } from '../../shared/domain/errors.ts';
import { liveExceptions } from '../../shared/domain/exceptions.ts';
import type { Imports } from '../../shared/domain/imports.ts';
import { interpolateDeep } from '../../shared/domain/interpolate.ts';
import {
  PLAN_SECONDS,
  type PlanAnswer,
  type PlanBy,
  type PlanDocument,
  whyNoPlan,
} from '../../shared/domain/plan.ts';
import { regionsOf } from '../../shared/domain/region.ts';
import type { AccountStatus, Difference, Leftover } from '../../shared/domain/status.ts';
import { GLOBAL, outputKey, type Unit } from '../../shared/domain/unit.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { readExports } from '../../shared/store/exports.ts';
import { getPlanAnswer, getPlanText, putPlanAnswer } from '../../shared/store/plans.ts';
import { keyOfName, unitGraph } from '../kinds/graph.ts';
import { type AnyKind, type Blocked, conditionOf } from '../kinds/kind.ts';
import { placedRecord } from '../kinds/kind-account.ts';
import { withoutPutBackChange } from './access-check.ts';
import { managedKinds } from './desired-state.ts';
import { importsOf, withValues } from './exports.ts';
import { openCallGate } from './gate.ts';
import { notInBaseline, separateLeftovers } from './leftovers.ts';
import type { Clock, ManagedKind, ObservedUnit, Run, RunDeps, UnitOutcome, Workplace } from './model.ts';
import { divideOutputs, inRegion, kindsIn, regionSaid, runIn, unitIn } from './places.ts';
import {
  isNotEnabled,
  OBSERVING_MS,
  openUnitGate,
  REGION_POLICIES,
  withRegionStatus,
} from './region-down.ts';
import { blockedBy, errorFinding } from './report.ts';
import { isRedelivered } from './retry.ts';
import { compareUnit, observeUnits } from './run-unit.ts';
import { isShutOut, openAll, readingSessions } from './session.ts';

/** How long a plan may read: less than the person who waits for it. */
const MOST_MS = 120_000;

/** The account to plan for, and the baseline to plan by. */
export interface PlanTarget {
  /** Names the session, so that CloudTrail in the account shows for which plan it was read. */
  readonly planId: string;
  readonly record: AccountRecord;
  /** Has the recorded ids; absent for an account without a run. */
  readonly status: AccountStatus | undefined;
  readonly baseline: BaselineDocument;
  /** The values of what the baseline imports. */
  readonly imports?: Imports;
}

/** The dependencies of a plan: none of them can save anything. */
export interface PlanDeps extends Clock {
  readonly config: Config;
  readonly access: Access;
  readonly kinds: readonly AnyKind[];
  readonly clients?: (options: MemberClientsOptions) => MemberClients;
}

/**
 * What a run would change now, unit by unit. Changes nothing: a plan observes and compares like a run, in a session that may only
 * read. Each difference has the action that a run would take. Outputs that only the run would make are
 * `(known after the run: ${…})`.
 * @throws AccessDenied, InvalidDesiredState …
 */
export async function planAccount(request: PlanTarget, deps: PlanDeps): Promise<UnitOutcome[]> {
  const { planId, record, status, baseline, imports = new Map() } = request;
  const managed = withValues(managedKinds(baseline, deps.kinds), imports);
  const name = `plan-${planId}`;
  const sessions = readingSessions(managed.map(({ kind }) => kind));
  const credentials = await openAll(sessions, (policy) => deps.access.enter(record, { name, policy }));
  const regions = regionsOf(record, baseline, deps.config.region);
  const [home] = regions;
  const { home: outputs, elsewhere } = divideOutputs(status?.outputs);
  const outputsIn = (region: string) => (region === home ? outputs : elsewhere.get(region));
  const here = placedRecord(record, regions, baseline);
  const site = { region: home, home, managed, outputsIn };
  const exceptions = liveExceptions(record, deps.now());
  const place = { record: here, config: deps.config, outputs, clock: deps, site, exceptions };
  const stands = {
    home: status?.home,
    leftovers: status?.leftovers ?? [],
    making: status?.making ?? [],
  };
  const under = { record: here, before: status, place, stands, regions, elsewhere };
  separateLeftovers(under, deps, managed);
  const assigned =
    record.baseline !== undefined && formatBaseline(record.baseline) === formatBaseline(baseline);
  const connect = deps.clients ?? memberClients;
  const open = async (purpose: 'read' | 'enable') => {
    const session = { name, policy: REGION_POLICIES[purpose] };
    return connect({ credentials: await deps.access.enter(record, session), region: home });
  };
  const gate = openCallGate(new Date(deps.now().getTime() + MOST_MS), deps.now);
  const inRegions = regions.map(async (region) => {
    const at = runIn(under, region);
    const limit = openUnitGate(gate, { region, milliseconds: OBSERVING_MS }, deps.now);
    const clients = connect({ credentials, region, until: limit.gate.deadline });
    const kept = kindsIn(region, managed, home);
    const observed = await observeUnits(kept, at.place, clients, limit.within);
    const units = observed.map((one) => ({ one, unit: unitIn(one.kind, region) }));
    const seen = await withRegionStatus(units, { open, mayEnable: async () => false });
    // A rolled-back change of the account's own baseline is not written by a run; a change by another baseline would be.
    const held = (one: ObservedUnit) =>
      assigned ? withoutPutBackChange(one, { record, before: status }) : one;
    return seen.map(({ one, unit }) => ({ one: held(one), unit, region, place: at.place }));
  });
  const seen = (await Promise.all(inRegions)).flat();
  const planned = planUnits(seen, managed, regions).map(({ outcome, region }) => {
    const said = inRegion(outcome, regionSaid(outcome.kind, region, { regions }));
    return baseline.enableRegions ? afterEnabling(said, region) : said;
  });
  const outcomes = managed.flatMap(({ kind }) => planned.filter((one) => one.kind.name === kind.name));
  // The session may be older than a change of its role: the next run must open a new one.
  if (outcomes.some(isShutOut)) deps.access.evict(record.accountId);
  return [...outcomes, ...stands.leftovers.flatMap((leftover) => leftInPlace(leftover, regions, deps))];
}

/** The outcome in a region that a run by this baseline would enable. */
function afterEnabling(outcome: UnitOutcome, region: string): UnitOutcome {
  const { state } = outcome;
  if (state.is !== 'failed' || !isNotEnabled(state.error)) return outcome;
  const message = `The region ${region} is not enabled in the account: a run enables it, and goes on there once AWS has.`;
  return { ...outcome, state: { is: 'pending', message, retryAfterSeconds: 0 } };
}

/** A unit that was observed in a region. */
interface SeenUnit {
  readonly one: ObservedUnit;
  readonly unit: Unit;
  readonly region: string;
  readonly place: Workplace;
}

/**
 * The outcome that a run would have for each unit. A unit that waits only for outputs that the same run makes before is written by that
 * run, too. The outcomes have the order of the units. Pure.
 */
function planUnits(
  seen: readonly SeenUnit[],
  managed: readonly ManagedKind[],
  regions: Run['regions'],
): { readonly outcome: UnitOutcome; readonly region: string }[] {
  const [home] = regions;
  const willBe = new Set<string>();
  const outcomes = new Map<SeenUnit, UnitOutcome>();
  for (const { unit } of unitGraph(managed, regions)) {
    const found = seen.find((each) => each.unit.kind === unit.kind && each.unit.region === unit.region);
    if (!found) continue;
    const { kind, section } = found.one;
    const keyIn = (name: string) => outputKey(name, unit.region === GLOBAL ? home : unit.region, home);
    // A run allocates the address block before it writes.
    if (kind.pool?.of(section)) willBe.add(keyIn(ADDRESS_OUTPUT));
    const key = (name: string) => keyOfName(name, unit, managed, home) ?? keyIn(name);
    const outcome = planUnit(found.one, found.place, (name) => willBe.has(key(name)));
    outcomes.set(found, outcome);
    if (outcome.state.is !== 'held' && outcome.state.is !== 'inDesiredState') continue;
    // A resource whose absence is excepted has no outputs after the run either.
    if (outcome.excepted?.some(({ path }) => path === '')) continue;
    for (const name of kind.outputNames(section)) willBe.add(keyIn(name));
  }
  return seen.flatMap((each) => {
    const outcome = outcomes.get(each);
    return outcome ? [{ outcome, region: each.region }] : [];
  });
}

/** The outcome that a run would have for a unit. @param willBe tells the names of outputs that the run makes before */
function planUnit(one: ObservedUnit, place: Workplace, willBe: (name: string) => boolean): UnitOutcome {
  const compared = compareUnit(one, place);
  if (!('comparison' in compared)) return compared;
  const { excepted } = compared;
  const { unowned } = compared.comparison;
  const later = compared.comparison.blocked.filter(({ waitsFor }) => waitsFor?.every(willBe));
  const blocked = compared.comparison.blocked.filter((each) => !later.includes(each));
  const differences = [...compared.comparison.differences, ...later.map(knownAfterRun)];
  const all = [...differences, ...blocked.map(({ difference }) => difference)];
  const inTheWay = blockedBy(blocked);
  const state: UnitOutcome['state'] = inTheWay
    ? { is: 'blocked', ...inTheWay }
    : { is: differences.length > 0 ? 'held' : 'inDesiredState' };
  return { kind: one.kind, differences: all, unowned, ...(excepted.length > 0 && { excepted }), state };
}

/** The difference that a run would write once the outputs that it waits for are known. */
function knownAfterRun({ difference, waitsFor = [] }: Blocked): Difference {
  const { desired, actual } = difference;
  return {
    ...difference,
    action: actual === undefined ? 'created' : 'updated',
    ...(desired !== undefined && {
      desired: interpolateDeep(desired, (name) =>
        waitsFor.includes(name) ? `(known after the run: \${${name}})` : undefined,
      ),
    }),
  };
}

/** The outcome for a leftover of this baseline: a run would leave it as it is. */
function leftInPlace(leftover: Leftover, regions: Run['regions'], { kinds }: PlanDeps): UnitOutcome[] {
  return kinds
    .filter(({ name }) => name === leftover.kind)
    .map((kind): UnitOutcome => {
      const { region, reason, message } = notInBaseline({ kind, leftover }, regions);
      const state = { is: 'blocked', reason, message } as const;
      return { kind, ...(region && { region }), differences: [], unowned: [], state };
    });
}

/** A plan, as it is printed and stored. Pure. */
export function planDocument(
  accountId: string,
  baseline: PlanDocument['baseline'],
  outcomes: readonly UnitOutcome[],
): PlanDocument {
  return {
    accountId,
    baseline,
    differences: outcomes.flatMap(({ differences, unowned, excepted = [] }) => [
      ...differences,
      ...excepted,
      ...unowned,
    ]),
    obstacles: outcomes.flatMap(obstacle),
  };
}

function obstacle({ kind, region, state }: UnitOutcome): PlanDocument['obstacles'] {
  const where = { kind: kind.name, ...(region && { region }) };
  switch (state.is) {
    case 'inDesiredState':
    case 'held':
    case 'removed':
      return [];
    case 'blocked':
      return [{ ...where, state: 'blocked', message: state.message }];
    case 'pending':
      return [{ ...where, state: 'settling', message: state.message }];
    case 'failed':
      return [{ ...where, state: state.is, message: errorFinding(conditionOf(kind), state.error).message }];
  }
}

/** A work message that requests a plan. */
export interface PlanWork {
  readonly message: WorkMessage & { readonly plan: PlanBy };
  readonly now: Date;
  /** True if the message is not redelivered: a failure that may pass is the answer then. */
  readonly lastTry: boolean;
}

/** The outcome of a request for a plan; `retry`: a failure that may pass, so that no answer is stored yet. */
export type PlanOutcome =
  | { readonly did: 'answered'; readonly answer: PlanAnswer }
  | { readonly did: 'skipped'; readonly why: string }
  | { readonly did: 'failed'; readonly retry: unknown };

/**
 * Makes a plan and stores the answer in the table, where the requester polls for it. The account is only read; no lease is taken and
 * no status saved, so that runs of the account neither wait for the plan nor see it.
 * @throws an error of the table
 */
export async function answerPlan({ message, now, lastTry }: PlanWork, deps: RunDeps): Promise<PlanOutcome> {
  const { table } = deps.main;
  const planId = message.cause.id;
  if (now.getTime() - Date.parse(message.requestedAt) > PLAN_SECONDS * 1000)
    return { did: 'skipped', why: 'the request for the plan has expired' };
  if (await getPlanAnswer(table, planId, now)) return { did: 'skipped', why: 'the plan was already made' };
  let answer: PlanAnswer;
  try {
    answer = await planned(message, now, deps);
  } catch (error) {
    if (!lastTry && mayPass(error)) return { did: 'failed', retry: error };
    answer = { is: 'failed', message: errorFinding('Plan', error).message };
  }
  await putPlanAnswer(table, planId, answer, now);
  return { did: 'answered', answer };
}

async function planned(
  { accountId, plan, cause }: PlanWork['message'],
  now: Date,
  deps: RunDeps,
): Promise<PlanAnswer> {
  const { record, status } = await loadAccount(deps.main.table, accountId);
  if (!record) return { is: 'failed', message: `Account ${accountId} is no longer registered.` };
  const why = whyNoPlan(record, plan);
  if (why) return { is: 'failed', message: why };
  const baseline = plan === 'file' ? await ofFile(cause.id, now, deps) : await assigned(record, deps);
  const imports = await readExports(deps.main.table, importsOf(managedKinds(baseline, deps.kinds)));
  const outcomes = await planAccount({ planId: cause.id, record, status, baseline, imports }, deps);
  const { name, version } = baseline;
  const document = planDocument(accountId, plan === 'file' ? { name } : { name, version }, outcomes);
  return { is: 'planned', document, foreign: outcomes.flatMap(({ unowned }) => unowned).length };
}

/** The baseline whose text came with the request. @throws InvalidDesiredState */
async function ofFile(planId: string, now: Date, { main, kinds }: RunDeps): Promise<BaselineDocument> {
  const text = await getPlanText(main.table, planId, now);
  if (text === undefined)
    throw new InvalidDesiredState('The text of the baseline is no longer stored: request the plan again.');
  // Loaded here, since it parses YAML, and no run does.
  const { parseBaseline } = await import('../kinds/baseline.ts');
  const parsed = parseBaseline(text, kinds);
  if ('baseline' in parsed)
    return { ...parsed.baseline, schemaVersion: 1, version: 0, text, publishedAt: '' };
  const problems = parsed.problems.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  throw new InvalidDesiredState(`The file is not a valid baseline: ${problems.join('; ')}.`, parsed.problems);
}

/** The baseline of the account. @throws InvalidDesiredState */
async function assigned(
  { accountId, baseline }: AccountRecord,
  { loadBaseline }: RunDeps,
): Promise<BaselineDocument> {
  const found = baseline && (await loadBaseline(baseline));
  if (found) return found;
  const name = baseline ? formatBaseline(baseline) : 'none';
  throw new InvalidDesiredState(
    `Account ${accountId} is on ${name}, which was never published: assign another, or name a file with --baseline.`,
  );
}

function mayPass(error: unknown): boolean {
  return error instanceof ControllerError && isRedelivered(error);
}
