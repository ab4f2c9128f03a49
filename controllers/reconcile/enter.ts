import { type MemberClients, memberClients } from '../../shared/aws/member-clients.ts';
import { fresh } from '../../shared/denials.ts';
import { AccessDenied, NotYetConsistent } from '../../shared/errors.ts';
import { regionOf } from './desired.ts';
import type { Pass, PassDeps } from './pass-types.ts';
import { isNew } from './verify.ts';

/**
 * Clients in the account of a pass, in a session that may do what the policy says; their calls are counted.
 * @throws AccessDenied, AccountNotReady; NotYetConsistent where the denial may be IAM's delay
 */
export async function clientsFor(pass: Pass, deps: PassDeps, policy: string): Promise<MemberClients> {
  const { record } = pass;
  try {
    const credentials = await deps.access.enter(record, { name: pass.id, policy });
    const region = regionOf(record, deps.config);
    return (deps.clients ?? memberClients)({
      credentials,
      region,
      onCall: ({ writes }) => {
        if (writes) pass.calls.writes += 1;
        else pass.calls.reads += 1;
      },
    });
  } catch (error) {
    if (error instanceof AccessDenied) deps.access.evict(record.accountId);
    const fromOutside = record.executionRoleArn !== undefined && error instanceof AccessDenied;
    if (fromOutside && (isNew(pass) || pass.before?.waiting?.for === 'consistency')) throw notYet(error);
    const neverReady = record.origin !== 'invited' && !pass.before?.readySince;
    throw neverReady ? fresh(error) : error;
  }
}

/** A denial that may pass: IAM may not show a change everywhere yet. */
export function notYet(denial: AccessDenied): NotYetConsistent {
  const { reason, remedy } = denial;
  return new NotYetConsistent(denial.message, { cause: denial, reason, ...(remedy && { remedy }) });
}
