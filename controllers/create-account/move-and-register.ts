import type { Creation } from '../../shared/domain/creation.ts';
import { secondsToWait } from '../engine/retry.ts';
import { deliver } from '../fleet/owed.ts';
import { register } from '../fleet/register.ts';
import { after, type CreationAt, type CreationDeps, fail, save } from './transition.ts';

/**
 * Moves the account to the requested organizational unit and registers it as requested. Idempotent: the account is moved only if it
 * is elsewhere, and the same registration changes nothing. If the account was closed in the meantime, the request fails.
 */
export async function moveAndRegister(
  creation: CreationAt<'created'>,
  deps: CreationDeps,
): Promise<Creation> {
  const { request, cause, askedAt, stage } = creation;
  const { creationId, accountId } = stage;
  const described = await deps.organization.describe(accountId);
  if (!described) {
    const message = `Organizations does not list account ${accountId} yet.`;
    return save(creation, { stage, due: after(secondsToWait('notListed'), deps), message }, deps);
  }
  const message = await move(creation, deps);
  const { name, email, baseline, mode, values, tags } = request;
  const registration = {
    accountId,
    name,
    email,
    ...(baseline && { baseline }),
    ...(mode && { mode }),
    ...(values && { values }),
    ...(tags && { tags }),
  };
  // `units` was read before the move.
  const { units: _, ...now } = described;
  const outcome = await register(registration, now, { cause, time: askedAt }, deps);
  // A later request for the account takes precedence.
  if (outcome.did === 'rejected' && outcome.rejection.reason !== 'Overtaken') {
    const { reason, message } = outcome.rejection;
    return fail(creation, reason, message, deps);
  }
  if (outcome.did === 'accepted') await deliver(outcome, deps.main);
  return save(
    creation,
    { stage: { is: 'registered', creationId, accountId }, ...(message && { message }) },
    deps,
  );
}

/** Moves the account into its organizational unit; returns a sentence if the unit no longer exists. */
async function move(
  { request, stage }: CreationAt<'created'>,
  deps: CreationDeps,
): Promise<string | undefined> {
  const to = request.organizationalUnitId;
  const from = to && (await deps.creator.parent(stage.accountId));
  if (!from || from === to) return undefined;
  try {
    await deps.creator.move(stage.accountId, from, to);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'DestinationParentNotFoundException') throw error;
    return `The account was not moved: organizational unit ${to} does not exist any more. Move the account by hand.`;
  }
}
