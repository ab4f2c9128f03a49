import { canonicalAction } from './canonical.ts';
import { conditionsHold } from './conditions.ts';
import { type Policy, type PolicyInput, parsePolicies } from './document.ts';
import { PolicyError } from './json.ts';
import { binds, type ControlKind, type ControlPolicies, whyControl } from './organization-policies.ts';
import { matches, parsePattern, replaceVariables, type Syntax } from './pattern.ts';
import {
  type Context,
  contextOf,
  exempted,
  type Naming,
  namedBy,
  type Requester,
  variableIn,
  type Who,
  whoIs,
} from './requester.ts';
import { operatorNamed, type Statement } from './statement.ts';

/** The answer of AWS to a request: which statements apply to the request, and how they decide together. */

/** A request to AWS: a principal, an action, a resource, and the condition keys of the request. */
export interface Request {
  readonly principal: Requester;
  /** `service:Action`, in any case. */
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

type Some = PolicyInput | readonly PolicyInput[];

/** The policies that apply to a request: none, one or several of each kind. */
export interface PolicySet {
  readonly identity?: Some;
  readonly boundary?: Some;
  readonly session?: Some;
  /** The resource's own policy, such as a bucket's or a key's. */
  readonly resource?: Some;
  /** A role's trust policy, if the resource is a role to be assumed. */
  readonly trust?: Some;
  /** What the organization of the principal's account allows its users and roles to do. */
  readonly scp?: ControlPolicies;
  /** What the organization of the resource's account allows for its resources. */
  readonly rcp?: ControlPolicies;
  /** Default: the account in the resource's ARN, else the principal's. Name it for buckets, whose ARNs have no account. */
  readonly resourceAccountId?: string;
}

/** A statement that decided, and its place in the policies. */
export interface Deciding {
  readonly kind: PolicyKind;
  /** `identity[0]` is the first identity policy; `scp[1][0]` is the first policy of the second level. */
  readonly policy: string;
  readonly index: number;
  readonly sid?: string;
}

/** The answer of AWS, and the reason for it. */
export interface Evaluation {
  readonly decision: 'Allowed' | 'ExplicitDeny' | 'ImplicitDeny';
  /** The statement that decided; absent for an implicit deny, which means that no statement allows the request. */
  readonly decidedBy?: Deciding;
  /** All statements that together decided: an Allow may need one in each of several policies. */
  readonly statements: readonly Deciding[];
  /** For an implicit deny: the kind of policy that has no Allow. */
  readonly lacking?: PolicyKind;
  /** One sentence for people. */
  readonly reason: string;
}

export type PolicyKind = 'identity' | 'boundary' | 'session' | 'resource' | 'trust' | ControlKind;

/** A statement that applies to the request, and how the statement names the principal. */
interface Found extends Deciding {
  readonly effect: 'Allow' | 'Deny';
  readonly naming?: Naming;
  /** For a policy of the organization: the level between the root and the account at which the policy is attached. */
  readonly level?: number;
}

/**
 * Decides a request by AWS's evaluation logic: an explicit Deny in any policy wins; within an account a
 * resource policy or an identity policy allows; across accounts both must; a role's trust policy and a KMS
 * key's policy must always allow; naming an account leaves it to that account's identity policies; boundary
 * and session policies limit, with the exceptions AWS documents; so do the organization's policies, which must allow
 * at each level, for whom and what they bind (organization-policies.ts).
 * Throws PolicyError for an invalid policy, and for a policy of the wrong kind for its place.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(request: Request, policies: PolicySet): Evaluation {
  const who = whoIs(request.principal);
  const ownerOfResource =
    policies.resourceAccountId ?? /^arn:(?:[^:]*:){3}(\d{12}):/.exec(request.resource)?.[1];
  const context = contextOf(who, request.context ?? {}, ownerOfResource);
  const found: Found[] = [];
  const given = new Set<PolicyKind>();
  for (const kind of ['identity', 'boundary', 'session', 'resource', 'trust'] as const) {
    parsePolicies(policies[kind]).forEach((policy, number) => {
      given.add(kind);
      found.push(...search(policy, kind, `${kind}[${number}]`));
    });
  }
  const levels = new Map<ControlKind, number>();
  for (const kind of ['rcp', 'scp'] as const) {
    const control = policies[kind];
    if (control === undefined || !binds[kind](control, who, request.action, ownerOfResource)) continue;
    levels.set(kind, control.levels.length);
    control.levels.forEach((attached, level) => {
      parsePolicies(attached).forEach((policy, number) => {
        const label = `${kind}[${level}][${number}]`;
        found.push(...search(policy, kind, label).map((each) => ({ ...each, level })));
      });
    });
  }
  const sameAccount = (ownerOfResource ?? who.accountId) === who.accountId && who.accountId !== undefined;
  return decide({
    who,
    sameAccount,
    given,
    levels,
    found,
    action: request.action.toLowerCase(),
    resource: request.resource,
  });

  function search(policy: Policy, kind: PolicyKind, label: string): Found[] {
    return policy.Statement.flatMap((statement, index): Found[] => {
      fitsItsPlace(statement, kind, `${label}: Statement[${index}]`);
      const naming = namingOf(statement, kind, who, given.has('boundary'), context);
      if (naming === undefined || !applies(statement, request, context, hasVariables(policy))) return [];
      const sid = statement.Sid ? { sid: statement.Sid } : {};
      return [{ kind, policy: label, index, ...sid, effect: statement.Effect, naming }];
    });
  }
}

/** How the statement names the principal. An identity policy applies to the principal that has it; the root user has none. */
function namingOf(
  statement: Statement,
  kind: PolicyKind,
  who: Who,
  bounded: boolean,
  context: Context,
): Naming | undefined {
  if (kind === 'scp') return 'itself';
  if (!isOwned(kind) && kind !== 'rcp') {
    return who.type === 'AWS' && who.kind !== 'root' ? 'itself' : undefined;
  }
  const { Principal, NotPrincipal, Effect } = statement;
  if (NotPrincipal !== undefined) {
    const left =
      Effect === 'Deny' ? exempted(NotPrincipal, who, bounded) : namedBy(NotPrincipal, who) !== undefined;
    return left ? undefined : 'anyone';
  }
  // A principal that is named beside `"*"` does not narrow the `"*"`.
  const everyone = Principal?.AWS?.includes('*') === true;
  if (everyone && namesPrincipalArn(statement) && context.has('aws:principalarn')) return 'itself';
  return namedBy(Principal ?? {}, who);
}

/** `"*"` narrowed by aws:PrincipalArn grants to the session itself, as AWS documents for boundaries. */
export function namesPrincipalArn(statement: Statement): boolean {
  return Object.entries(statement.Condition ?? {}).some(([name, keys]) => {
    const operator = operatorNamed(name);
    const positive =
      operator !== undefined && !operator.negated && !operator.ifExists && operator.set === undefined;
    const compares = operator?.base.startsWith('String') || operator?.base.startsWith('Arn');
    return positive && compares && Object.keys(keys).some((key) => key.toLowerCase() === 'aws:principalarn');
  });
}

function fitsItsPlace(statement: Statement, kind: PolicyKind, path: string): void {
  const names = statement.Principal !== undefined || statement.NotPrincipal !== undefined;
  const owned = isOwned(kind) || kind === 'rcp';
  if (names && !owned)
    throw new PolicyError(path, 'has a Principal, which only policies of resources and for them may.');
  if (!names && owned)
    throw new PolicyError(path, 'has no Principal, which policies of resources and for them must.');
}

/** Policy variables came with 2012-10-17; before it, and without a Version, `${…}` is plain text. */
export function hasVariables(policy: Policy): boolean {
  return policy.Version === '2012-10-17';
}

/**
 * True if a statement applies to this action on this resource in this context, whoever the principal is. A statement of a
 * trust policy has no Resource: it applies to the role that has the policy.
 */
function applies(
  statement: Statement,
  request: { readonly action: string; readonly resource: string },
  context: Context,
  variables: boolean,
): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const action = request.action.toLowerCase();
  const hasAction = (each: string) =>
    fits(canonicalAction(each), action, { variables: false, wildcards: 'text' });
  const hasResource = (each: string) => fits(each, request.resource, { variables, wildcards: 'resource' });
  return (
    (Action?.some(hasAction) ?? true) &&
    !NotAction?.some(hasAction) &&
    (Resource?.some(hasResource) ?? true) &&
    !NotResource?.some(hasResource) &&
    conditionsHold(Condition, context, variables)
  );

  function fits(pattern: string, text: string, syntax: Syntax): boolean {
    if (pattern === '*') return true;
    const replaced = replaceVariables(parsePattern(pattern, syntax), variableIn(context));
    return replaced !== undefined && matches(replaced, text);
  }
}

/** The input of the decision, after the policies were searched. */
interface Case {
  readonly who: Who;
  readonly sameAccount: boolean;
  /** The kinds of policies that were given, also those without a statement that applies to the request. */
  readonly given: ReadonlySet<PolicyKind>;
  /** The number of levels of the organization's policies, for each kind that applies. */
  readonly levels: ReadonlyMap<ControlKind, number>;
  readonly found: readonly Found[];
  /** In lower case. */
  readonly action: string;
  readonly resource: string;
}

const assuming = /^sts:(assumerole(withsaml|withwebidentity)?|tagsession|setsourceidentity|setcontext)$/;

/** The decision by the statements that apply to the request. Pure. */
function decide(at: Case): Evaluation {
  const denied = at.found.find((each) => each.effect === 'Deny');
  if (denied !== undefined) return outcome('ExplicitDeny', [denied], 'This statement denies it.');

  const controls: Found[] = [];
  for (const [kind, levels] of at.levels) {
    for (let level = 0; level < levels; level += 1) {
      const allow = at.found.find((each) => each.kind === kind && each.level === level);
      if (allow === undefined) return refused(whyControl(kind, level, levels), kind);
      controls.push(allow);
    }
  }
  const allowed = (by: readonly Found[], reason: string) => outcome('Allowed', [...by, ...controls], reason);

  const grants = at.found.filter((each) => each.effect === 'Allow' && isOwned(each.kind));
  const assumes =
    at.given.has('trust') || (assuming.test(at.action) && /^arn:[^:]*:iam::\d*:role\//.test(at.resource));
  const owner = assumes ? grants.filter((each) => each.kind === 'trust' || !at.given.has('trust')) : grants;
  const mustBeNamed = assumes || isKmsKey(at.action, at.resource);
  const [grant] = owner;
  const ownersKind = assumes ? 'trust' : 'resource';

  if (at.who.type !== 'AWS') {
    if (grant !== undefined) return allowed([grant], 'The resource’s policy allows it.');
    return refused(
      'no policy of the resource allows it, and a principal of this type has no other',
      ownersKind,
    );
  }
  if (assumes && at.who.kind === 'root') return refused('the root user cannot assume roles', ownersKind);
  if (grant === undefined && (mustBeNamed || !at.sameAccount)) {
    return refused(
      mustBeNamed ? whyOwner(assumes, at.given) : 'across accounts the resource’s policy must allow it',
      ownersKind,
    );
  }

  const limits: Found[] = [];
  let limit: 'boundary' | 'session' | undefined;
  for (const kind of ['boundary', 'session'] as const) {
    const allow = at.found.find((each) => each.kind === kind);
    if (allow !== undefined) limits.push(allow);
    else if (at.given.has(kind) && at.who.kind !== 'root') limit ??= kind;
  }
  if (at.sameAccount) {
    const direct = owner.find((each) => each.naming === 'itself' || isUserByStar(each, at.who));
    if (direct !== undefined) return allowed([direct], 'The resource’s policy names the principal.');
    const viaRole = owner.find((each) => each.naming !== 'account');
    if (viaRole !== undefined && limit === undefined) {
      return allowed([viaRole, ...limits], 'The resource’s policy allows it.');
    }
  }
  const identity = at.found.find((each) => each.kind === 'identity');
  if (identity === undefined && at.who.kind !== 'root')
    return refused('no identity policy allows it', 'identity');
  if (limit !== undefined) return refused(whyLimit[limit], limit);
  const needed = grant !== undefined && (mustBeNamed || !at.sameAccount) ? [grant] : [];
  const together = [...(identity === undefined ? [] : [identity]), ...needed, ...limits];
  return allowed(
    together,
    identity === undefined ? 'It is the root user.' : 'The identity policy allows it.',
  );
}

const whyLimit = {
  boundary: 'the permissions boundary does not allow it',
  session: 'no session policy allows it',
} as const;

function whyOwner(assumes: boolean, given: ReadonlySet<PolicyKind>): string {
  const policy = assumes ? 'the role’s trust policy' : 'the key’s policy';
  const there = given.has('trust') || given.has('resource');
  return there ? `${policy} does not allow it` : `${policy} must allow it, and was not given`;
}

function isOwned(kind: PolicyKind): boolean {
  return kind === 'resource' || kind === 'trust';
}

/** A `"*"` grants to a user directly; a role's session is limited as if its role were named. */
function isUserByStar(found: Found, who: Who): boolean {
  return found.naming === 'anyone' && who.kind === 'user';
}

function isKmsKey(action: string, resource: string): boolean {
  return action.startsWith('kms:') && /^arn:[^:]*:kms:[^:]*:[^:]*:key\//.test(resource);
}

function outcome(decision: 'Allowed' | 'ExplicitDeny', found: readonly Found[], reason: string): Evaluation {
  const statements = found.map(deciding);
  const [decidedBy] = statements;
  return { decision, ...(decidedBy !== undefined && { decidedBy }), statements, reason };
}

function refused(why: string, lacking: PolicyKind): Evaluation {
  const reason = `${why.charAt(0).toUpperCase()}${why.slice(1)}.`;
  return { decision: 'ImplicitDeny', statements: [], lacking, reason };
}

function deciding({ kind, policy, index, sid }: Found): Deciding {
  return { kind, policy, index, ...(sid !== undefined && { sid }) };
}
