import type { Creation, CreationStage } from '../../shared/domain/creation.ts';
import { failureInWords } from '../fleet/failure-reasons.ts';
import type { CreationDeps } from './deps.ts';
import { after, fail, leave, save } from './save.ts';

type Creating = Creation & { readonly stage: Extract<CreationStage, { is: 'creating' }> };

const QUARTER = 15 * 60;

/** Asks AWS what became of the account; while it is at it, again after a minute, doubling to 15. */
export async function look(creation: Creating, deps: CreationDeps): Promise<Creation> {
  const { creationId, looks } = creation.stage;
  const { state, accountId, failureReason = 'UNKNOWN' } = await deps.creator.status(creationId);
  if (state === 'FAILED') return fail(creation, failureReason, failureInWords(failureReason), deps);
  if (state === 'SUCCEEDED' && accountId) {
    await leave(creation, deps);
    return save(creation, { stage: { is: 'created', creationId, accountId }, due: deps.now() }, deps);
  }
  const seconds = Math.min(QUARTER, 60 * 2 ** Math.min(looks, 4));
  const stage = { is: 'creating', creationId, looks: looks + 1 } as const;
  return save(creation, { stage, due: after(seconds, deps), message: 'AWS is creating it.' }, deps);
}
