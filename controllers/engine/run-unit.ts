import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { ControllerError, ServiceFault } from '../../shared/domain/errors.ts';
import type { Difference } from '../../shared/domain/status.ts';
import type { AnyKind, Change, Comparison, KindAccount, KindContext } from '../kinds/kind.ts';
import { takenOver } from '../kinds/kind.ts';
import { kindAccount } from '../kinds/kind-account.ts';
import { namesOf } from './desired-state.ts';
import { partExcepted } from './exceptions.ts';
import type { ManagedKind, ObservedUnit, UnitOutcome, Workplace } from './model.ts';
import { blockedBy } from './report.ts';
import { eventually } from './retry.ts';

/** How a unit is written: `may` is called only if something differs; `clients` may write. */
export interface Writing {
  readonly may: () => Promise<boolean>;
  readonly clients: ClientsFor;
}

/**
 * Brings one unit to its desired state: compares it, with the outputs known by now, and writes the differences if the run may
 * write, with clients of its own. Never throws: a failure is the outcome.
 */
export async function runUnit(seen: ObservedUnit, place: Workplace, writing: Writing): Promise<UnitOutcome> {
  const compared = compareUnit(seen, place);
  if (!('comparison' in compared)) return compared;
  const { kind } = seen;
  const { wanted, comparison, excepted } = compared;
  const { differences, unowned, note, warnings, runAgainAfterSeconds } = comparison;
  const actual = seen.observation.state === 'present' ? seen.observation.actual : undefined;
  const found = {
    ...{ kind, unowned, ...(warnings && { warnings }), ...roleOf(kind, actual ?? wanted, actual) },
    ...(runAgainAfterSeconds !== undefined && { runAgainAfterSeconds }),
    ...(excepted.length > 0 && { excepted }),
  };
  const left = comparison.blocked.map(({ difference }) => difference);
  const before = takenOver(kind, actual, place.outputs);
  if (before && differences.length + left.length === 0) Object.assign(place.outputs, before);
  const may = differences.length === 0 || (await orError(writing.may));
  if (may !== true) {
    const { warningsAsFound: warnings = [] } = comparison;
    return {
      ...found,
      warnings,
      differences: [...differences.map(reported), ...left],
      state: may ? { is: 'failed', ...may } : { is: 'held' },
    };
  }
  if (before && differences.length > 0) {
    Object.assign(place.outputs, before);
    const message = 'What it was is saved before it is changed for the first time.';
    return {
      ...found,
      differences: left,
      state: { is: 'pending', message, retryAfterSeconds: 1 },
    };
  }
  const change = { wanted, actual, differences };
  const { failure, ...done } =
    differences.length > 0 ? await writeKind(seen, change, place, writing.clients) : { differences };
  const outcome = { ...found, ...done, differences: [...done.differences, ...left] };
  if (failure) return { ...outcome, state: { is: 'failed', ...failure } };
  const blocked = blockedBy(comparison.blocked);
  if (!blocked) return { ...outcome, state: { is: 'inDesiredState', ...(note && { note }) } };
  return { ...outcome, state: { is: 'blocked', ...blocked } };
}

/** Returns the error instead of throwing it. */
async function orError(may: () => Promise<boolean>): Promise<boolean | { error: unknown }> {
  try {
    return await may();
  } catch (error) {
    return { error };
  }
}

type ClientsFor = (seen: ObservedUnit, wanted: unknown) => Promise<MemberClients>;
type Done = Pick<UnitOutcome, 'differences' | 'role' | 'restore'> & { failure?: { error: unknown } };

/** Writes the differences. If that fails half-way, those that the kind reported as written keep their action. */
async function writeKind(
  seen: ObservedUnit,
  change: Change<unknown, unknown>,
  place: Workplace,
  clients: ClientsFor,
): Promise<Done> {
  const { kind, account } = seen;
  const { wanted, differences } = change;
  const written: Difference[] = [];
  let restore: Done['restore'];
  try {
    const context = {
      ...contextFor(account, place, await clients(seen, wanted), place.outputs),
      wrote: (more: readonly Difference[]) => void written.push(...more),
    };
    const { entryRole } = kind;
    if (entryRole && account.entry) restore = () => entryRole.putBack(change, context);
    await kind.apply(change, context);
    return { ...afterwards(kind, change, differences, restore), differences };
  } catch (error) {
    const honest = differences.map((one) => (written.includes(one) ? one : reported(one)));
    const maybe = restore && isUnanswered(error) ? differences.filter(isTrust(kind)) : [];
    const done = afterwards(kind, change, [...written, ...maybe], restore);
    return { ...done, differences: honest, failure: { error } };
  }
}

/** The role after these differences were written, if its trust is among them, and how to put the trust back. */
function afterwards(
  kind: AnyKind,
  { wanted, actual }: Change<unknown, unknown>,
  written: readonly Difference[],
  restore: Done['restore'],
): Pick<Done, 'role' | 'restore'> {
  const changed = actual === undefined ? written.length > 0 : written.some(isTrust(kind));
  return changed ? { ...roleOf(kind, actual ?? wanted, wanted), ...(restore && { restore }) } : {};
}

/** True if AWS may have carried out the call. */
function isUnanswered(error: unknown): boolean {
  return error instanceof ServiceFault || !(error instanceof ControllerError);
}

function reported(difference: Difference): Difference {
  return { ...difference, action: 'reported' };
}

/** @param there the existing role, whose path may differ from the desired one and cannot be changed */
function roleOf(kind: AnyKind, there: unknown, standing: unknown): Pick<UnitOutcome, 'role'> {
  const { entryRole } = kind;
  if (!entryRole) return {};
  const trust = standing === undefined ? 'none' : entryRole.read(standing).trust;
  return { role: { arn: entryRole.read(there).arn, trust } };
}

/** Observes all kinds in parallel; a failure of one does not stop the others. Adds what was found to the outputs. */
export async function observeUnits(
  managed: readonly ManagedKind[],
  place: Workplace,
  clients: MemberClients,
  within: <T>(work: () => Promise<T>) => Promise<T> = (work) => work(),
): Promise<ObservedUnit[]> {
  const recorded = { ...place.outputs };
  const account = kindAccount(place.record, place.config, managed);
  return Promise.all(
    managed.map(async ({ kind, section }): Promise<ObservedUnit> => {
      try {
        const wanted = renderUnit({ kind, section, account }, place, recorded);
        const observation = await within(() =>
          kind.observe(wanted, contextFor(account, place, clients, recorded)),
        );
        if (observation.state === 'present') Object.assign(place.outputs, kind.outputs(observation.actual));
        return { kind, section, account, observation };
      } catch (error) {
        return { kind, section, account, observation: { state: 'failed', error } };
      }
    }),
  );
}

/** The desired state of a unit, with the outputs known by now. @throws InvalidDesiredState */
export function renderUnit(
  { kind, section, account }: Pick<ObservedUnit, 'kind' | 'section' | 'account'>,
  place: Workplace,
  outputs: Readonly<Record<string, string>>,
): unknown {
  return kind.render(section, namesOf(place.record, place.config, outputs, place.site), account);
}

/** The context of a kind: it reads `recorded`, and records into the outputs of the place. */
export function contextFor(
  account: KindAccount,
  place: Workplace,
  clients: MemberClients,
  recorded: Readonly<Record<string, string>>,
): KindContext {
  return {
    account,
    clients,
    recorded,
    now: place.clock.now,
    record(outputs) {
      for (const [name, value] of Object.entries(outputs)) {
        if (value === undefined) delete place.outputs[name];
        else place.outputs[name] = value;
      }
    },
    eventually: (call, alsoWhen) => eventually(call, place.clock, alsoWhen),
  };
}

/** Compares a unit, with the outputs known by now, without what is excepted; returns its outcome if it cannot be compared. */
export function compareUnit(
  seen: ObservedUnit,
  place: Workplace,
): { comparison: Comparison; excepted: readonly Difference[]; wanted: unknown } | UnitOutcome {
  const { kind, observation } = seen;
  const none = { kind, differences: [], unowned: [] };
  switch (observation.state) {
    case 'failed':
      return { ...none, state: { is: 'failed', error: observation.error } };
    case 'pending': {
      const { message, retryAfterSeconds } = observation;
      return { ...none, state: { is: 'pending', message, retryAfterSeconds } };
    }
    case 'unowned': {
      const message = `${observation.message} ${observation.remedy}`;
      return { ...none, state: { is: 'blocked', reason: 'ForeignResource', message } };
    }
    case 'absent':
    case 'present':
      try {
        const wanted = renderUnit(seen, place, place.outputs);
        const actual = observation.state === 'present' ? observation.actual : undefined;
        return { ...partExcepted(kind.diff(wanted, actual), kind, place.exceptions ?? []), wanted };
      } catch (error) {
        return { ...none, state: { is: 'failed', error } };
      }
  }
}

/** Tells the difference that decides whom the role admits. Pure. */
export function isTrust({ entryRole }: AnyKind): (difference: Difference) => boolean {
  return ({ path }) => path === entryRole?.trustPath;
}
