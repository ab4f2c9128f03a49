import type { Deciding, Evaluation, Found, Kind } from './evaluation.ts';
import type { Who } from './who.ts';

/** All that the decision depends on, the policies being searched already. */
interface Case {
  readonly who: Who;
  readonly sameAccount: boolean;
  /** Kinds of policies that were given, even when nothing in them is about the request. */
  readonly given: ReadonlySet<Kind>;
  readonly found: readonly Found[];
  /** In lower case. */
  readonly action: string;
  readonly resource: string;
}

const assuming = /^sts:(assumerole(withsaml|withwebidentity)?|tagsession|setsourceidentity|setcontext)$/;

/** The decision over the statements that are about the request. A plain function of its case. */
export function decide(at: Case): Evaluation {
  const denied = at.found.find((each) => each.effect === 'Deny');
  if (denied !== undefined) return outcome('ExplicitDeny', [denied], 'This statement denies it.');

  const grants = at.found.filter((each) => each.effect === 'Allow' && isOwned(each.kind));
  const assumes =
    at.given.has('trust') || (assuming.test(at.action) && /^arn:[^:]*:iam::\d*:role\//.test(at.resource));
  const owner = assumes ? grants.filter((each) => each.kind === 'trust' || !at.given.has('trust')) : grants;
  const mustBeNamed = assumes || isKmsKey(at.action, at.resource);
  const [grant] = owner;

  if (at.who.type !== 'AWS') {
    if (grant !== undefined) return outcome('Allowed', [grant], 'The resource’s policy allows it.');
    return refused('no policy of the resource allows it, and a principal of this type has no other');
  }
  if (assumes && at.who.kind === 'root') return refused('the root user cannot assume roles');
  if (grant === undefined && (mustBeNamed || !at.sameAccount)) {
    return refused(
      mustBeNamed ? whyOwner(assumes, at.given) : 'across accounts the resource’s policy must allow it',
    );
  }

  const limits: Found[] = [];
  let limit: string | undefined;
  for (const kind of ['boundary', 'session'] as const) {
    const allow = at.found.find((each) => each.kind === kind);
    if (allow !== undefined) limits.push(allow);
    else if (at.given.has(kind) && at.who.kind !== 'root') limit ??= whyLimit[kind];
  }
  if (at.sameAccount) {
    const direct = owner.find((each) => each.naming === 'itself' || isUserByStar(each, at.who));
    if (direct !== undefined)
      return outcome('Allowed', [direct], 'The resource’s policy names the principal.');
    const viaRole = owner.find((each) => each.naming !== 'account');
    if (viaRole !== undefined && limit === undefined) {
      return outcome('Allowed', [viaRole, ...limits], 'The resource’s policy allows it.');
    }
  }
  const identity = at.found.find((each) => each.kind === 'identity');
  if (identity === undefined && at.who.kind !== 'root') return refused('no identity policy allows it');
  if (limit !== undefined) return refused(limit);
  const needed = grant !== undefined && (mustBeNamed || !at.sameAccount) ? [grant] : [];
  const together = [...(identity === undefined ? [] : [identity]), ...needed, ...limits];
  return outcome(
    'Allowed',
    together,
    identity === undefined ? 'It is the root user.' : 'The identity policy allows it.',
  );
}

const whyLimit = {
  boundary: 'the permissions boundary does not allow it',
  session: 'no session policy allows it',
} as const;

function whyOwner(assumes: boolean, given: ReadonlySet<Kind>): string {
  const policy = assumes ? 'the role’s trust policy' : 'the key’s policy';
  const there = given.has('trust') || given.has('resource');
  return there ? `${policy} does not allow it` : `${policy} must allow it, and was not given`;
}

function isOwned(kind: Kind): boolean {
  return kind === 'resource' || kind === 'trust';
}

/** Nothing stands between a user and `"*"`; a role's session is limited as if its role were named. */
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

function refused(why: string): Evaluation {
  const reason = `${why.charAt(0).toUpperCase()}${why.slice(1)}.`;
  return { decision: 'ImplicitDeny', statements: [], reason };
}

function deciding({ kind, policy, index, sid }: Found): Deciding {
  return { kind, policy, index, ...(sid !== undefined && { sid }) };
}
