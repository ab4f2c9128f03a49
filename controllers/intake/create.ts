import { sendCreation } from '../../shared/aws/queue.ts';
import { askedFor, creationKey, keyOfTag, REQUEST_TAG, sameRequest } from '../../shared/domain/creation.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { isEarlier } from '../../shared/domain/order.ts';
import type { CreationRequest } from '../../shared/domain/requests.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import { getCreation, requestOfCreation, saveCreation } from '../../shared/store/creations.ts';
import type { IntakeDeps } from '../fleet/deps.ts';
import { type Incoming, type IntakeOutcome, overtaken } from '../fleet/outcome.ts';
import { refusal, rejectedFor, unknownBaseline } from '../fleet/refusal.ts';

/**
 * Records a request for an account, and has it looked at. The same request again changes nothing, until it has
 * failed: then asking again begins anew.
 */
export async function creationRequested(
  incoming: Incoming,
  request: CreationRequest,
  deps: IntakeDeps,
): Promise<IntakeOutcome> {
  const { table, creation: queue } = deps.main;
  const key = creationKey(request);
  const existing = await getCreation(table, key);
  const repeats = existing?.cause.id === incoming.cause.id;
  const asked = existing && !repeats && existing.stage.is !== 'failed';
  if (asked && sameRequest(existing.request, request))
    return { did: 'ignored', why: 'asked for already, with the same content' };
  if (existing && !repeats && isEarlier(incoming.time, existing.askedAt)) {
    return overtaken(key, incoming, existing.askedAt);
  }
  const { baseline } = request;
  const keyPath = request.requestId ? 'detail.requestId' : 'detail.email';
  const refused = rejectedFor([
    asked ? refusal('RequestExists', keyPath, `${key} was asked for already, with other content`) : undefined,
    baseline && !(await findBaseline(table, baseline)) ? unknownBaseline(baseline) : undefined,
  ]);
  if (refused) return refused;
  if (!repeats) {
    const fresh = askedFor(request, incoming.cause, incoming.time);
    const saved = await saveCreation(table, { ...fresh, version: (existing?.version ?? 0) + 1 });
    if (!saved) throw new Conflict(`Somebody else asked for ${key} at the same moment.`);
  } else if (!incoming.redelivered) return { did: 'ignored', why: 'this event was followed already' };
  await sendCreation(queue, { key });
  return { did: 'accepted', announce: [], work: [] };
}

/** The request that AWS made this account for, by AWS's id of the creation or by the tag of the account. */
export async function requestFor(
  made: { readonly creationId?: string; readonly accountId?: string },
  deps: IntakeDeps,
): Promise<string | undefined> {
  const { table } = deps.main;
  const linked = made.creationId && (await requestOfCreation(table, made.creationId));
  if (linked) return linked;
  const tag = made.accountId && (await deps.organization.tags(made.accountId))[REQUEST_TAG];
  const key = tag ? keyOfTag(tag) : undefined;
  return key !== undefined && (await getCreation(table, key)) ? key : undefined;
}
