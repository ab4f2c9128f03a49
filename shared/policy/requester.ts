import type { Principals } from './statement.ts';

/** The requester of a request, how statements name it, and the context keys that follow from it. */

/** The principal of a request, as passed to `evaluate`. */
export interface Requester {
  /** ARN of a user, role, role session, federated session or root; a service's name; a provider's ARN. */
  readonly arn: string;
  /** Default: the account in the ARN. */
  readonly accountId?: string;
  /** Default: `AWS`. `Federated`: authenticated by a web identity or SAML provider. */
  readonly type?: 'AWS' | 'Service' | 'Federated';
  /** The unique id of the user or role (`AIDA…`, `AROA…`), which a policy may name instead of its ARN. */
  readonly uniqueId?: string;
  /** The canonical user id of the account, which a bucket policy may name instead of the account. */
  readonly canonicalUserId?: string;
  /** For a role session: the role's ARN, if the role has a path, which the session's ARN does not contain. */
  readonly roleArn?: string;
}

/** A parsed requester. */
export interface Who extends Requester {
  readonly type: 'AWS' | 'Service' | 'Federated';
  readonly kind: 'root' | 'user' | 'role' | 'session' | 'other';
  /** The name of a user or role, without its path. */
  readonly name?: string;
  readonly partition: string;
}

/**
 * How a statement names a requester: directly, by its role, by its account (which leaves the decision to that account's identity
 * policies), or as anyone.
 */
export type Naming = 'itself' | 'role' | 'account' | 'anyone';

/** Parses a requester; for a role session, also its role. */
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
 * How a Principal element names the requester, by its strongest entry; undefined if it does not. A principal has no wildcards except
 * `*` alone. A unique id names only the principal with that id.
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
 * Whether a NotPrincipal element exempts this requester from a Deny: only if it lists the requester together with its account (and
 * role), and never if a permissions boundary applies.
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

/** Compares account ids without the partition, since an account and everything that it can reach are in one partition. */
function namesAccount({ AWS = [], CanonicalUser = [] }: Principals, who: Who): boolean {
  if (who.canonicalUserId !== undefined && CanonicalUser.includes(who.canonicalUserId)) return true;
  return AWS.some((name) => (/^arn:[^:]*:iam::(\d+):root$/.exec(name)?.[1] ?? name) === who.accountId);
}

/** A session's ARN has the name of its role but not the path; role names are unique in an account. */
function isRole(name: string, who: Who): boolean {
  if (who.roleArn === undefined) return false;
  if (name === who.roleArn) return true;
  if (who.kind !== 'session' || who.roleArn.split('/').length > 2) return false;
  const start = `arn:${who.partition}:iam::${who.accountId}:role/`;
  return name.startsWith(start) && name.slice(start.length).split('/').at(-1) === who.name;
}

/** The context of a request, by condition key in lower case. */
export type Context = ReadonlyMap<string, readonly string[]>;

/**
 * The context of a request: the keys that the caller passes, and those that AWS derives from the requester, unless they are passed. A
 * key with an empty list counts as absent.
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

/** The value of a policy variable: that of its key, if the key has exactly one. */
export function variableIn(context: Context): (key: string) => string | undefined {
  return (key) => {
    const values = context.get(key);
    return values?.length === 1 ? values[0] : undefined;
  };
}
