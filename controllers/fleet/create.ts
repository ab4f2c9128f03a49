import { sendCreation } from '../../shared/aws/queue.ts';
import { askedFor, creationKey, keyOfTag, REQUEST_TAG, sameRequest } from '../../shared/domain/creation.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { isEarlier } from '../../shared/domain/order.ts';
import type { CreationRequest } from '../../shared/domain/requests.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import { getCreation, requestOfCreation, saveCreation } from '../../shared/store/creations.ts';
import {
  type FleetDeps,
  type Outcome,
  overtaken,
  refusal,
  rejectedFor,
  type Trigger,
  unknownBaseline,
} from './outcome.ts';

/**
 * Records a request for an account, and sends the message that advances it. The same request again changes nothing, unless it has
 * failed: then it starts again. The same trigger again only sends the message for an unfinished request, since a crash may have lost
 * it.
 */
export async function create(
  request: CreationRequest,
  trigger: Trigger,
  { main }: Pick<FleetDeps, 'main'>,
): Promise<Outcome> {
  const { cause, time } = trigger;
  const key = creationKey(request);
  const existing = await getCreation(main.table, key);
  const repeats = existing?.cause.id === cause.id;
  const isOver = existing?.stage.is === 'failed' || existing?.stage.is === 'registered';
  if (repeats && isOver) return { did: 'ignored', why: 'this event was already followed' };
  const asked = existing && !repeats && existing.stage.is !== 'failed';
  if (asked && sameRequest(existing.request, request))
    return { did: 'ignored', why: 'already requested with the same content' };
  if (existing && !repeats && isEarlier(time, existing.askedAt))
    return overtaken(key, trigger, existing.askedAt);
  const { baseline } = request;
  const keyPath = request.requestId ? 'detail.requestId' : 'detail.email';
  const refused = rejectedFor([
    asked ? refusal('RequestExists', keyPath, `${key} was already requested with other content`) : undefined,
    baseline && !(await findBaseline(main.table, baseline)) ? unknownBaseline(baseline) : undefined,
  ]);
  if (refused) return refused;
  if (!repeats) {
    const fresh = askedFor(request, cause, time);
    const saved = await saveCreation(main.table, { ...fresh, version: (existing?.version ?? 0) + 1 });
    if (!saved) throw new Conflict(`Somebody else requested ${key} at the same time.`);
  }
  await sendCreation(main.creation, { key });
  return { did: 'accepted', announce: [], work: [] };
}

/** The request for which AWS created this account, by AWS's id of the creation or by the account's tag. */
export async function requestFor(
  made: { readonly creationId?: string; readonly accountId?: string },
  deps: Pick<FleetDeps, 'main' | 'organization'>,
): Promise<string | undefined> {
  const { table } = deps.main;
  const linked = made.creationId && (await requestOfCreation(table, made.creationId));
  if (linked) return linked;
  const tag = made.accountId && (await deps.organization.tags(made.accountId))[REQUEST_TAG];
  const key = tag ? keyOfTag(tag) : undefined;
  return key !== undefined && (await getCreation(table, key)) ? key : undefined;
}

/**
 * AWS's reasons for a failed creation as sentences, with the remedy.
 * https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html
 */
const REASONS: Readonly<Record<string, string>> = {
  ACCOUNT_LIMIT_EXCEEDED:
    'The organization has as many accounts as its quota allows; ask AWS Support for a higher quota.',
  CONCURRENT_ACCOUNT_MODIFICATION:
    'The organization was changed at the same time; request the account again.',
  EMAIL_ALREADY_EXISTS:
    'Another AWS account has that email address; request the account again with another one.',
  FAILED_BUSINESS_VALIDATION: 'The business verification of the organization failed; ask AWS Support.',
  GOVCLOUD_ACCOUNT_ALREADY_EXISTS:
    'A GovCloud account with that name already exists; request the account again with another name.',
  INTERNAL_FAILURE:
    'AWS had an internal failure; request the account again, and ask AWS Support if it fails again.',
  INVALID_ADDRESS: 'The address of the management account is not valid; correct it in its billing settings.',
  INVALID_EMAIL: 'That email address is not valid; request the account again with a correct one.',
  INVALID_IDENTITY_FOR_BUSINESS_VALIDATION:
    'The identity given for business verification is not valid; ask AWS Support.',
  INVALID_PAYMENT_INSTRUMENT:
    'The payment method of the management account is not valid; correct it in its billing settings.',
  MISSING_BUSINESS_VALIDATION:
    'The organization has not been verified as a business; complete the verification.',
  MISSING_PAYMENT_INSTRUMENT:
    'The management account has no payment method; add one in its billing settings.',
  PENDING_BUSINESS_VALIDATION:
    'The business verification of the organization is in progress; request the account again when it is finished.',
  UNKNOWN_BUSINESS_VALIDATION:
    'The business verification of the organization has an unknown state; ask AWS Support.',
  UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED:
    'The organization has a resource policy that does not allow tags at creation; request the account again without tags.',
};

/** A failure reason of CreateAccount as a sentence with the remedy. */
export function failureInWords(reason: string): string {
  return REASONS[reason] ?? `AWS gave the reason ${reason}; ask AWS Support what it means.`;
}
