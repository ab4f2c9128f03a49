import { canonicalPrincipal } from './canonical.ts';
import { type Effort, looksAt, spend } from './effort.ts';
import type { Principals, PrincipalType, Statement } from './statement.ts';

/** Who a statement is about, for proofs: named principals, all but some, or whoever has the policy. */

/** Everyone, accounts, users, roles and unique ids. */
const lastingName = /^(\*|A[A-Z0-9]{15,}|arn:[^:]*:iam::\d{12}:(root|user\/.+|role\/.+))$/;

/** One entry of a Principal element, a bare account id as its root ARN. */
interface Entry {
  readonly type: PrincipalType;
  readonly name: string;
  /** Both as one text. */
  readonly key: string;
  /** Whether `"*"` admits it no less than its own name would. */
  readonly lasting: boolean;
  /** Account, kind and name of an ARN: a session's are its role's. None for anything else. */
  readonly identity?: { readonly account: string; readonly kind: string; readonly name: string };
}

/** One principal of a Principal element, or everyone but those of a NotPrincipal, or whoever has the policy. */
export type NamedPrincipal =
  | (Entry & { readonly viaPrincipalArn: boolean })
  | { readonly except: ReadonlySet<string> }
  | 'attached';

/** Who a statement is about: named ones, all but some, or (identity policies) whoever it is attached to. */
export interface Audience {
  readonly named?: ReadonlyMap<string, Entry>;
  /** Their keys. */
  readonly except?: ReadonlySet<string>;
  /** Accounts that are named. */
  readonly accounts: ReadonlySet<string>;
  /** Whether `"*"` is among the named ones. */
  readonly everyone: boolean;
  /** Whether a condition on aws:PrincipalArn narrows it, see `namesPrincipalArn`. */
  readonly viaPrincipalArn: boolean;
}

/** The audience of a statement, its bare account ids read in the partition. */
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

/** The principals about which something is to be proven one by one. */
export function namedIn({ named, except, viaPrincipalArn }: Audience): NamedPrincipal[] {
  if (except !== undefined) return [{ except }];
  if (named === undefined) return ['attached'];
  return [...named.values()].map((each) => ({ ...each, viaPrincipalArn }));
}

/**
 * Whether an Allow for the audience grants to the principal no less than naming it would. An account does not
 * admit its roles and users: it leaves them to their identity policies. A role does not admit its sessions,
 * which boundaries and session policies then limit more.
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

/** Whether an Allow names the account of the principal, though not itself. */
export function admitsAccountOf({ accounts }: Audience, who: NamedPrincipal): boolean {
  return who !== 'attached' && 'name' in who && accounts.has(who.identity?.account ?? '');
}

/** Whether every requester that a Deny for `inner` is about, a Deny for `outer` is about too. */
export function deniesAll(outer: Audience, inner: Audience, effort: Effort): boolean {
  spend(effort);
  if (outer.everyone) return true;
  if (outer.except !== undefined)
    return inner.except !== undefined && isSubset(outer.except, inner.except, effort);
  if (outer.named === undefined) return inner.named === undefined && inner.except === undefined;
  return inner.named !== undefined && isSubset(inner.named, outer.named, effort);
}

/** Whether a Deny for the audience may be about the principal: false only when that is proven impossible. */
export function mayDeny({ named }: Audience, who: NamedPrincipal, effort: Effort): boolean {
  spend(effort);
  if (named === undefined || who === 'attached' || 'except' in who || who.name === '*') return true;
  for (const each of named.values()) {
    spend(effort, looksAt(each.name));
    if (each.name === '*' || mayBeOne(each, who)) return true;
  }
  return false;
}

/** Whether one requester may be both; ids and sessions are told apart only where they surely differ. */
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
