import type { Table } from '../../shared/aws/main-clients.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import { laterOf, orderOf, type Trace } from '../../shared/domain/order.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { check } from '../../shared/domain/plain-words.ts';
import { assignedSince, registered, standingBaseline } from '../../shared/domain/records.ts';
import { outsideOf } from '../../shared/domain/region.ts';
import { removalAfter, removalOfUnknown, retiring } from '../../shared/domain/removal-request.ts';
import type { RegistrationRequest } from '../../shared/domain/requests.ts';
import { staysPutBack } from '../../shared/domain/status.ts';
import { matchesRolePattern } from '../../shared/policy/assume-role.ts';
import { getRecord, getStatus, getTrace, rememberRequest } from '../../shared/store/accounts.ts';
import { findBaseline, getBaseline } from '../../shared/store/baselines.ts';
import { ParametersSection, sizing } from '../kinds/parameters/wanted.ts';
import { sizeProblem } from '../kinds/size.ts';
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
import { followedBefore, noteFollowed, owedBy, saveMarks, saveOwing } from './owed.ts';

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
  const removal = named ? removalAfter(existing, time) : undefined;
  const refusedRemoval = named && !existing ? removalOfUnknown(seen, time) : undefined;
  const since = existing?.lifecycle === 'retiring' ? removal?.since : assigned?.since;
  const latest = since ?? (refusedRemoval ? refusedRemoval.since : seen?.changedAt);
  const { changedBy, followed = [] } = seen ?? {};
  const order = orderOf(
    { id: cause.id, time },
    { followed, ...(changedBy && { changedBy }), ...(latest && { changedAt: latest }) },
  );
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
  const tooLarge = rejectedFor([await sizeRefusal(request, baseline, main.table)]);
  if (tooLarge) return tooLarge;
  const asked = registered(existing, {
    request,
    baseline,
    described: account,
    named,
    changedBy: cause.id,
    time,
  });
  if (existing && removal) return beforeRemoval(asked, removal, { existing, trigger, deps });
  if (refusedRemoval) return beforeRefused(asked, refusedRemoval, { trace: seen, trigger, deps });
  const isSame = asked === existing;
  const onceMore = isSame && named && staysPutBack(asked, await getStatus(main.table, asked.accountId));
  if (isSame && !onceMore) {
    // Saves the time of this request, so that an older one that arrives later cannot change the account.
    if (named) await noteFollowed(asked, trigger, deps);
    return SAME_CONTENT;
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

/**
 * A registration that arrives after a retirement with `remove`, and comes before it. With mode enforce, the account is then retired,
 * also where the retirement was refused; with mode observe, the retirement has no effect, and nothing more is removed.
 */
async function beforeRemoval(
  asked: AccountRecord,
  removal: NonNullable<AccountRecord['removal']>,
  {
    existing,
    trigger,
    deps,
  }: { readonly existing: AccountRecord; readonly trigger: Trigger; readonly deps: FleetDeps },
): Promise<Outcome> {
  const { cause, time } = trigger;
  const kept = { ...removal, since: time };
  if (asked.mode === 'observe') {
    if (asked === existing) {
      await noteFollowed(asked, trigger, deps);
      return SAME_CONTENT;
    }
    const changedAt = existing.lifecycle === 'retiring' ? time : laterOf(time, existing.changedAt);
    const record = { ...asked, changedAt, removal: kept };
    return saveOwing(deps, record, existing, owedBy(record, trigger));
  }
  if (existing.lifecycle === 'retiring') {
    await saveMarks({ ...existing, removal: kept }, existing, deps);
    return overtaken(`account ${existing.accountId}`, trigger, removal.at);
  }
  const record = { ...retiring(asked, kept), followed: [cause.id] };
  const retirement = { source: REQUEST_SOURCE, detailType: 'AccountRetirementRequested', id: removal.by };
  return saveOwing(deps, record, existing, owedBy(record, { cause: retirement, time: removal.at }));
}

/**
 * The first registration of an account that arrives after a retirement with `remove`, and comes before it: only with mode observe is the
 * account managed, since nothing is removed from it then.
 */
async function beforeRefused(
  asked: AccountRecord,
  removal: NonNullable<Trace['removal']>,
  {
    trace,
    trigger,
    deps,
  }: { readonly trace: Trace | undefined; readonly trigger: Trigger; readonly deps: FleetDeps },
): Promise<Outcome> {
  const { time } = trigger;
  const { by: id, at } = removal;
  const { accountId } = asked;
  const kept = { ...removal, since: time };
  if (asked.mode === 'observe') {
    const record = { ...asked, removal: kept };
    return saveOwing(deps, record, undefined, owedBy(record, trigger), { trace });
  }
  // A registration from before this one, with mode observe, must not count any more.
  if (!(await rememberRequest(deps.main.table, accountId, { id, time: at }, trace, kept)))
    throw new Conflict(`Account ${accountId} was registered meanwhile.`);
  return overtaken(`account ${accountId}`, trigger, at);
}

const SAME_CONTENT = { did: 'ignored', why: 'already registered with the same content' } as const;

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

/** Only of a registration with regions of its own: those of the baseline were counted when it was published. */
async function sizeRefusal(
  { regions }: Pick<RegistrationRequest, 'regions'>,
  { name, version }: BaselineReference,
  table: Table,
): Promise<Rejection | undefined> {
  if (!regions) return undefined;
  const document = await getBaseline(table, name, version);
  const { data: section } = check(ParametersSection, document?.sections[sizing.name]);
  const found = section && sizeProblem([{ kind: sizing, section }], regions.length);
  if (!found) return undefined;
  const path = 'detail.regions';
  return refusal('TooManyOutputs', path, found.message, `${path}: ${found.message}.`);
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
