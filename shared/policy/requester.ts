import type { Principals } from './statement.ts';

/** Who makes a request, how statements name the requester, and the context keys that follow. */

/** Who asks, as the caller of `evaluate` says it. */
export interface Requester {
  /** ARN of a user, role, role session, federated session or root; a service's name; a provider's ARN. */
  readonly arn: string;
  /** Default: the account in the ARN. */
  readonly accountId?: string;
  /** Default: `AWS`. `Federated` is one that a web identity or SAML provider vouches for. */
  readonly type?: 'AWS' | 'Service' | 'Federated';
  /** The unique id of the user or role (`AIDA…`, `AROA…`), which a policy may name in place of its ARN. */
  readonly uniqueId?: string;
  /** The canonical user id of the account, which a bucket's policy may name in place of the account. */
  readonly canonicalUserId?: string;
  /** Of a role session: the role, when it has a path, which a session's ARN does not tell. */
  readonly roleArn?: string;
}

/** A requester taken apart. */
export interface Who extends Requester {
  readonly type: 'AWS' | 'Service' | 'Federated';
  readonly kind: 'root' | 'user' | 'role' | 'session' | 'other';
  /** Of a user or role, without its path. */
  readonly name?: string;
  readonly partition: string;
}

/**
 * How a statement names a requester: by itself, by its role, by its account (which leaves the decision to
 * that account's identity policies) or as anyone.
 */
export type Naming = 'itself' | 'role' | 'account' | 'anyone';

/** Takes a requester apart; of a role session it knows the role. */
export function whoIs(requester: Requester): Who {
  const [, partition = 'aws', service, , accountId, ...rest] = requester.arn.split(':');
  const [resource = '', ...path] = rest.join(':').split('/');
  const known = accountId === undefined || accountId === '' ? {} : { accountId };
  const base = { ...known, ...requester, partition, type: requester.type ?? 'AWS' } as const;
  if (base.type !== 'AWS') return { ...base, kind: 'other' };
  if (service === 'iam' && resource === 'root') return { ...base, kind: 'root' };
  if (service === 'iam' && resource === 'user') return { ...base, kind: 'user', name: path.at(-1) ?? '' };
  if (service === 'iam' && resource === 'role') {
    return { ...base, kind: 'role', roleArn: requester.arn, name: path.at(-1) ?? '' };
  }
  if (service === 'sts' && resource === 'assumed-role') {
    const name = path[0] ?? '';
    const roleArn = requester.roleArn ?? `arn:${partition}:iam::${accountId}:role/${name}`;
    return { ...base, kind: 'session', roleArn, name };
  }
  return { ...base, kind: 'other' };
}

/**
 * How a Principal element names who asks, by the strongest of its entries; undefined when it does not.
 * Wildcards in a principal mean nothing but for the lone `*`. A unique id names only who has that id.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export function namedBy(principals: Principals, who: Who): Naming | undefined {
  const everyone = principals.AWS?.includes('*') === true;
  if (who.type !== 'AWS') {
    if (principals[who.type]?.includes(who.arn)) return 'itself';
    return everyone || principals[who.type]?.includes('*') ? 'anyone' : undefined;
  }
  const names = new Set(principals.AWS);
  const byId = who.uniqueId !== undefined && names.has(who.uniqueId);
  if (names.has(who.arn) && who.kind !== 'role') return 'itself';
  if (byId && who.kind === 'user') return 'itself';
  if (byId || [...names].some((name) => isRole(name, who))) return 'role';
  if (everyone) return 'anyone';
  return namesAccount(principals, who) ? 'account' : undefined;
}

/**
 * Whether a NotPrincipal element leaves this requester out of a Deny: only when it lists all that the requester
 * is, the account among it, and never when a permissions boundary applies.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
export function exempted(principals: Principals, who: Who, bounded: boolean): boolean {
  if (who.type !== 'AWS') return namedBy(principals, who) !== undefined;
  if (principals.AWS?.includes('*')) return true;
  const names = new Set(principals.AWS);
  if (who.kind === 'root') return namesAccount(principals, who);
  if (bounded) return false;
  const role = who.kind !== 'session' || [...names].some((name) => isRole(name, who));
  return names.has(who.arn) && role && namesAccount(principals, who);
}

/** Account ids are looked at without the partition: an account is in one, and so is all that it can reach. */
function namesAccount({ AWS = [], CanonicalUser = [] }: Principals, who: Who): boolean {
  if (who.canonicalUserId !== undefined && CanonicalUser.includes(who.canonicalUserId)) return true;
  return AWS.some((name) => (/^arn:[^:]*:iam::(\d+):root$/.exec(name)?.[1] ?? name) === who.accountId);
}

/** A session tells its role's name but not its path, and names are unique in an account. */
function isRole(name: string, who: Who): boolean {
  if (who.roleArn === undefined) return false;
  if (name === who.roleArn) return true;
  if (who.kind !== 'session' || who.roleArn.split('/').length > 2) return false;
  const start = `arn:${who.partition}:iam::${who.accountId}:role/`;
  return name.startsWith(start) && name.slice(start.length).split('/').at(-1) === who.name;
}

/** What is known of a request, by condition key in lower case. */
export type Context = ReadonlyMap<string, readonly string[]>;

/**
 * The context of a request: what the caller gives, and the keys that AWS itself derives from who is asking,
 * unless they are given. A key with an empty list counts as absent.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function contextOf(
  who: Who,
  given: Readonly<Record<string, string | readonly string[]>>,
  resourceAccountId: string | undefined,
): Context {
  const context = new Map<string, readonly string[]>();
  const derived = {
    'aws:principalarn': who.type === 'AWS' ? (who.roleArn ?? who.arn) : undefined,
    'aws:principalaccount': who.accountId,
    'aws:principalisawsservice': String(who.type === 'Service'),
    'aws:username': who.kind === 'user' ? who.name : undefined,
    'aws:resourceaccount': resourceAccountId,
  };
  for (const [key, value] of Object.entries(derived)) if (value !== undefined) context.set(key, [value]);
  for (const [key, value] of Object.entries(given)) {
    context.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
  }
  return context;
}

/** The value of a policy variable: its key's, when that has exactly one. */
export function variableIn(context: Context): (key: string) => string | undefined {
  return (key) => {
    const values = context.get(key);
    return values?.length === 1 ? values[0] : undefined;
  };
}
