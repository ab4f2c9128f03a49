import { applies, hasVariables } from './applies.ts';
import type { Context } from './context.ts';
import { contextOf } from './context.ts';
import { decide } from './decide.ts';
import type { Policy, PolicyInput, Statement } from './document.ts';
import { parsePolicies } from './document.ts';
import type { Evaluation, Found, Kind } from './evaluation.ts';
import { operatorNamed } from './operators.ts';
import { PolicyError } from './policy-error.ts';
import type { Naming, Requester, Who } from './who.ts';
import { exempted, namedBy, whoIs } from './who.ts';

/** A request to AWS: who does what to which resource, and the condition keys that come with it. */
export interface Request {
  readonly principal: Requester;
  /** `service:Action`, in any case. */
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

type Some = PolicyInput | readonly PolicyInput[];

/** The policies that bear on a request; of each kind one, several or none. */
export interface PolicySet {
  readonly identity?: Some;
  readonly boundary?: Some;
  readonly session?: Some;
  /** The resource's own policy, such as a bucket's or a key's. */
  readonly resource?: Some;
  /** A role's trust policy, when the resource is a role to be assumed. */
  readonly trust?: Some;
  /** Default: the account in the resource's ARN, else the principal's. Name it for buckets, which have none. */
  readonly resourceAccountId?: string;
}

/**
 * Decides a request by AWS's evaluation logic: an explicit Deny in any policy wins; within an account a
 * resource policy or an identity policy allows; across accounts both must; a role's trust policy and a KMS
 * key's policy must always allow; naming an account leaves it to that account's identity policies; boundary
 * and session policies limit, with the exceptions AWS documents. Organization policies are not looked at.
 * Throws PolicyError for a policy that is none, or is of the wrong kind for its place.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(request: Request, policies: PolicySet): Evaluation {
  const who = whoIs(request.principal);
  const ownerOfResource =
    policies.resourceAccountId ?? /^arn:(?:[^:]*:){3}(\d{12}):/.exec(request.resource)?.[1];
  const context = contextOf(who, request.context ?? {}, ownerOfResource);
  const found: Found[] = [];
  const given = new Set<Kind>();
  for (const kind of ['identity', 'boundary', 'session', 'resource', 'trust'] as const) {
    parsePolicies(policies[kind]).forEach((policy, number) => {
      given.add(kind);
      found.push(...search(policy, kind, `${kind}[${number}]`));
    });
  }
  const sameAccount = (ownerOfResource ?? who.accountId) === who.accountId && who.accountId !== undefined;
  return decide({
    who,
    sameAccount,
    given,
    found,
    action: request.action.toLowerCase(),
    resource: request.resource,
  });

  function search(policy: Policy, kind: Kind, label: string): Found[] {
    return policy.Statement.flatMap((statement, index): Found[] => {
      fitsItsPlace(statement, kind, `${label}: Statement[${index}]`);
      const naming = namingOf(statement, kind, who, given.has('boundary'), context);
      if (naming === undefined || !applies(statement, request, context, hasVariables(policy))) return [];
      const sid = statement.Sid ? { sid: statement.Sid } : {};
      return [{ kind, policy: label, index, ...sid, effect: statement.Effect, naming }];
    });
  }
}

/** How the statement names who asks; an identity policy is about whoever has it, which no root user can. */
function namingOf(
  statement: Statement,
  kind: Kind,
  who: Who,
  bounded: boolean,
  context: Context,
): Naming | undefined {
  if (kind !== 'resource' && kind !== 'trust') {
    return who.type === 'AWS' && who.kind !== 'root' ? 'itself' : undefined;
  }
  const { Principal, NotPrincipal, Effect } = statement;
  if (NotPrincipal !== undefined) {
    const left =
      Effect === 'Deny' ? exempted(NotPrincipal, who, bounded) : namedBy(NotPrincipal, who) !== undefined;
    return left ? undefined : 'anyone';
  }
  // Whoever is named beside `"*"` takes nothing from it.
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

function fitsItsPlace(statement: Statement, kind: Kind, path: string): void {
  const names = statement.Principal !== undefined || statement.NotPrincipal !== undefined;
  const owned = kind === 'resource' || kind === 'trust';
  if (names && !owned)
    throw new PolicyError(path, 'has a Principal, which only resource and trust policies may.');
  if (!names && owned)
    throw new PolicyError(path, 'has no Principal, which resource and trust policies must.');
}
