import type { Creation } from '../../shared/domain/creation.ts';
import { secondsToWait } from '../engine/retry.ts';
import { deliver } from '../fleet/owed.ts';
import { register } from '../fleet/register.ts';
import { after, type CreationAt, type CreationDeps, fail, save } from './transition.ts';

/**
 * Moves the account to where it was asked for, and registers it as it was asked for. Every step may be repeated: the
 * account is moved only when it is elsewhere, and registered again it stays as it is. One that was closed meanwhile ends
 * the request.
 */
export async function moveAndRegister(
  creation: CreationAt<'created'>,
  deps: CreationDeps,
): Promise<Creation> {
  const { request, cause, askedAt, stage } = creation;
  const { creationId, accountId } = stage;
  const described = await deps.organization.describe(accountId);
  if (!described) {
    const message = `Account ${accountId} does not show in the organization yet.`;
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
  // Where it was before it was moved is not where it is.
  const { units: _, ...now } = described;
  const outcome = await register(registration, now, { cause, time: askedAt }, deps);
  // What was asked for since the account was, is what is wanted of it.
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

/** Moves the account into its organizational unit; a sentence when there is no such place any more. */
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
    return `The account was left where it is: organizational unit ${to} is gone. Move it by hand.`;
  }
}
