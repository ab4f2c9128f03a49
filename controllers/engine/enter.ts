import type { AwsCredentialIdentity } from '@smithy/types';
import type { Session } from '../../shared/aws/access.ts';
import { fresh } from '../../shared/aws/denials.ts';
import { type MemberClients, memberClients } from '../../shared/aws/member-clients.ts';
import { AccessDenied, NotYetConsistent } from '../../shared/domain/errors.ts';
import { regionOf } from './desired.ts';
import { diagnoseDenial } from './diagnose.ts';
import { eventually } from './eventually.ts';
import type { Pass, PassDeps } from './pass-types.ts';
import { roleInQuestion } from './role-in-question.ts';
import { openAll, type ReadingSession } from './session-policy.ts';
import { isNew } from './verify.ts';

interface Purpose {
  /** What the session may do; or several sessions, each for the services that it names. */
  readonly policy: string | readonly ReadingSession[];
  /** The session is opened for this pass alone, so that CloudTrail says which pass wrote. */
  readonly writes?: boolean;
  /** The role in use was changed a moment ago: a denial, of the session or in it, may pass within 10 s. */
  readonly patient?: boolean;
}

/**
 * Clients in the account of a pass, in a session that may do what the policy says; their calls are counted.
 * @throws AccessDenied, AccountNotReady; NotYetConsistent where the denial may be IAM's delay; OutOfTime, Conflict
 */
export async function clientsFor(pass: Pass, deps: PassDeps, purpose: Purpose): Promise<MemberClients> {
  pass.turn.check({ writes: purpose.writes === true });
  const patiently = <T>(call: () => Promise<T>) => eventually(call, ['AccessDenied']);
  const open = (policy: string) => enter(pass, deps, { name: pass.id, policy, own: purpose.writes === true });
  const openPatiently = (policy: string) => (purpose.patient ? patiently(() => open(policy)) : open(policy));
  const { policy } = purpose;
  return (deps.clients ?? memberClients)({
    credentials:
      typeof policy === 'string' ? await openPatiently(policy) : await openAll(policy, openPatiently),
    region: regionOf(pass.record, deps.config),
    until: pass.turn.deadline,
    ...(purpose.patient && { around: patiently }),
    onCall: ({ writes }) => {
      pass.turn.check({ writes });
      if (writes) pass.calls.writes += 1;
      else pass.calls.reads += 1;
    },
  });
}

async function enter(pass: Pass, deps: PassDeps, session: Session): Promise<AwsCredentialIdentity> {
  const { record, before } = pass;
  try {
    return await enterSomehow(pass, deps, session);
  } catch (error) {
    if (!(error instanceof AccessDenied)) throw error;
    deps.access.evict(record.accountId);
    const roleArn = record.executionRoleArn;
    const neverReady = record.origin !== 'invited' && !before?.readySince;
    if (!roleArn) throw neverReady ? fresh(error) : error;
    const { reason, message, explained } = diagnoseDenial(
      error,
      roleInQuestion(record, deps.config, { roleArn }),
    );
    const denial = new AccessDenied(message, { cause: error, reason });
    const mayPass = !explained && (isNew(pass) || before?.waiting?.for === 'consistency');
    throw mayPass ? notYet(denial) : denial;
  }
}

/**
 * With the account's ExternalId; where its execution role does not take that one yet, with the one that it took last,
 * so that a role of ours can be given the new one.
 */
async function enterSomehow({ record, before }: Pass, { access }: PassDeps, session: Session) {
  try {
    return await access.enter(record, session);
  } catch (error) {
    const { roleArn, externalId = record.externalId } = before?.admitted ?? {};
    const changed = roleArn === record.executionRoleArn && externalId !== record.externalId;
    if (!(error instanceof AccessDenied) || !changed) throw error;
    return await access.enter({ ...record, externalId }, session).catch((second: unknown) => {
      throw second instanceof AccessDenied ? error : second;
    });
  }
}

/** A denial that may pass: IAM may not show a change everywhere yet. */
export function notYet(denial: AccessDenied): NotYetConsistent {
  const { reason, remedy } = denial;
  return new NotYetConsistent(denial.message, { cause: denial, reason, ...(remedy && { remedy }) });
}
