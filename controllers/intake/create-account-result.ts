import { z } from 'zod';
import { sendCreation } from '../../shared/aws/queue.ts';
import { AccountId } from '../../shared/domain/account.ts';
import { NotYetConsistent } from '../../shared/domain/errors.ts';
import { check } from '../../shared/domain/plain-words.ts';
import { zodProblems } from '../../shared/domain/requests.ts';
import { changeRateLimit } from '../../shared/store/creation-rate-limits.ts';
import { getCreation, recordCreationFailure } from '../../shared/store/creations.ts';
import { failureInWords, requestFor } from '../fleet/create.ts';
import { type Accepted, type FleetDeps, type Outcome, rejected } from '../fleet/outcome.ts';
import type { Incoming } from './event.ts';
import { reviewAccount } from './review-account.ts';

/**
 * Names are masked (`****`) and times are US-formatted text: DescribeAccount gives the name, the envelope the time.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_security_incident-response.html
 */
const Detail = z.object({
  serviceEventDetails: z.object({
    createAccountStatus: z.object({
      id: z.string(),
      state: z.enum(['SUCCEEDED', 'FAILED', 'IN_PROGRESS']),
      accountId: AccountId.optional(),
      failureReason: z.string().optional(),
    }),
  }),
});

/** Handles the result of a creation, whether it was requested through Orgkeeper or directly from AWS. */
export async function createAccountResult(incoming: Incoming, deps: FleetDeps): Promise<Outcome> {
  const parsed = check(Detail, incoming.detail);
  if (!parsed.success) {
    return rejected(
      'InvalidEvent',
      "The event does not have CloudTrail's format.",
      zodProblems(parsed.error),
    );
  }
  const status = parsed.data.serviceEventDetails.createAccountStatus;
  switch (status.state) {
    case 'IN_PROGRESS':
      return { did: 'ignored', why: 'the account is still being created' };
    case 'FAILED': {
      const asking = await isAsking(deps);
      if (await answers({ creationId: status.id }, deps)) return ANSWERED;
      if (asking)
        throw new NotYetConsistent('This may be the answer to a request whose id is recorded next.');
      return creationFailed(incoming, status.id, status.failureReason ?? 'UNKNOWN', deps);
    }
    case 'SUCCEEDED':
      return created(incoming, status.id, status.accountId, deps);
  }
}

/** Sends a request's result to the function create-account, which polls and announces it. */
const ANSWERED: Accepted = { did: 'accepted', announce: [], work: [] };

/** Whether the event is the result of one of our requests; if so, the request is advanced. */
async function answers(made: Parameters<typeof requestFor>[0], deps: FleetDeps): Promise<boolean> {
  const key = await requestFor(made, deps);
  if (key !== undefined) await sendCreation(deps.main.creation, { key, answered: true });
  return key !== undefined;
}

/** Whether CreateAccount is being called for one of our requests: its result may arrive before AWS's id is recorded. */
async function isAsking({ main: { table } }: FleetDeps): Promise<boolean> {
  const unknown = await changeRateLimit(table, (limit) => ({
    limit,
    result: Object.keys(limit.inside).filter((key) => limit.inside[key] === ''),
  }));
  const creations = await Promise.all(unknown.map((key) => getCreation(table, key)));
  return creations.some((creation) => creation?.stage.is === 'calling');
}

async function created(
  incoming: Incoming,
  creationId: string,
  accountId: string | undefined,
  deps: FleetDeps,
): Promise<Outcome> {
  const path = 'detail.serviceEventDetails.createAccountStatus.accountId';
  if (!accountId)
    return rejected('InvalidEvent', 'The event names no account.', [{ path, message: 'is missing' }]);
  const account = await deps.organization.describe(accountId);
  if (account && (await answers({ creationId, accountId }, deps))) return ANSWERED;
  return reviewAccount(incoming, { accountId, account, path, came: true }, deps);
}

async function creationFailed(
  incoming: Incoming,
  id: string,
  failure: string,
  deps: FleetDeps,
): Promise<Outcome> {
  const message = failureInWords(failure);
  const fresh = await recordCreationFailure(deps.main.table, {
    creationId: id,
    reason: failure,
    message,
    eventId: incoming.cause.id,
    failedAt: incoming.time,
  });
  if (!fresh && !incoming.redelivered) return { did: 'ignored', why: 'this failure is already recorded' };
  const detail = { creationId: id, reason: failure, message, cause: incoming.cause };
  return { did: 'accepted', announce: [{ detailType: 'AccountCreationFailed', detail }], work: [] };
}
