import { createHash } from 'node:crypto';
import type { Finding, FindingKind, Flag, Party, Unread } from '../../shared/domain/review.ts';
import { canonicalPrincipal, canonicalStatement } from '../../shared/policy/canonical.ts';
import { covers } from '../../shared/policy/covers.ts';
import { PolicyError, type PolicyInput, parsePolicy, type Statement } from '../../shared/policy/document.ts';
import type { AccountAccess, PrincipalAccess, RoleAccess } from './account-access.ts';
import { isAdministrator } from './administrator.ts';
import { deniesOf, type Guards, guardsOf, isDenied } from './guards.ts';

/** What findings depend on besides the account. */
export interface Surroundings {
  readonly organizationId: string;
  /** Whether an account is known to be in the organization. */
  readonly isMember: (accountId: string) => boolean;
  readonly now: Date;
  /** Roles that were not used for so many days are flagged. */
  readonly unusedDays: number;
}

/** The findings of an account, worst first, and the policies that could not be read. */
export interface Findings {
  readonly findings: readonly Finding[];
  readonly unread: readonly Unread[];
}

/**
 * Every way into an account and out of it that its IAM and its buckets' policies give, and its administrators. Pure. A way that a Deny
 * without conditions closes is none; a condition counts as a guard only if it is proven to be one, so that in doubt a way is shown as
 * wider than it is, never as narrower.
 */
export function findingsOf(access: AccountAccess, around: Surroundings): Findings {
  const unread: Unread[] = [];
  /** The findings of one resource; none if one of its policies is no policy, which is said. */
  const reading = (subject: string, find: () => Finding[]): Finding[] => {
    try {
      return find();
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      unread.push({ subject, why: error.message });
      return [];
    }
  };
  const { roles, users, groups, buckets, partition } = access;
  const present = new Set([...roles, ...users].map(({ arn }) => identityOf(arn)));
  const scene: Scene = { access, around, present };
  const findings = [
    ...roles.flatMap((role) =>
      reading(role.arn, () => {
        const administrator = isAdministrator(role);
        const about = flagsOfRole(role, administrator, around);
        return [
          ...trustsOf(role, scene).map((each) => withFlags(each, about)),
          ...fromInside(role, administrator).map((each) => withFlags(each, about)),
        ].map((each) => ({ ...each, ...(role.lastUsedAt && { lastUsedAt: role.lastUsedAt }) }));
      }),
    ),
    ...[...users, ...groups].flatMap((one) =>
      reading(one.arn, () => {
        const administrator = isAdministrator(one);
        return fromInside(one, administrator).map((each) =>
          withFlags(each, administrator ? ['Administrator'] : []),
        );
      }),
    ),
    ...buckets.flatMap(({ name, policy }) => {
      const arn = `arn:${partition}:s3:::${name}`;
      return reading(arn, () => bucketWays(arn, policy, scene));
    }),
  ];
  return { findings: inOrder(findings), unread };

  function fromInside(one: PrincipalAccess, administrator: boolean): Finding[] {
    const top: Finding[] = administrator
      ? [finding({ kind: 'Administrator', subject: one.arn, flags: ['Administrator'] })]
      : [];
    return [...top, ...waysOut(one, scene)];
  }
}

/** The findings, of which those about these roles of other accounts are flagged: the roles do not exist. Pure. */
export function withMissing(findings: readonly Finding[], missing: ReadonlySet<string>): Finding[] {
  const about = (one: Finding) => one.kind === 'AssumesElsewhere' && missing.has(one.other ?? '');
  return inOrder(
    findings.map((one) => (about(one) ? withFlags({ ...one, party: 'gone' }, flagsOfParty('gone')) : one)),
  );
}

interface Scene {
  readonly access: AccountAccess;
  readonly around: Surroundings;
  /** The users and roles of the account, by kind and name. */
  readonly present: ReadonlySet<string>;
}

/** The actions by which a principal gets a session of a role. */
const ENTERING = ['sts:AssumeRole', 'sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity'];

function trustsOf({ arn, trust }: RoleAccess, scene: Scene): Finding[] {
  const { allows, denies } = sides(trust);
  return allows.flatMap((allow) => {
    const action = ENTERING.find((each) => includesAction(allow, each));
    if (action === undefined) return [];
    return principalsIn(allow, scene.access.partition).flatMap((who) => {
      const allowed = { Principal: { [who.type]: [who.name] }, Action: [action] };
      if (isDenied(allowed, denies)) return [];
      const guards = guardsOf(allow, deniesOf(allowed, denies), 'in');
      const from = partyOf(who, guards, scene);
      const isThird = from.party === 'outside' || from.party === 'anyone';
      return [
        finding({
          kind: 'RoleTrust',
          subject: arn,
          ...from,
          other: `${who.type} ${who.name}`,
          ...conditionsOf(allow),
          externalId: guards.externalId,
          mfa: guards.mfa,
          flags: [
            ...flagsOfParty(from.party),
            ...(isThird && who.type === 'AWS' && !guards.externalId ? (['NoExternalId'] as const) : []),
          ],
        }),
      ];
    });
  });
}

function bucketWays(arn: string, policy: PolicyInput, scene: Scene): Finding[] {
  const { allows, denies } = sides(policy);
  return allows.flatMap((allow) =>
    principalsIn(allow, scene.access.partition).flatMap((who) => {
      const allowed = {
        Principal: { [who.type]: [who.name] },
        ...(allow.Action ? { Action: allow.Action } : { NotAction: allow.NotAction ?? [] }),
        ...(allow.Resource && { Resource: allow.Resource }),
        ...(allow.NotResource && { NotResource: allow.NotResource }),
      };
      if (isDenied(allowed, denies)) return [];
      const from = partyOf(who, guardsOf(allow, deniesOf(allowed, denies), 'in'), scene);
      if (from.party === 'account') return [];
      const { Action, NotAction, Resource, NotResource } = canonicalStatement(allow, scene.access.partition);
      return [
        finding(
          {
            kind: 'BucketAccess',
            subject: arn,
            ...from,
            other: `${who.type} ${who.name}`,
            ...conditionsOf(allow),
            actions: Action ?? (NotAction ?? []).map((each) => `not ${each}`),
            flags: flagsOfParty(from.party),
          },
          { Resource, NotResource },
        ),
      ];
    }),
  );
}

function waysOut({ arn, policies }: PrincipalAccess, scene: Scene): Finding[] {
  const all = policies.map(sides);
  const denies = all.flatMap((each) => each.denies);
  const ways = all
    .flatMap(({ allows }) => allows)
    .flatMap((allow) => {
      // Whoever may do everything is an administrator, or limited by conditions that are not about roles.
      if (allow.Action?.includes('*') || !includesAction(allow, 'sts:AssumeRole')) return [];
      return (allow.Resource ?? ['*']).flatMap((pattern) => {
        const account = accountOfRole(pattern, scene.access.accountId);
        if (account === 'none' || account === scene.access.accountId) return [];
        const allowed = { Action: ['sts:AssumeRole'], Resource: [pattern] };
        if (isDenied(allowed, denies)) return [];
        const guards = guardsOf(allow, deniesOf(allowed, denies), 'out');
        const party =
          account === 'any' ? (inGuards(guards, scene) ?? 'anyone') : partyOfAccount(account, scene);
        if (party === 'account') return [];
        return [
          finding({
            kind: 'AssumesElsewhere',
            subject: arn,
            other: pattern,
            party,
            ...(account !== 'any' && { otherAccount: account }),
            ...conditionsOf(allow),
            flags: flagsOfParty(party),
          }),
        ];
      });
    });
  return [...new Map(ways.map((each) => [each.id, each])).values()];
}

/** The account of a role that a resource pattern names; `any` for one that a wildcard leaves open, `none` for what is no role. */
function accountOfRole(pattern: string, own: string): string {
  if (/^[*?]+$/.test(pattern)) return 'any';
  const [start, , service = '', , account = '', resource = '*'] = pattern.split(':');
  if (start !== 'arn' && !/[*?]/.test(start ?? '')) return 'none';
  if (!/[*?]/.test(service) && service !== 'iam') return 'none';
  if (!/[*?]/.test(resource) && !resource.startsWith('role/')) return 'none';
  if (/^\$\{aws:(PrincipalAccount|ResourceAccount)\}$/i.test(account)) return own;
  return /^\d{12}$/.test(account) ? account : 'any';
}

/** A principal that a statement names. */
interface Named {
  readonly type: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser';
  readonly name: string;
}

/** The principals of an Allow; everyone for one that names those whom it does not mean. */
function principalsIn({ Principal }: Statement, partition: string): Named[] {
  if (!Principal) return [{ type: 'AWS', name: '*' }];
  const types = ['AWS', 'Service', 'Federated', 'CanonicalUser'] as const;
  return types.flatMap((type) =>
    [...new Set(Principal[type])].map((name) => ({
      type,
      name: type === 'AWS' ? canonicalPrincipal(name, partition) : name,
    })),
  );
}

interface From {
  readonly party: Party;
  readonly otherAccount?: string;
}

function partyOf({ type, name }: Named, guards: Guards, scene: Scene): From {
  if (type === 'Service') return { party: 'service' };
  if (type === 'Federated') return { party: federated(name, guards, scene) };
  // The canonical id of a user does not show its account.
  if (type === 'CanonicalUser') return { party: 'outside' };
  if (name === '*') return { party: inGuards(guards, scene) ?? 'anyone' };
  // What IAM shows in place of a principal that was deleted.
  if (/^A(IDA|ROA|GPA)[A-Z0-9]{12,}$/.test(name)) return { party: 'gone' };
  const account = name.split(':')[4] ?? '';
  if (account === 'cloudfront') return { party: 'service' };
  const party = partyOfAccount(account, scene);
  const isGone = party === 'account' && isIdentity(name) && !scene.present.has(identityOf(name));
  return { party: isGone ? 'gone' : party, otherAccount: account };
}

/** Identity providers that all their customers share: only the subject tells one customer from another. */
const SHARED_PROVIDERS =
  /token\.actions\.githubusercontent\.com|gitlab\.com|app\.terraform\.io|oidc\.circleci\.com/;

/** Whoever an identity provider vouches for; anyone if no condition says for which application or for whom. */
function federated(name: string, guards: Guards, { access }: Scene): Party {
  if (name.includes(':saml-provider/')) {
    return name.split(':')[4] === access.accountId ? 'federated' : 'outside';
  }
  const says = (what: RegExp) => [...guards.keys].some((key) => what.test(key));
  const isLimited = SHARED_PROVIDERS.test(name) ? says(/:sub$/) : says(/:(sub|aud|app_id|oaud|azp)$/);
  return isLimited ? 'federated' : 'anyone';
}

/** Where anyone who passes the guards is from; undefined if these do not say. */
function inGuards({ organizations, accounts }: Guards, scene: Scene): Party | undefined {
  const parties = accounts?.map((account) => partyOfAccount(account, scene));
  if (parties?.every((party) => party === 'account')) return 'account';
  const isOurs = organizations?.every((id) => id === scene.around.organizationId);
  if (isOurs || parties?.every((party) => party !== 'outside')) return 'organization';
  return organizations || parties ? 'outside' : undefined;
}

function partyOfAccount(
  accountId: string,
  { access, around }: Scene,
): 'account' | 'organization' | 'outside' {
  if (accountId === access.accountId) return 'account';
  return around.isMember(accountId) ? 'organization' : 'outside';
}

function isIdentity(arn: string): boolean {
  return /:(user|role|assumed-role)\//.test(arn);
}

/** Kind and name of a user or role, which are unique in an account, whatever its path; a session has those of its role. */
function identityOf(arn: string): string {
  const [kind = '', ...path] = arn.split(':').slice(5).join(':').split('/');
  return kind === 'assumed-role' ? `role ${path[0]}` : `${kind} ${path.at(-1)}`;
}

function flagsOfParty(party: Party): Flag[] {
  switch (party) {
    case 'outside':
      return ['OutsideOrganization'];
    case 'anyone':
      return ['Wildcard'];
    case 'gone':
      return ['PrincipalGone'];
    case 'account':
    case 'organization':
    case 'service':
    case 'federated':
      return [];
  }
}

const DAY = 86_400_000;

function flagsOfRole(role: RoleAccess, administrator: boolean, { now, unusedDays }: Surroundings): Flag[] {
  const since = role.lastUsedAt ?? role.createdAt;
  const isUnused =
    !isServiceLinked(role.arn) && since !== undefined && now.getTime() - Date.parse(since) > unusedDays * DAY;
  return [...(administrator ? (['Administrator'] as const) : []), ...(isUnused ? (['Unused'] as const) : [])];
}

/** Whether AWS made the role for one of its services: nobody else can change it. */
export function isServiceLinked(arn: string): boolean {
  return arn.includes(':role/aws-service-role/');
}

function sides(policy: PolicyInput): { allows: Statement[]; denies: Statement[] } {
  const { Statement } = parsePolicy(policy);
  return {
    allows: Statement.filter(({ Effect }) => Effect === 'Allow'),
    denies: Statement.filter(({ Effect }) => Effect === 'Deny'),
  };
}

/** Whether a statement is about an action, whatever its resources and conditions. */
function includesAction({ Action, NotAction }: Statement, action: string): boolean {
  const [service = ''] = action.split(':');
  if (Action && !Action.some((each) => /^[*?]/.test(each) || each.toLowerCase().startsWith(service)))
    return false;
  const about = Action ? { Action } : { NotAction };
  const on = { Effect: 'Allow', Resource: '*' };
  return covers({ Statement: { ...on, Action: action } }, { Statement: { ...on, ...about } }).covered;
}

function conditionsOf(allow: Statement): Pick<Finding, 'conditions'> {
  const { Condition } = canonicalStatement(allow, 'aws');
  return Condition ? { conditions: Condition } : {};
}

/**
 * A finding with its id: a hash of what it is, `more` included; not of its flags, nor of what is known about an account that it names.
 * For a wildcard the party counts, since it says how far the guards reach.
 */
function finding(what: Omit<Finding, 'id'>, more: object = {}): Finding {
  const { kind, subject, other, otherAccount, party, conditions, actions, externalId, mfa } = what;
  const reach =
    otherAccount === undefined && (party === 'anyone' || party === 'organization') ? party : undefined;
  const text = JSON.stringify([kind, subject, other, reach, conditions, actions, externalId, mfa, more]);
  return { id: createHash('sha256').update(text).digest('hex').slice(0, 12), ...what };
}

function withFlags(one: Finding, flags: readonly Flag[]): Finding {
  return { ...one, flags: [...new Set([...one.flags, ...flags])] };
}

const KIND_ORDER: readonly FindingKind[] = ['RoleTrust', 'BucketAccess', 'AssumesElsewhere', 'Administrator'];

/** The findings with most flags first, then by kind and name; each once. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const once = [...new Map(findings.map((each) => [each.id, each])).values()];
  const rank = ({ kind, subject, other = '' }: Finding) => `${KIND_ORDER.indexOf(kind)} ${subject} ${other}`;
  return once.sort((a, b) => b.flags.length - a.flags.length || (rank(a) < rank(b) ? -1 : 1));
}
