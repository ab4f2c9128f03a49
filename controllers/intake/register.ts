import type { AccountRecord, BaselineReference } from '../../shared/account.ts';
import { REQUEST_SOURCE } from '../../shared/bus.ts';
import type { Config } from '../../shared/config.ts';
import { Conflict, type Problem } from '../../shared/errors.ts';
import { createOnboarding } from '../../shared/onboarding.ts';
import type { OrganizationAccount } from '../../shared/organization.ts';
import { registered } from '../../shared/records.ts';
import type { RegistrationRequest } from '../../shared/requests.ts';
import { getRecord, saveRecord } from '../../shared/store/accounts.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import { matchesRolePattern } from '../../shared/trust.ts';
import type { IntakeDeps } from './deps.ts';
import { type Incoming, type IntakeOutcome, rejected } from './outcome.ts';

/**
 * Registers an account, or corrects its registration: the record is saved, a pass is asked for, and the change is
 * announced. The same content again changes nothing; the same event again repeats only what a crash may have lost.
 */
export async function register(
  incoming: Incoming,
  request: RegistrationRequest,
  described: OrganizationAccount | undefined,
  deps: IntakeDeps,
): Promise<IntakeOutcome> {
  const { config, main } = deps;
  if (request.accountId === config.managementAccountId) {
    return rejected('ManagementAccount', 'The management account is never kept.', [
      { path: 'detail.accountId', message: 'is the management account' },
    ]);
  }
  const problem = roleProblem(request, config);
  if (problem) return rejected('InvalidRequest', `${problem.path}: ${problem.message}.`, [problem]);
  const existing = await getRecord(main.table, request.accountId);
  if (existing && isOvertaken(incoming, existing)) {
    return { did: 'ignored', why: `a later event, ${existing.changedBy}, changed the account since` };
  }
  if (described && !described.active) {
    const message = `is ${described.state} in the organization`;
    return rejected('AccountDeparted', `Account ${request.accountId} ${message}.`, [
      { path: 'detail.accountId', message },
    ]);
  }
  if (!described && !request.executionRoleArn && !existing?.executionRoleArn) {
    const message = 'is not in the organization, and no executionRoleArn says how to enter it';
    return rejected('NotInOrganization', `Account ${request.accountId} ${message}.`, [
      { path: 'detail.accountId', message },
    ]);
  }
  const baseline = await resolveBaseline(request, existing, described, deps);
  if (!baseline) {
    const message = `baseline ${request.baseline} was never published`;
    return rejected('UnknownBaseline', `${message}.`, [{ path: 'detail.baseline', message }]);
  }
  const changedBy = incoming.cause.id;
  const record = registered(existing, {
    request,
    baseline,
    described,
    named: incoming.cause.source === REQUEST_SOURCE,
    changedBy,
    time: incoming.time,
  });
  if (record !== existing && !(await saveRecord(main.table, record, existing))) {
    throw new Conflict(`Somebody else changed the record of account ${record.accountId}.`);
  }
  if (record.changedBy !== changedBy)
    return { did: 'ignored', why: 'registered already, with the same content' };
  return { did: 'accepted', announce: [announcement(record, incoming)], work: [work(record, incoming)] };
}

/** An event that comes again, after a crash, does not undo what was asked for later. */
function isOvertaken(
  { redelivered, cause, time }: Incoming,
  { changedBy, changedAt }: AccountRecord,
): boolean {
  return (
    redelivered &&
    changedBy !== cause.id &&
    changedAt !== undefined &&
    Date.parse(changedAt) > Date.parse(time)
  );
}

/** Why Main could never assume the execution role that is named; its account was compared when it was read. */
function roleProblem(
  { executionRoleArn: arn }: RegistrationRequest,
  { executionRolePattern: pattern, partition }: Config,
): Problem | undefined {
  const path = 'detail.executionRoleArn';
  if (arn === undefined) return undefined;
  if (arn.split(':')[1] !== partition)
    return { path, message: `the role must be in the partition ${partition}` };
  if (matchesRolePattern(arn, pattern)) return undefined;
  return {
    path,
    message: `the name of the role must match executionRolePattern ${pattern}: IAM lets Main assume no other`,
  };
}

/** The baseline asked for; without one the one it has, or the one that the rules choose. */
async function resolveBaseline(
  request: RegistrationRequest,
  existing: AccountRecord | undefined,
  described: OrganizationAccount | undefined,
  { config, main, organization }: IntakeDeps,
): Promise<BaselineReference | undefined> {
  const { table } = main;
  if (request.baseline) return findBaseline(table, request.baseline);
  if (existing?.lifecycle === 'managed' && existing.baseline) return existing.baseline;
  const { accountId, name, tags } = request;
  return createOnboarding({ config, table, organization }).baseline({ accountId, name, described, tags });
}

/** What is said of an account that is kept from now on, or otherwise than before. */
export function announcement(record: AccountRecord, { cause }: Incoming) {
  const { accountId, name, baseline } = record;
  return { detailType: 'AccountRegistered', detail: { accountId, name, baseline, cause } };
}

/** The pass that follows. */
export function work(record: AccountRecord, incoming: Incoming) {
  return { accountId: record.accountId, cause: incoming.cause, requestedAt: incoming.time };
}
