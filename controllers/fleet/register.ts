import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import { laterOf, orderOf } from '../../shared/domain/order.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { assignedSince, registered, standingBaseline } from '../../shared/domain/records.ts';
import { outsideOf } from '../../shared/domain/region.ts';
import type { RegistrationRequest } from '../../shared/domain/requests.ts';
import { staysPutBack } from '../../shared/domain/status.ts';
import { matchesRolePattern } from '../../shared/policy/assume-role.ts';
import { getRecord, getStatus, getTrace } from '../../shared/store/accounts.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import { createOnboarding } from './onboarding.ts';
import {
  type FleetDeps,
  type Outcome,
  overtaken,
  type Rejection,
  refusal,
  rejectedFor,
  type Trigger,
  unknownBaseline,
} from './outcome.ts';
import { followedBefore, noteFollowed, owedBy, saveOwing } from './owed.ts';

/**
 * Registers an account, or updates its registration: saves the record with the run and the announcement that it owes. The same
 * content again changes nothing, except that a person's request retries a change of the role that was rolled back. The same trigger
 * again returns only what is still owed. A trigger that is older than a later request changes nothing; if the later request only
 * assigned a baseline, only that baseline stays.
 * @param account the account in AWS Organizations now; undefined for an account outside of the organization
 */
export async function register(
  request: RegistrationRequest,
  account: OrganizationAccount | undefined,
  trigger: Trigger,
  deps: FleetDeps,
): Promise<Outcome> {
  const { main, config } = deps;
  const { cause, time } = trigger;
  const existing = await getRecord(main.table, request.accountId);
  const seen = existing ?? (await getTrace(main.table, request.accountId));
  const named = cause.source === REQUEST_SOURCE;
  const assigned = existing && named ? assignedSince(existing, time) : undefined;
  const order = orderOf({ id: cause.id, time }, { ...seen, ...(assigned && { changedAt: assigned.since }) });
  if (order === 'followed') return followedBefore(existing);
  if (order === 'overtaken' && named)
    return overtaken(`account ${request.accountId}`, trigger, seen?.changedAt);
  if (order === 'overtaken')
    return { did: 'ignored', why: `a later request was followed, of ${seen?.changedAt}` };
  const chosen = request.baseline ? await findBaseline(main.table, request.baseline) : undefined;
  const refused = rejectedFor([
    ...accountRefusals({ request, account, existing }, config),
    request.baseline && !chosen ? unknownBaseline(request.baseline) : undefined,
  ]);
  if (refused) return refused;
  const baseline = assigned?.baseline ?? chosen ?? (await baselineOf(request, existing, account, deps));
  const asked = registered(existing, {
    request,
    baseline,
    described: account,
    named,
    changedBy: cause.id,
    time,
  });
  const isSame = asked === existing;
  const onceMore = isSame && named && staysPutBack(asked, await getStatus(main.table, asked.accountId));
  if (isSame && !onceMore) {
    // Saves the time of this request, so that an older one that arrives later cannot change the account.
    if (named) await noteFollowed(asked, trigger, deps);
    return { did: 'ignored', why: 'already registered with the same content' };
  }
  const record = onceMore
    ? {
        ...asked,
        generation: asked.generation + 1,
        changedBy: cause.id,
        changedAt: laterOf(time, asked.changedAt),
      }
    : asked;
  return saveOwing(deps, record, existing, owedBy(record, trigger), { trace: seen });
}

/** The baseline of a registration that names none: the account's, or the one that the rules choose. */
async function baselineOf(
  { accountId, name, tags }: RegistrationRequest,
  existing: AccountRecord | undefined,
  described: OrganizationAccount | undefined,
  { config, main, organization }: FleetDeps,
): Promise<BaselineReference> {
  const standing = standingBaseline(existing);
  if (standing) return standing;
  const onboarding = createOnboarding({ config, table: main.table, organization });
  return onboarding.baseline({ accountId, name, described, tags });
}

/** Why this account cannot be managed, and the problems of its roles. Pure. */
function accountRefusals(
  asked: {
    readonly request: RegistrationRequest;
    readonly account: OrganizationAccount | undefined;
    readonly existing: AccountRecord | undefined;
  },
  config: Config,
): (Rejection | undefined)[] {
  const { request, account, existing } = asked;
  const { accountId, executionRoleArn } = request;
  const path = 'detail.accountId';
  const of = (reason: string, message: string) =>
    refusal(reason, path, message, `Account ${accountId} ${message}.`);
  if (accountId === config.managementAccountId)
    return [
      refusal(
        'ManagementAccount',
        path,
        'is the management account',
        'The management account is never managed.',
      ),
    ];
  const isOutside = !account && !executionRoleArn && !existing?.executionRoleArn;
  return [
    ...roleRefusals(request, config),
    regionRefusal(request, config),
    account && !account.active ? of('AccountDeparted', `is ${account.state} in the organization`) : undefined,
    isOutside
      ? of('NotInOrganization', 'is not in the organization, and there is no executionRoleArn to enter it')
      : undefined,
  ];
}

/** The problems of the named roles that IAM would not let Orgkeeper assume. Pure. */
export function roleRefusals(
  { executionRoleArn, accessRoleName }: Pick<RegistrationRequest, 'executionRoleArn' | 'accessRoleName'>,
  config: Config,
): (Rejection | undefined)[] {
  return [executionRoleRefusal(executionRoleArn, config), accessRoleRefusal(accessRoleName, config)];
}

function regionRefusal(
  { regions = [] }: Pick<RegistrationRequest, 'regions'>,
  { partition }: Config,
): Rejection | undefined {
  const [outside] = outsideOf(partition, regions);
  if (outside === undefined) return undefined;
  const path = `detail.regions[${regions.indexOf(outside)}]`;
  const message = `${outside} is not in the partition ${partition}, where the accounts are`;
  return refusal('InvalidRequest', path, message, `${path}: ${message}.`);
}

function accessRoleRefusal(name: string | undefined, { accessRoleNames }: Config): Rejection | undefined {
  if (name === undefined || accessRoleNames.includes(name)) return undefined;
  const path = 'detail.accessRoleName';
  const message = `must be one of accessRoleNames (${accessRoleNames.join(', ')}): IAM lets Orgkeeper assume no other`;
  return refusal('InvalidRequest', path, message, `${path}: ${message}.`);
}

/** Parsing the request has already checked that the role is in the account. */
function executionRoleRefusal(
  arn: string | undefined,
  { executionRolePattern: pattern, partition }: Config,
): Rejection | undefined {
  if (arn === undefined) return undefined;
  const of = (message: string) => {
    const path = 'detail.executionRoleArn';
    return refusal('InvalidRequest', path, message, `${path}: ${message}.`);
  };
  if (arn.split(':')[1] !== partition) return of(`the role must be in the partition ${partition}`);
  if (matchesRolePattern(arn, pattern)) return undefined;
  return of(`the name of the role must match executionRolePattern ${pattern}: IAM lets Main assume no other`);
}
