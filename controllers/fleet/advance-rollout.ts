import { putEvents } from '../../shared/aws/bus.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { Conflict, UnreadableItem } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { withBaseline } from '../../shared/domain/records.ts';
import { isSame, moverOf, type Rollout } from '../../shared/domain/rollout.ts';
import { entered } from '../../shared/domain/rollout-changes.ts';
import { planBack, planLate, planWaves } from '../../shared/domain/rollout-waves.ts';
import { getAccounts, recordPages, saveRecordIf } from '../../shared/store/accounts.ts';
import { getControl } from '../../shared/store/controls.ts';
import {
  getPlan,
  getRollout,
  type PlanName,
  rolloutUnchanged,
  savePlan,
  saveRollout,
} from '../../shared/store/rollouts.ts';
import type { TaskDeps } from './list-organization.ts';
import type { Accepted } from './outcome.ts';
import { deliver, together } from './owed.ts';
import { nextStep, type Sight, type Step, wavesReached } from './rollout-step.ts';

type Deps = Pick<TaskDeps, 'main' | 'now' | 'timeLeft' | 'until'>;

/** Accounts whose messages are sent together. */
const TOGETHER = 10;

/**
 * Takes a roll-out as far as it goes now, step by step. Does nothing if it is not due: another invocation has it, or it has ended. Whoever
 * takes it first makes it due again when this invocation ends at the latest, so that it goes on after a crash.
 * @returns its stage, for the log
 */
export async function advanceRollout(id: string, deps: Deps): Promise<string> {
  const { main, now } = deps;
  try {
    const read = await getRollout(main.table, id);
    if (!read) return 'unknown';
    if (read.dueAt === undefined || Date.parse(read.dueAt) > now().getTime()) return read.stage.is;
    let rollout = await save({ ...read, version: read.version + 1, dueAt: deps.until.toISOString() }, deps);
    for (;;) {
      const step = nextStep(rollout, await look(rollout, deps));
      const next = await carryOut(step, rollout, deps);
      if (!next) return rollout.stage.is;
      rollout = next;
      if (deps.timeLeft()) continue;
      if (rollout.dueAt === undefined) return rollout.stage.is;
      await save({ ...rollout, version: rollout.version + 1, dueAt: now().toISOString() }, deps);
      return rollout.stage.is;
    }
  } catch (error) {
    // Somebody has changed the roll-out meanwhile, which stays due as they saved it.
    if (error instanceof Conflict) return 'changed';
    // Only this roll-out stands still, until somebody has corrected the item: `rollout list` says so.
    if (error instanceof UnreadableItem) return `unreadable: ${error.message}`;
    throw error;
  }
}

/** The accounts that the decision is about: two reads for every hundred. */
async function look(rollout: Rollout, { main: { table }, now }: Deps): Promise<Sight> {
  const isBack = rollout.stage.is === 'goingBack';
  const [waves, control] = await Promise.all([
    getPlan(table, rollout.id, isBack ? 'back' : 'forth'),
    getControl(table),
  ]);
  const accounts = await getAccounts(table, wavesReached(rollout, waves).flat());
  return { waves, accounts, control, now: now() };
}

/** Carries out a step; undefined if the roll-out is to be left until it is due again. @throws Conflict */
async function carryOut(step: Step, rollout: Rollout, deps: Deps): Promise<Rollout | undefined> {
  const { main, now } = deps;
  const version = rollout.version + 1;
  switch (step.is) {
    case 'announce': {
      await putEvents(main.bus, step.events, OUR_SOURCE);
      const { owed: _, ...rest } = rollout;
      return save({ ...entered(rest, rollout.stage, now()), changedAt: rollout.changedAt }, deps);
    }
    case 'plan': {
      const records = await allRecords(deps);
      const planned =
        step.plan === 'forth'
          ? planWaves(rollout, records, now())
          : [planBack(rollout, await getPlan(main.table, rollout.id, 'forth'), records)];
      const next = { ...entered(rollout, step.stage, now()), dueAt: deps.until.toISOString() };
      return plan(next, step.plan, planned, deps);
    }
    case 'planLate': {
      const late = planLate(rollout, await allRecords(deps), now());
      if (late.length === 0) return save(entered(rollout, { is: 'finished' }, now()), deps);
      const waves = await getPlan(main.table, rollout.id, 'forth');
      const next = entered(rollout, { is: 'rolling', wave: step.wave }, now());
      return plan({ ...next, dueAt: deps.until.toISOString() }, 'forth', [...waves, late], deps);
    }
    case 'move':
      await moveAll(step, rollout, deps);
      return rollout;
    case 'save': {
      const isDue = step.rollout.dueAt !== undefined;
      return save({ ...step.rollout, ...(isDue && { dueAt: deps.until.toISOString() }) }, deps);
    }
    case 'wait':
      await save({ ...rollout, version, dueAt: step.until.toISOString() }, deps);
      return undefined;
    case 'stand': {
      const at = now().toISOString();
      await save({ ...rollout, version, dueAt: at, patientFrom: at }, deps);
      return undefined;
    }
    case 'rest': {
      const { dueAt, ...rest } = rollout;
      if (dueAt !== undefined) await save({ ...rest, version }, deps);
      return undefined;
    }
  }
}

/** Saves a list of accounts with the stage that follows. @throws Conflict if somebody else saved first */
async function plan(
  next: Rollout,
  name: PlanName,
  waves: readonly (readonly string[])[],
  { main }: Pick<Deps, 'main'>,
): Promise<Rollout> {
  if (await savePlan(main.table, next, name, waves)) return next;
  throw changedMeanwhile(next);
}

/** @throws Conflict if somebody else saved first */
async function save(rollout: Rollout, { main }: Pick<Deps, 'main'>): Promise<Rollout> {
  if (await saveRollout(main.table, rollout)) return rollout;
  throw changedMeanwhile(rollout);
}

function changedMeanwhile({ id }: Rollout): Conflict {
  return new Conflict(`Somebody else changed roll-out ${id}.`);
}

/** One Query a page; done once for each direction of a roll-out. */
async function allRecords({ main }: Pick<Deps, 'main'>): Promise<AccountRecord[]> {
  const records: AccountRecord[] = [];
  for await (const { items } of recordPages(main.table)) records.push(...items);
  return records;
}

/**
 * Assigns a version to accounts, one transaction each, which a change of the roll-out stops: once a person has paused or aborted it,
 * no account moves any more. An account that somebody else changes at the same time is left for the next look.
 * @throws Conflict if the roll-out has changed
 */
async function moveAll(
  { accountIds, from, to }: Extract<Step, { is: 'move' }>,
  rollout: Rollout,
  deps: Deps,
): Promise<void> {
  const { main } = deps;
  for (let start = 0; start < accountIds.length && deps.timeLeft(); start += TOGETHER) {
    const accounts = await getAccounts(main.table, accountIds.slice(start, start + TOGETHER));
    const moved: Accepted[] = [];
    for (const { record } of accounts.values()) {
      if (!record || !isSame(record.baseline, from)) continue;
      const owing = await moveOne(record, to, rollout, deps);
      if (owing) moved.push(owing);
    }
    await deliver(together(moved), main);
    if (moved.length === accounts.size) continue;
    const current = await getRollout(main.table, rollout.id);
    if (current?.version !== rollout.version) throw changedMeanwhile(rollout);
  }
}

/** Assigns the version to one account, with the run that it owes; undefined if somebody else changed it, or the roll-out. */
async function moveOne(
  record: AccountRecord,
  to: BaselineReference,
  rollout: Rollout,
  { main: { table }, now }: Deps,
): Promise<Accepted | undefined> {
  const at = now().toISOString();
  const assigned = withBaseline(record, to, at);
  if (!assigned || assigned.generation === record.generation) return undefined;
  const { baselineBy } = record.baseline?.name === to.name ? record : assigned;
  const { accountId, generation } = assigned;
  const changedBy = `rollout:${rollout.id}`;
  const next: AccountRecord = { ...assigned, ...(baselineBy && { baselineBy }), changedBy };
  const id = `${changedBy}:${generation}`;
  const cause = { source: OUR_SOURCE, detailType: 'Rollout', id, ...moverOf(rollout) };
  const owes = { announce: [], work: [{ accountId, cause, requestedAt: at }] };
  if (!(await saveRecordIf(table, next, record, owes, rolloutUnchanged(table, rollout)))) return undefined;
  return { did: 'accepted', ...owes, ...(!record.owed && { owedBy: [next] }) };
}
