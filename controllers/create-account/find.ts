import { type Creation, type CreationStage, REQUEST_TAG, tagValue } from '../../shared/domain/creation.ts';
import { requestOfCreation } from '../../shared/store/creations.ts';
import type { CreationStatus } from './creator.ts';
import type { CreationDeps } from './deps.ts';
import { LOOK_AGAIN_SECONDS } from './refused.ts';
import { after, leave, save } from './save.ts';

type Calling = Creation & { readonly stage: Extract<CreationStage, { is: 'calling' }> };

/** What AWS heard is in its list by then; clocks differ by less. */
const MINUTE_MS = 60_000;

/**
 * Whether AWS heard a call whose answer was never recorded. Its list of creations has names and times, and no email:
 * a candidate is ours when the account carries the request's tag. One that is still being made is waited for; one
 * that failed has made no account, so that asking again does no harm.
 */
export async function find(creation: Calling, deps: CreationDeps): Promise<Creation> {
  const since = Date.parse(creation.stage.calledAt);
  const candidates = (await deps.creator.statuses('all')).filter(
    ({ name, state, requestedAt }) =>
      name === creation.request.name && state !== 'FAILED' && requestedAt.getTime() >= since - MINUTE_MS,
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
  if (unclear || deps.now().getTime() - since < MINUTE_MS) {
    const message = 'Whether AWS heard the request is not known yet.';
    return save(creation, { stage: creation.stage, due: after(LOOK_AGAIN_SECONDS, deps), message }, deps);
  }
  await leave(creation, deps);
  return save(creation, { stage: { is: 'waiting', refusals: 0 }, due: deps.now() }, deps);
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
