import type { Creation } from '../../shared/domain/creation.ts';
import { goIn, known } from '../../shared/domain/creation-slots.ts';
import { passTurnstile } from '../../shared/store/turnstile.ts';
import type { CreationDeps } from './deps.ts';
import { LOOK_AGAIN_SECONDS, lineUp, nextTurn, refused, type Waiting } from './refused.ts';
import { after, fail, save } from './save.ts';

/** A turn that was not used by then is lost: many late ones together would be too fast for AWS. */
const TURN_MS = 30_000;
const FIRST_LOOK_SECONDS = 60;

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
  if (!admitted) {
    const message = 'Waits: AWS creates five accounts at once, at most.';
    return lineUp(creation, { seconds: LOOK_AGAIN_SECONDS, message }, deps);
  }
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
