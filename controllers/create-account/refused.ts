import type { Creation, CreationStage } from '../../shared/domain/creation.ts';
import { takeTurn } from '../../shared/domain/creation-slots.ts';
import { AccessDenied, Conflict, ControllerError, Throttled } from '../../shared/domain/errors.ts';
import { passTurnstile } from '../../shared/store/turnstile.ts';
import { failureInWords } from '../fleet/failure-reasons.ts';
import type { CreationDeps } from './deps.ts';
import { after, fail, leave, save } from './save.ts';

type WaitingStage = Extract<CreationStage, { is: 'waiting' }>;
/** A request that is not asked of AWS yet. */
export type Waiting = Creation & { readonly stage: WaitingStage };

/** Until it is looked again whether there is room, or what AWS heard. */
export const LOOK_AGAIN_SECONDS = 10;
const QUARTER = 15 * 60;
/** Who may mend a denial has been told by then, or will not. */
const DENIED_MS = 24 * 3_600_000;

/**
 * What an error of CreateAccount means: not now, never, or that nobody knows whether AWS heard it.
 * @param stage where the request stood before it was asked of AWS
 */
export async function refused(
  calling: Creation,
  stage: WaitingStage,
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
  if (error instanceof AccessDenied) return denied({ ...calling, stage }, error, deps);
  const again = (seconds: number, message: string) =>
    lineUp(calling, { seconds, message, refusals: stage.refusals + 1 }, deps);
  if (error instanceof Throttled || error instanceof Conflict) {
    const seconds = Math.min(300, LOOK_AGAIN_SECONDS * 2 ** Math.min(stage.refusals, 5));
    return again(seconds, `AWS said not now: ${said}`);
  }
  if (name === 'FinalizingOrganizationException' || reason === 'ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED')
    return again(QUARTER, `AWS said not yet: ${said}`);
  if (reason === 'ACCOUNT_NUMBER_LIMIT_EXCEEDED')
    return fail(calling, 'ACCOUNT_LIMIT_EXCEEDED', failureInWords('ACCOUNT_LIMIT_EXCEEDED'), deps);
  return fail(calling, reason ?? name ?? 'Refused', `AWS refused the request: ${said}`, deps);
}

/** A request that AWS denies: said what to do, tried again every 15 minutes, and given up after a day. */
export async function denied(creation: Waiting, error: AccessDenied, deps: CreationDeps): Promise<Creation> {
  const said = [error.message, error.remedy].filter(Boolean).join(' ');
  const deniedSince = creation.stage.deniedSince ?? deps.now().toISOString();
  const end = new Date(Date.parse(deniedSince) + DENIED_MS);
  if (deps.now() >= end)
    return fail(
      creation,
      error.reason,
      `AWS denied it for a day: ${said} Then ask for the account again.`,
      deps,
    );
  const message = `AWS denies it: ${said} It is tried again every 15 minutes until ${end.toISOString()}.`;
  return lineUp(creation, { seconds: QUARTER, message, deniedSince }, deps);
}

/** Waits for another turn, so many seconds from now at the soonest. */
export async function lineUp(
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

/** Takes the next turn to ask AWS that is free; when it comes. */
export function nextTurn(now: Date, deps: CreationDeps): Promise<Date> {
  return passTurnstile(deps.main.table, (before) => {
    const { at, turnstile } = takeTurn(before, now);
    return { turnstile, result: at };
  });
}

/** Whether AWS answered, and the answer was no: then no account is in the making. */
function saysNo(error: unknown): boolean {
  if (error instanceof ControllerError) return error.name !== 'ServiceFault';
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500;
}
