import type { Creation, CreationStage } from '../../shared/creation.ts';
import { AccessDenied, Conflict, ControllerError, Throttled } from '../../shared/errors.ts';
import { passTurnstile } from '../../shared/store/turnstile.ts';
import { goIn, known, takeTurn } from '../../shared/turnstile.ts';
import { failureInWords } from '../intake/failure-reasons.ts';
import type { CreationDeps } from './deps.ts';
import { after, fail, leave, save } from './save.ts';

type Waiting = Creation & { readonly stage: Extract<CreationStage, { is: 'waiting' }> };

/** A turn that was not used by then is lost: many late ones together would be too fast for AWS. */
const TURN_MS = 30_000;
const FIRST_LOOK_SECONDS = 60;
const LOOK_AGAIN_SECONDS = 10;
const QUARTER = 15 * 60;

/**
 * Asks AWS for the account when its turn has come and there is room. What is about to be done is saved before the
 * call: after a crash, AWS is looked at before it is asked again.
 */
export async function ask(creation: Waiting, deps: CreationDeps): Promise<Creation> {
  const { request, key, stage } = creation;
  const turnAt = await turnOf(creation, deps);
  if (turnAt > deps.now()) {
    const message = 'Waits for its turn: AWS takes one request for an account in ten seconds.';
    return save(creation, { stage: { ...stage, turnAt: turnAt.toISOString() }, due: turnAt, message }, deps);
  }
  const unit = request.organizationalUnitId;
  if (unit && !(await deps.creator.parent(unit))) {
    const message = `There is no organizational unit ${unit} in the organization; ask again with another one.`;
    return fail(creation, 'OrganizationalUnitNotFound', message, deps);
  }
  const inProgress = (await deps.creator.statuses('in progress')).map(({ creationId }) => creationId);
  const admitted = await passTurnstile(deps.main.table, (turnstile) => {
    const inside = goIn(turnstile, key, inProgress);
    return { turnstile: inside ?? turnstile, result: inside !== undefined };
  });
  if (!admitted)
    return notNow(creation, LOOK_AGAIN_SECONDS, 'Waits: AWS creates five accounts at once, at most.', deps);
  const calling = await save(
    creation,
    { stage: { is: 'calling', calledAt: deps.now().toISOString() }, due: deps.until },
    deps,
  );
  let creationId: string;
  try {
    creationId = await deps.creator.create(key, request);
  } catch (error) {
    return refused(calling, stage.refusals, error, deps);
  }
  const due = after(FIRST_LOOK_SECONDS, deps);
  const creating = await save(calling, { stage: { is: 'creating', creationId, looks: 0 }, due }, deps);
  await passTurnstile(deps.main.table, (turnstile) => ({
    turnstile: Object.hasOwn(turnstile.inside, key) ? known(turnstile, key, creationId) : turnstile,
    result: undefined,
  }));
  return creating;
}

/** Now, when the request's turn has come; else its next turn. */
async function turnOf({ stage }: Waiting, deps: CreationDeps): Promise<Date> {
  const now = deps.now();
  const late = stage.turnAt ? now.getTime() - Date.parse(stage.turnAt) : TURN_MS;
  return late < TURN_MS ? now : nextTurn(now, deps);
}

function nextTurn(now: Date, deps: CreationDeps): Promise<Date> {
  return passTurnstile(deps.main.table, (before) => {
    const { at, turnstile } = takeTurn(before, now);
    return { turnstile, result: at };
  });
}

/** Lines up again, so many seconds from now at the soonest. */
async function notNow(
  creation: Creation,
  seconds: number,
  message: string,
  deps: CreationDeps,
  refusals = 0,
): Promise<Creation> {
  const soonest = after(seconds, deps);
  const turn = await nextTurn(deps.now(), deps);
  const due = new Date(Math.max(turn.getTime(), soonest.getTime()));
  return save(
    creation,
    { stage: { is: 'waiting', turnAt: due.toISOString(), refusals }, due, message },
    deps,
  );
}

/** What an error of CreateAccount means: not now, never, or that nobody knows whether AWS heard it. */
async function refused(
  calling: Creation,
  refusals: number,
  error: unknown,
  deps: CreationDeps,
): Promise<Creation> {
  const said = error instanceof Error ? error.message : String(error);
  const { name, Reason: reason } = error as { name?: string; Reason?: string };
  if (!saysNo(error)) {
    const message = `Nobody answered when the account was asked for (${said}): AWS is looked at before it is asked again.`;
    return save(calling, { stage: calling.stage, due: after(LOOK_AGAIN_SECONDS, deps), message }, deps);
  }
  await leave(calling, deps);
  const again = (seconds: number, message: string) => notNow(calling, seconds, message, deps, refusals + 1);
  if (error instanceof Throttled || error instanceof Conflict) {
    return again(Math.min(300, LOOK_AGAIN_SECONDS * 2 ** Math.min(refusals, 5)), `AWS said not now: ${said}`);
  }
  if (error instanceof AccessDenied) return again(QUARTER, [said, error.remedy].filter(Boolean).join(' '));
  if (name === 'FinalizingOrganizationException' || reason === 'ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED')
    return again(QUARTER, `AWS said not yet: ${said}`);
  if (reason === 'ACCOUNT_NUMBER_LIMIT_EXCEEDED')
    return fail(calling, 'ACCOUNT_LIMIT_EXCEEDED', failureInWords('ACCOUNT_LIMIT_EXCEEDED'), deps);
  return fail(calling, reason ?? name ?? 'Refused', `AWS refused the request: ${said}`, deps);
}

/** Whether AWS answered, and the answer was no: then no account is in the making. */
function saysNo(error: unknown): boolean {
  if (error instanceof ControllerError) return error.name !== 'ServiceFault';
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500;
}
