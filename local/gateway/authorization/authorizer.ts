import { evaluate, type PolicyKind, type PolicySet } from '../../../shared/policy/evaluate.ts';
import type { Requester } from '../../../shared/policy/requester.ts';
import { type Caller, cloudFormationAs, type RoleSession } from '../callers.ts';
import { type Iam, isRoleArn, type NamedPolicy, type Role } from '../iam.ts';
import type { KnownCall } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import type { Administrators } from './administrators.ts';
import { createBucketOwners } from './bucket-owners.ts';
import type { CallContext } from './call-context.ts';
import { type Check, checksOf, withResourceTags } from './checks.ts';
import { keyChecks, needsKey } from './encryption.ts';
import { createOrganizations, type Membership } from './organizations.ts';
import { createReader } from './reader.ts';
import { createResourcePolicies } from './resource-policies.ts';

/** The caller: a user, a session of a role, or an AWS service by itself. */
export type Asker = Caller | ServicePrincipal;

/** An AWS service that acts for a resource of an account, for example EventBridge for a rule. */
export interface ServicePrincipal {
  /** `events.amazonaws.com` */
  readonly service: string;
  /** For whose resource, in the context of the request; absent where the service does not say. */
  readonly source?: {
    /** `aws:SourceArn` */
    readonly arn: string;
    /** `aws:SourceAccount` */
    readonly account: string;
  };
}

/** A statement that allowed a check. */
export interface AllowedBy {
  readonly kind: PolicyKind;
  /** The name of an inline policy, the ARN of a managed one or of the resource that has the policy; `session` for a session policy. */
  readonly policy: string;
  /** The place of the statement in its policy. */
  readonly index: number;
  readonly sid?: string;
}

/** One check, with its decision. */
export interface Decision {
  /** The role or user, or the name of a service. */
  readonly principal: string;
  readonly check: Check;
  readonly allowed: boolean;
  readonly by: readonly AllowedBy[];
  /** For a refusal: whether a Deny decided, and the kind of policy that has the Deny, or that has no Allow. */
  readonly refusal?: { readonly explicit: boolean; readonly by: PolicyKind };
}

/** Decides every call like AWS, by the policies that the emulator has now. */
export interface Authorizer {
  /** Decides each check of the call for its caller. The call is allowed if all checks are. @throws UnknownAuthorization */
  decide(call: KnownCall): Promise<readonly Decision[]>;
  /** Decides a single check and those on the key of its resource, for what AWS does without a call. Allowed if all are. */
  decideFor(asker: Asker, check: Check): Promise<readonly Decision[]>;
  /** Must be called after every call, to drop cached reads that the call may have changed. */
  after(call: KnownCall): void;
}

/** Decides whether AWS allows what is not a call at the local runtime: a delivery, a poll. */
export type Permits = (asker: Asker, check: Check) => Promise<boolean>;

/** What the decisions need that the local runtime makes as AWS does. */
interface AuthorizerDeps {
  readonly upstream: Upstream;
  readonly iam: Iam;
  /** The trust policy of a role, as IAM shows it now. */
  readonly trustOf: (role: Role) => Promise<string>;
  readonly administrators: Administrators;
}

/** The policies of a caller, and the condition keys about the caller. */
interface Principal {
  readonly name: string;
  readonly requester: Requester;
  readonly account: string;
  readonly identity: readonly NamedPolicy[];
  readonly boundary: readonly NamedPolicy[];
  readonly session: readonly NamedPolicy[];
  readonly context: CallContext;
  readonly membership: Membership | undefined;
}

/** Reads what decisions need, and caches it until a call changes it. */
export function createAuthorizer({ upstream, iam, trustOf, administrators }: AuthorizerDeps): Authorizer {
  const reader = createReader(upstream);
  const organizations = createOrganizations(upstream);
  const resourcePolicies = createResourcePolicies(upstream);
  const bucketOwners = createBucketOwners(upstream);

  async function principalOf(asker: Asker): Promise<Principal> {
    if ('service' in asker) {
      const { service, source } = asker;
      const member = source && (await organizations.membership(source.account));
      return {
        name: service,
        requester: { arn: service, type: 'Service' },
        account: source?.account ?? '',
        identity: [],
        boundary: [],
        session: [],
        context: {
          'aws:PrincipalServiceName': service,
          'aws:PrincipalServiceNamesList': [service],
          ...(source && { 'aws:SourceArn': source.arn, 'aws:SourceAccount': source.account }),
          ...(member && { 'aws:SourceOrgID': member.organizationId, 'aws:SourceOrgPaths': member.path }),
        },
        membership: undefined,
      };
    }
    const { account, arn, principalArn, session, userId } = asker;
    if (!session) await administrators.make(asker);
    const [membership, grants, role] = await Promise.all([
      organizations.membership(account),
      iam.grants(principalArn),
      session && iam.role(principalArn),
    ]);
    const tags = Object.entries({ ...grants.tags, ...session?.tags }).map(([key, value]) => [
      `aws:PrincipalTag/${key}`,
      value,
    ]);
    return {
      name: principalArn,
      requester: session
        ? { arn, roleArn: principalArn, uniqueId: role?.id ?? session.roleId }
        : { arn, uniqueId: userId },
      account,
      identity: grants.identity,
      boundary: grants.boundary,
      session: session ? await sessionPolicies(asker) : [],
      context: {
        'aws:PrincipalType': session ? 'AssumedRole' : 'User',
        'aws:userid': userId,
        ...(session && keysOfSession(session)),
        ...(membership && {
          'aws:PrincipalOrgID': membership.organizationId,
          'aws:PrincipalOrgPaths': membership.path,
          'aws:PrincipalOrgMasterAccountId': membership.managementAccountId,
        }),
        ...Object.fromEntries(tags),
      },
      membership,
    };
  }

  async function sessionOf(arn: string): Promise<Caller> {
    const role = await iam.role(arn);
    return cloudFormationAs({ arn, id: role?.id ?? 'none' });
  }

  async function sessionPolicies({ account, session }: Caller): Promise<NamedPolicy[]> {
    const { policy, policyArns = [] } = session ?? {};
    const managed = await Promise.all(policyArns.map((arn) => iam.managed(account, arn)));
    const inline = policy === undefined ? [] : [{ name: 'session', document: policy }];
    // One that is gone allows nothing, and still limits.
    const nothing = '{"Version":"2012-10-17","Statement":[]}';
    return [...inline, ...managed.map((one, at) => one ?? { name: policyArns[at] ?? '', document: nothing })];
  }

  /** The decision on the check, and on the key that encrypts its resource. */
  async function decideAll(principal: Principal, check: Check): Promise<readonly Decision[]> {
    const decision = await decideOne(principal, check);
    if (!decision.allowed || !needsKey(check)) return [decision];
    const keyArn = await resourcePolicies.keyOf(
      check.resource,
      accountIn(check.resource) ?? principal.account,
    );
    const made = keyArn === undefined ? [] : keyChecks(check, keyArn, principal.requester.type);
    const ofKey = made.map((one) => decideOne(principal, one));
    return [decision, ...(await Promise.all(ofKey))];
  }

  async function decideOne(principal: Principal, asked: Check): Promise<Decision> {
    const owner =
      accountIn(asked.resource) ??
      (await bucketOwners.of(asked.resource, principal.account)) ??
      principal.account;
    const trusted = ASSUMES.test(asked.action) && isRoleArn(asked.resource);
    const [resourceOwner, role, resource] = await Promise.all([
      organizations.membership(owner),
      trusted ? iam.role(asked.resource) : undefined,
      trusted ? undefined : resourcePolicies.of(asked.resource, owner),
    ]);
    const trust = role && { name: asked.resource, document: await trustOf(role) };
    const policies = {
      identity: principal.identity,
      boundary: principal.boundary,
      session: principal.session,
      resource: resource ? [resource] : [],
      trust: trust ? [trust] : [],
    };
    const scp = principal.membership?.scp;
    const rcp = resourceOwner?.rcp;
    // A read for each resource: only where somebody asks for its tags.
    const inPlay = [...Object.values(policies), ...(scp ?? []), ...(rcp ?? [])].flat();
    const tagged = inPlay.some(({ document }) => /resourcetag\//i.test(document));
    const check = tagged ? await withResourceTags(asked, reader) : asked;
    const documents = Object.fromEntries(
      Object.entries(policies).flatMap(([kind, all]) =>
        all.length > 0 ? [[kind, all.map(({ document }) => document)]] : [],
      ),
    );
    const control = (kind: 'scp' | 'rcp', of: Membership | undefined): PolicySet => {
      const levels = of?.[kind];
      if (!of || !levels) return {};
      const texts = levels.map((level) => level.map(({ document }) => document));
      return { [kind]: { managementAccountId: of.managementAccountId, levels: texts } };
    };
    const evaluation = evaluate(
      {
        principal: principal.requester,
        action: check.action,
        resource: check.resource,
        context: {
          ...principal.context,
          ...(resourceOwner && {
            'aws:ResourceOrgID': resourceOwner.organizationId,
            'aws:ResourceOrgPaths': resourceOwner.path,
          }),
          ...check.context,
        },
      },
      {
        ...documents,
        ...control('scp', principal.membership),
        ...control('rcp', resourceOwner),
        resourceAccountId: owner,
      },
    );
    const { decision, decidedBy, lacking = 'identity' } = evaluation;
    const nameOf = (kind: PolicyKind, label: string): string => {
      const [first = 0, second = 0] = [...label.matchAll(/\[(\d+)\]/g)].map(([, digits]) => Number(digits));
      if (kind === 'scp') return scp?.[first]?.[second]?.name ?? label;
      if (kind === 'rcp') return rcp?.[first]?.[second]?.name ?? label;
      return policies[kind][first]?.name ?? label;
    };
    const by = evaluation.statements.map(({ kind, policy, index, sid }) => ({
      kind,
      policy: nameOf(kind, policy),
      index,
      ...(sid !== undefined && { sid }),
    }));
    const { name } = principal;
    if (decision === 'Allowed') return { principal: name, check, allowed: true, by };
    const explicit = decision === 'ExplicitDeny';
    const refusal = { explicit, by: decidedBy?.kind ?? lacking };
    return { principal: name, check, allowed: false, by, refusal };
  }

  return {
    async decide(call) {
      const [checks, principal] = await Promise.all([checksOf(call, reader), principalOf(call.caller)]);
      const made = checks.map(async (check) => {
        const { roleArn } = check;
        return decideAll(
          roleArn === undefined ? principal : await principalOf(await sessionOf(roleArn)),
          check,
        );
      });
      return (await Promise.all(made)).flat();
    },
    decideFor: async (asker, check) => decideAll(await principalOf(asker), check),
    after(call) {
      reader.after(call);
      organizations.after(call);
      resourcePolicies.after(call);
      bucketOwners.after(call);
    },
  };
}

/** Keys of temporary credentials. Nobody has MFA at the local runtime. */
function keysOfSession({ issuedAt, sourceIdentity }: RoleSession): CallContext {
  return {
    'aws:TokenIssueTime': issuedAt.toISOString(),
    'aws:MultiFactorAuthPresent': 'false',
    ...(sourceIdentity !== undefined && { 'aws:SourceIdentity': sourceIdentity }),
  };
}

/** What the trust policy of a role must allow: to assume it, and to tag the session. */
const ASSUMES = /^sts:(AssumeRole|TagSession|SetSourceIdentity)$/i;

function accountIn(arn: string): string | undefined {
  return /^arn:(?:[^:]*:){3}(\d{12}):/.exec(arn)?.[1];
}
