import { type Creation, type CreationStage, REQUEST_TAG, tagValue } from '../../shared/domain/creation.ts';
import { nameSlot, occupySlot, takeTurn } from '../../shared/domain/creation-rate-limit.ts';
import { AccessDenied, ControllerError } from '../../shared/domain/errors.ts';
import { changeRateLimit } from '../../shared/store/creation-rate-limits.ts';
import { requestOfCreation } from '../../shared/store/creations.ts';
import { FAILURES, givenUpAt, nextCreation, secondsToWait } from '../engine/retry.ts';
import { failureInWords } from '../fleet/create.ts';
import type { CreationStatus } from './creator.ts';
import { after, type CreationAt, type CreationDeps, fail, leave, SOON_MS, save } from './transition.ts';

type WaitingStage = Extract<CreationStage, { is: 'waiting' }>;

/** A turn that is not used within this time is lost: many late turns together would exceed AWS's rate. */
const TURN_MS = 30_000;
/** After this time AWS lists a received call; also the tolerance for differing clocks. */
const HEARD_MS = 60_000;

/**
 * Requests the account from AWS if it is the request's turn and a slot is free. Saves the stage `calling` before the call: after a
 * crash, `findRequested` checks whether AWS received the call before it is repeated.
 */
export async function requestAccount(creation: CreationAt<'waiting'>, deps: CreationDeps): Promise<Creation> {
  const { request, key, stage } = creation;
  const turnAt = await turnOf(creation, deps);
  if (turnAt.getTime() > deps.now().getTime() + SOON_MS) {
    const message = 'Waits for its turn: AWS accepts one request for an account in ten seconds.';
    return save(creation, { stage: { ...stage, turnAt: turnAt.toISOString() }, due: turnAt, message }, deps);
  }
  // Without room for ours, AWS need not be asked about those of others.
  const hasRoom = await changeRateLimit(deps.main.table, (limit) => ({
    limit,
    result: occupySlot(limit, key, []) !== undefined,
  }));
  if (!hasRoom) return waitForRoom(creation, turnAt, deps);
  const unit = request.organizationalUnitId;
  if (unit && !(await deps.creator.parent(unit))) {
    const message = `There is no organizational unit ${unit} in the organization; request the account again with another one.`;
    return fail(creation, 'OrganizationalUnitNotFound', message, deps);
  }
  const inProgress = (await deps.creator.statuses('in progress')).map(({ creationId }) => creationId);
  const admitted = await changeRateLimit(deps.main.table, (limit) => {
    const inside = occupySlot(limit, key, inProgress);
    return { limit: inside ?? limit, result: inside !== undefined };
  });
  if (!admitted) return waitForRoom(creation, turnAt, deps);
  const calling = await save(
    creation,
    { stage: { is: 'calling', calledAt: deps.now().toISOString() }, due: deps.until },
    deps,
  );
  let creationId: string;
  try {
    creationId = await deps.creator.create(key, request);
  } catch (error) {
    return refused(calling, stage, error, deps);
  }
  const due = after(secondsToWait('beingCreated'), deps);
  const creating = await save(calling, { stage: { is: 'creating', creationId, looks: 0 }, due }, deps);
  await changeRateLimit(deps.main.table, (limit) => ({
    limit: Object.hasOwn(limit.inside, key) ? nameSlot(limit, key, creationId) : limit,
    result: undefined,
  }));
  return creating;
}

/** Waits for a slot, a moment only: the next one that is free is the request's, until its turn is lost. Then it gets another turn. */
function waitForRoom(creation: CreationAt<'waiting'>, turnAt: Date, deps: CreationDeps): Promise<Creation> {
  const message = 'Waits for a slot: AWS creates at most five accounts at once.';
  const seconds = secondsToWait('noRoom');
  const due = after(seconds, deps);
  if (due.getTime() - turnAt.getTime() >= TURN_MS) return lineUp(creation, { seconds, message }, deps);
  return save(creation, { stage: { ...creation.stage, turnAt: turnAt.toISOString() }, due, message }, deps);
}

/**
 * Checks whether AWS received a call whose answer was never recorded. AWS's list of creations has names and times, but no email: a
 * candidate is ours if its account carries the request's tag. Waits for candidates in progress. A failed candidate made no
 * account, so requesting again does no harm.
 */
export async function findRequested(creation: CreationAt<'calling'>, deps: CreationDeps): Promise<Creation> {
  const since = Date.parse(creation.stage.calledAt);
  const candidates = (await deps.creator.statuses('all')).filter(
    ({ name, state, requestedAt }) =>
      name === creation.request.name && state !== 'FAILED' && requestedAt.getTime() >= since - HEARD_MS,
  );
  let unclear = false;
  for (const candidate of candidates) {
    const whose = await ownership(candidate, creation, deps);
    if (whose === 'ours') {
      const { creationId } = candidate;
      return save(creation, { stage: { is: 'creating', creationId, looks: 0 }, due: deps.now() }, deps);
    }
    unclear ||= whose === 'unclear';
  }
  if (unclear || deps.now().getTime() - since < HEARD_MS) {
    const message = 'It is not known yet whether AWS received the request.';
    return searchAgain(creation, message, deps);
  }
  await leave(creation, deps);
  return save(creation, { stage: { is: 'waiting', refusals: 0 }, due: deps.now() }, deps);
}

function searchAgain(creation: Creation, message: string, deps: CreationDeps): Promise<Creation> {
  const due = after(secondsToWait('unanswered'), deps);
  return save(creation, { stage: creation.stage, due, message }, deps);
}

async function ownership(
  { creationId, accountId }: CreationStatus,
  { key }: Creation,
  deps: CreationDeps,
): Promise<'ours' | 'not ours' | 'unclear'> {
  const request = await requestOfCreation(deps.main.table, creationId);
  if (request !== undefined) return request === key ? 'ours' : 'not ours';
  if (!accountId) return 'unclear';
  const tags = await deps.organization.tags(accountId);
  return tags[REQUEST_TAG] === tagValue(key) ? 'ours' : 'not ours';
}

/** Polls AWS for the state of the creation; while it is in progress, again after a minute, doubling to 15. */
export async function pollAccount(creation: CreationAt<'creating'>, deps: CreationDeps): Promise<Creation> {
  const { creationId, looks } = creation.stage;
  const { state, accountId, failureReason = 'UNKNOWN' } = await deps.creator.status(creationId);
  if (state === 'FAILED') return fail(creation, failureReason, failureInWords(failureReason), deps);
  if (state === 'SUCCEEDED' && accountId) {
    await leave(creation, deps);
    return save(creation, { stage: { is: 'created', creationId, accountId }, due: deps.now() }, deps);
  }
  const seconds = secondsToWait('beingCreated', looks);
  const stage = { is: 'creating', creationId, looks: looks + 1 } as const;
  return save(creation, { stage, due: after(seconds, deps), message: 'AWS is creating the account.' }, deps);
}

/** A request that AWS denies: its message has the remedy; retried every 15 minutes, failed after a day. */
export async function denied(
  creation: CreationAt<'waiting'>,
  error: AccessDenied,
  deps: CreationDeps,
): Promise<Creation> {
  const said = [error.message, error.remedy].filter(Boolean).join(' ');
  const deniedSince = creation.stage.deniedSince ?? deps.now().toISOString();
  const rule = FAILURES.AccessDenied.createAccount;
  const since = new Date(deniedSince);
  const next = nextCreation(rule, { since }, deps.now());
  if (next.is !== 'after')
    return fail(
      creation,
      error.reason,
      `AWS denied the request for a day: ${said} Then request the account again.`,
      deps,
    );
  const message = `AWS denies the request: ${said} It is retried every 15 minutes until ${givenUpAt(rule, since)?.toISOString()}.`;
  return lineUp(creation, { seconds: next.seconds, message, deniedSince }, deps);
}

/**
 * What an error of CreateAccount means: retry later, fail, or unknown whether AWS received the call.
 * @param stage the stage of the request before the call
 */
async function refused(
  calling: Creation,
  stage: WaitingStage,
  error: unknown,
  deps: CreationDeps,
): Promise<Creation> {
  const said = error instanceof Error ? error.message : String(error);
  const { name, Reason: reason } = error as { name?: string; Reason?: string };
  if (!isRefusal(error)) {
    const message = `CreateAccount was not answered (${said}): Orgkeeper checks whether AWS received the call before it repeats it.`;
    return searchAgain(calling, message, deps);
  }
  await leave(calling, deps);
  if (error instanceof AccessDenied) return denied({ ...calling, stage }, error, deps);
  const again = (seconds: number, message: string) =>
    lineUp(calling, { seconds, message, refusals: stage.refusals + 1 }, deps);
  if (name === 'FinalizingOrganizationException' || reason === 'ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED')
    return again(secondsToWait('organizationBusy'), `AWS cannot create the account yet: ${said}`);
  if (error instanceof ControllerError) {
    const { createAccount } = FAILURES[error.name];
    const next = nextCreation(createAccount, { attempts: stage.refusals }, deps.now());
    if (next.is === 'after') return again(next.seconds, `AWS could not create the account now: ${said}`);
  }
  if (reason === 'ACCOUNT_NUMBER_LIMIT_EXCEEDED')
    return fail(calling, 'ACCOUNT_LIMIT_EXCEEDED', failureInWords('ACCOUNT_LIMIT_EXCEEDED'), deps);
  return fail(calling, reason ?? name ?? 'Refused', `AWS refused the request: ${said}`, deps);
}

/** Whether AWS answered with a refusal: then no account is being created. */
function isRefusal(error: unknown): boolean {
  if (error instanceof ControllerError) return error.name !== 'ServiceFault';
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500;
}

/** Waits for another turn, at least this many seconds from now. */
async function lineUp(
  creation: Creation,
  to: { readonly seconds: number; readonly message: string } & Partial<
    Pick<WaitingStage, 'refusals' | 'deniedSince'>
  >,
  deps: CreationDeps,
): Promise<Creation> {
  const { seconds, message, refusals = 0, deniedSince } = to;
  const soonest = after(seconds, deps);
  const turn = await nextTurn(deps.now(), deps);
  const due = new Date(Math.max(turn.getTime(), soonest.getTime()));
  const stage = { is: 'waiting', turnAt: due.toISOString(), refusals } as const;
  return save(creation, { stage: { ...stage, ...(deniedSince && { deniedSince }) }, due, message }, deps);
}

/** When the request's turn began, if it is not lost; else the time of its next turn. */
async function turnOf({ stage }: CreationAt<'waiting'>, deps: CreationDeps): Promise<Date> {
  const now = deps.now();
  const turnAt = stage.turnAt === undefined ? undefined : new Date(stage.turnAt);
  const isLost = turnAt === undefined || now.getTime() - turnAt.getTime() >= TURN_MS;
  return isLost ? nextTurn(now, deps) : turnAt;
}

/** Claims the next free turn to call AWS and returns its time. */
function nextTurn(now: Date, deps: CreationDeps): Promise<Date> {
  return changeRateLimit(deps.main.table, (before) => {
    const { at, limit } = takeTurn(before, now);
    return { limit, result: at };
  });
}
