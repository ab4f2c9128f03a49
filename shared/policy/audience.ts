import { canonicalPrincipal } from './canonical.ts';
import { type Effort, looksAt, spend } from './effort.ts';
import type { Principals, PrincipalType, Statement } from './statement.ts';

/** The principals to which a statement applies, for proofs: named ones, all but some, or those that have the policy attached. */

/** Everyone, accounts, users, roles and unique ids. */
const lastingName = /^(\*|A[A-Z0-9]{15,}|arn:[^:]*:iam::\d{12}:(root|user\/.+|role\/.+))$/;

/** One entry of a Principal element, a bare account id as its root ARN. */
interface Entry {
  readonly type: PrincipalType;
  readonly name: string;
  /** Type and name as one text. */
  readonly key: string;
  /** Whether `"*"` admits the principal as much as its own name does. */
  readonly lasting: boolean;
  /** Account, kind and name of an ARN (for a session, those of its role); absent for anything else. */
  readonly identity?: { readonly account: string; readonly kind: string; readonly name: string };
}

/** One principal of a Principal element, or everyone except those of a NotPrincipal, or those that have the policy attached. */
export type NamedPrincipal =
  | (Entry & { readonly viaPrincipalArn: boolean })
  | { readonly except: ReadonlySet<string> }
  | 'attached';

/** The audience of a statement: named principals, all but some, or (identity policies) those that have it attached. */
export interface Audience {
  readonly named?: ReadonlyMap<string, Entry>;
  /** Their keys. */
  readonly except?: ReadonlySet<string>;
  /** The named accounts. */
  readonly accounts: ReadonlySet<string>;
  /** Whether `"*"` is one of the named principals. */
  readonly everyone: boolean;
  /** Whether a condition on aws:PrincipalArn limits it, see `namesPrincipalArn`. */
  readonly viaPrincipalArn: boolean;
}

/** The audience of a statement; bare account ids belong to the partition. */
export function audienceOf(statement: Statement, partition: string, viaPrincipalArn: boolean): Audience {
  const { Principal, NotPrincipal } = statement;
  const named = entries(Principal ?? {}, partition);
  const roots = named.flatMap(({ identity }) => (identity?.kind === 'root' ? [identity.account] : []));
  return {
    ...(Principal && { named: new Map(named.map((each) => [each.key, each])) }),
    ...(NotPrincipal && { except: new Set(entries(NotPrincipal, partition).map((each) => each.key)) }),
    accounts: new Set(roots),
    everyone: Principal?.AWS?.includes('*') === true,
    viaPrincipalArn,
  };
}

/** The principals of an audience, each of which needs its own proof. */
export function namedIn({ named, except, viaPrincipalArn }: Audience): NamedPrincipal[] {
  if (except !== undefined) return [{ except }];
  if (named === undefined) return ['attached'];
  return [...named.values()].map((each) => ({ ...each, viaPrincipalArn }));
}

/**
 * Whether an Allow for the audience grants the principal at least what naming it would grant. An account does not admit its roles and
 * users, since it leaves them to their identity policies. A role does not admit its sessions, which boundaries and session policies
 * limit further.
 */
export function admits(
  { named, except, everyone, viaPrincipalArn }: Audience,
  who: NamedPrincipal,
  effort: Effort,
): boolean {
  spend(effort);
  if (who === 'attached') return named === undefined && except === undefined;
  if (except !== undefined) return 'except' in who && isSubset(except, who.except, effort);
  if ('except' in who) return everyone;
  spend(effort, looksAt(who.key));
  if (who.name === '*' && who.viaPrincipalArn && !viaPrincipalArn) return false;
  if (everyone && who.lasting) return true;
  return named?.has(who.key) === true;
}

/** Whether an Allow names the account of the principal, but not the principal itself. */
export function admitsAccountOf({ accounts }: Audience, who: NamedPrincipal): boolean {
  return who !== 'attached' && 'name' in who && accounts.has(who.identity?.account ?? '');
}

/** Whether a Deny for `outer` applies to every requester to which a Deny for `inner` applies. */
export function deniesAll(outer: Audience, inner: Audience, effort: Effort): boolean {
  spend(effort);
  if (outer.everyone) return true;
  if (outer.except !== undefined)
    return inner.except !== undefined && isSubset(outer.except, inner.except, effort);
  if (outer.named === undefined) return inner.named === undefined && inner.except === undefined;
  return inner.named !== undefined && isSubset(inner.named, outer.named, effort);
}

/** Whether a Deny for the audience may apply to the principal: false only if that is proven impossible. */
export function mayDeny({ named }: Audience, who: NamedPrincipal, effort: Effort): boolean {
  spend(effort);
  if (named === undefined || who === 'attached' || 'except' in who || who.name === '*') return true;
  for (const each of named.values()) {
    spend(effort, looksAt(each.name));
    if (each.name === '*' || mayBeOne(each, who)) return true;
  }
  return false;
}

/** Whether one requester may be both; ids and sessions count as different only if they certainly are. */
function mayBeOne(one: Entry, other: Entry): boolean {
  if (one.name === other.name) return true;
  if (one.type === 'CanonicalUser' || other.type === 'CanonicalUser') return true;
  if (one.type !== 'AWS' || other.type !== 'AWS') return false;
  const [a, b] = [one.identity, other.identity];
  if (a === undefined || b === undefined) return true;
  if (a.account !== b.account) return false;
  return a.kind === 'root' || b.kind === 'root' || (a.kind === b.kind && a.name === b.name);
}

function identityOf(name: string): Entry['identity'] {
  const match = /^arn:[^:]*:(?:iam|sts)::(\d{12}):(root|user|role|assumed-role)(?:\/(.*))?$/.exec(name);
  if (match === null) return undefined;
  const [, account = '', kind = '', rest = ''] = match;
  if (kind === 'assumed-role') return { account, kind: 'role', name: rest.split('/')[0] ?? '' };
  return { account, kind, name: rest.split('/').at(-1) ?? '' };
}

function entries(principals: Principals, partition: string): Entry[] {
  const types = ['AWS', 'Service', 'Federated', 'CanonicalUser'] as const;
  return types.flatMap((type) =>
    (principals[type] ?? []).map((written) => {
      const name = type === 'AWS' ? canonicalPrincipal(written, partition) : written;
      const identity = type === 'AWS' ? identityOf(name) : undefined;
      const lasting = type === 'AWS' && lastingName.test(name);
      return { type, name, key: `${type} ${name}`, lasting, ...(identity && { identity }) };
    }),
  );
}

function isSubset(
  inner: ReadonlySet<string> | ReadonlyMap<string, unknown>,
  outer: { has(key: string): boolean },
  effort: Effort,
): boolean {
  for (const each of inner.keys()) {
    spend(effort, looksAt(each));
    if (!outer.has(each)) return false;
  }
  return true;
}
