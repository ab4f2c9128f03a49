import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { ControllerError, ServiceFault } from '../../shared/domain/errors.ts';
import type { Difference } from '../../shared/domain/status.ts';
import type { AnyKind, Change } from '../kinds/kind.ts';
import { takenOver } from '../kinds/setting.ts';
import { blockedBy } from './blocked-by.ts';
import { compareKind } from './compare-kind.ts';
import type { KindOutcome } from './kind-outcome.ts';
import { contextFor, type Seen, type Workplace } from './observe-kinds.ts';
import { isTrust } from './put-back.ts';

/** How a kind is written: whether it may be, asked once something differs, and with which clients. */
export interface Writing {
  readonly may: () => Promise<boolean>;
  readonly clients: ClientsFor;
}

/**
 * Brings one kind to its desired state: compares with the outputs known by now and, where it may, writes what differs
 * with clients of its own that may write. Never throws: what went wrong is the outcome.
 */
export async function keepKind(seen: Seen, place: Workplace, writing: Writing): Promise<KindOutcome> {
  const compared = compareKind(seen, place);
  if (!('comparison' in compared)) return compared;
  const { kind } = seen;
  const { wanted, comparison } = compared;
  const { differences, unowned, note, warnings } = comparison;
  const actual = seen.observation.state === 'present' ? seen.observation.actual : undefined;
  const found = { kind, unowned, ...(warnings && { warnings }), ...roleOf(kind, actual ?? wanted, actual) };
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

/** What is said, or why that is not known. */
async function orError(may: () => Promise<boolean>): Promise<boolean | { error: unknown }> {
  try {
    return await may();
  } catch (error) {
    return { error };
  }
}

type ClientsFor = (seen: Seen, wanted: unknown) => Promise<MemberClients>;
type Done = Pick<KindOutcome, 'differences' | 'role' | 'restore'> & { failure?: { error: unknown } };

/** Of what fails half-way, the differences that the kind said it had written keep their action. */
async function writeKind(
  seen: Seen,
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

/** The role once these differences are written, if its trust is among them, and how to put that back. */
function afterwards(
  kind: AnyKind,
  { wanted, actual }: Change<unknown, unknown>,
  written: readonly Difference[],
  restore: Done['restore'],
): Pick<Done, 'role' | 'restore'> {
  const changed = actual === undefined ? written.length > 0 : written.some(isTrust(kind));
  return changed ? { ...roleOf(kind, actual ?? wanted, wanted), ...(restore && { restore }) } : {};
}

/** True when nobody knows whether the call was carried out. */
function isUnanswered(error: unknown): boolean {
  return error instanceof ServiceFault || !(error instanceof ControllerError);
}

function reported(difference: Difference): Difference {
  return { ...difference, action: 'reported' };
}

/** @param there the role where it stands: its path may not be as wanted, and cannot be changed */
function roleOf(kind: AnyKind, there: unknown, standing: unknown): Pick<KindOutcome, 'role'> {
  const { entryRole } = kind;
  if (!entryRole) return {};
  const trust = standing === undefined ? 'none' : entryRole.read(standing).trustPolicy;
  return { role: { arn: entryRole.read(there).arn, trust } };
}
