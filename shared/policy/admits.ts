import { canonicalPrincipal } from './canonical.ts';
import type { Principals, PrincipalType } from './statement.ts';

/** Everyone, accounts, users, roles and unique ids: whom `"*"` admits no less than their own name would. */
const lasting = /^(\*|A[A-Z0-9]{15,}|arn:[^:]*:iam::\d{12}:(root|user\/.+|role\/.+))$/;

/** One principal of a Principal element, accounts as root ARNs; or everyone but those of a NotPrincipal. */
export type Named =
  | { readonly type: PrincipalType; readonly name: string; readonly viaPrincipalArn: boolean }
  | { readonly except: readonly string[] }
  | 'attached';

/** Who a statement is about: named ones, all but some, or (identity policies) whoever it is attached to. */
export interface Audience {
  readonly principal?: Principals | undefined;
  readonly notPrincipal?: Principals | undefined;
  readonly partition: string;
  /** Whether a condition on aws:PrincipalArn narrows it, see `namesPrincipalArn`. */
  readonly viaPrincipalArn: boolean;
}

/** The principals about which something is to be proven one by one. */
export function namedIn(audience: Audience): Named[] {
  const { principal, notPrincipal, partition, viaPrincipalArn } = audience;
  if (notPrincipal !== undefined) return [{ except: keys(notPrincipal, partition) }];
  if (principal === undefined) return ['attached'];
  return listed(principal, partition).map((each) => ({ ...each, viaPrincipalArn }));
}

/**
 * Whether an Allow for the audience grants to the principal no less than naming it would. An account does not
 * admit its roles and users: it leaves them to their identity policies. A role does not admit its sessions,
 * which boundaries and session policies then limit more.
 */
export function admits(audience: Audience, who: Named): boolean {
  const { principal, notPrincipal, partition } = audience;
  if (who === 'attached') return principal === undefined && notPrincipal === undefined;
  if (notPrincipal !== undefined) {
    return 'except' in who && keys(notPrincipal, partition).every((each) => who.except.includes(each));
  }
  if (principal === undefined) return false;
  const everyone = principal.AWS?.includes('*') === true;
  if ('except' in who) return everyone;
  if (who.name === '*' && who.viaPrincipalArn && !audience.viaPrincipalArn) return false;
  if (everyone && who.type === 'AWS' && lasting.test(who.name)) return true;
  return listed(principal, partition).some((each) => each.type === who.type && each.name === who.name);
}

/** Whether an Allow names the account of the principal, though not itself. */
export function admitsAccountOf(audience: Audience, who: Named): boolean {
  const account = who !== 'attached' && 'name' in who ? identity(who.name)?.account : undefined;
  const names = listed(audience.principal ?? {}, audience.partition).map((each) => identity(each.name));
  return account !== undefined && names.some((each) => each?.kind === 'root' && each.account === account);
}

/** Whether every requester that a Deny for `inner` is about, a Deny for `outer` is about too. */
export function deniesAll(outer: Audience, inner: Audience): boolean {
  if (outer.principal?.AWS?.includes('*')) return true;
  if (outer.notPrincipal !== undefined) {
    const spared = inner.notPrincipal === undefined ? undefined : keys(inner.notPrincipal, inner.partition);
    return keys(outer.notPrincipal, outer.partition).every((each) => spared?.includes(each) === true);
  }
  if (outer.principal === undefined) return inner.principal === undefined && inner.notPrincipal === undefined;
  if (inner.principal === undefined) return false;
  const known = keys(outer.principal, outer.partition);
  return keys(inner.principal, inner.partition).every((each) => known.includes(each));
}

/** Whether a Deny for the audience may be about the principal: false only when that is proven impossible. */
export function mayDeny(audience: Audience, who: Named): boolean {
  const { principal, partition } = audience;
  if (principal === undefined || who === 'attached' || 'except' in who || who.name === '*') return true;
  return listed(principal, partition).some((each) => each.name === '*' || mayBeOne(each, who));
}

type OfType = { readonly type: PrincipalType; readonly name: string };

/** Whether one requester may be both; ids and sessions are told apart only where they surely differ. */
function mayBeOne(one: OfType, other: OfType): boolean {
  if (one.name === other.name) return true;
  if (one.type === 'CanonicalUser' || other.type === 'CanonicalUser') return true;
  if (one.type !== 'AWS' || other.type !== 'AWS') return false;
  const [a, b] = [identity(one.name), identity(other.name)];
  if (a === undefined || b === undefined) return true;
  if (a.account !== b.account) return false;
  return a.kind === 'root' || b.kind === 'root' || (a.kind === b.kind && a.name === b.name);
}

/** Account, kind and name of an ARN: a session's are its role's; undefined for anything else. */
function identity(name: string): { account: string; kind: string; name: string } | undefined {
  const match = /^arn:[^:]*:(?:iam|sts)::(\d{12}):(root|user|role|assumed-role)(?:\/(.*))?$/.exec(name);
  if (match === null) return undefined;
  const [, account = '', kind = '', rest = ''] = match;
  if (kind === 'assumed-role') return { account, kind: 'role', name: rest.split('/')[0] ?? '' };
  return { account, kind, name: rest.split('/').at(-1) ?? '' };
}

function listed(principals: Principals, partition: string): OfType[] {
  const types = ['AWS', 'Service', 'Federated', 'CanonicalUser'] as const;
  return types.flatMap((type) =>
    (principals[type] ?? []).map((each) => ({
      type,
      name: type === 'AWS' ? canonicalPrincipal(each, partition) : each,
    })),
  );
}

function keys(principals: Principals, partition: string): string[] {
  return listed(principals, partition).map((each) => `${each.type} ${each.name}`);
}
