import type { Iam, Role } from '../iam.ts';
import { isRoleArn } from '../iam.ts';
import type { Deviation, Forward, KnownCall, Shim } from '../shim.ts';
import { type Call, errorReply, isObject, parseObject, type Reply, text } from '../wire.ts';
import { elementAt, readXml, textAt, writeXml } from '../xml.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'stores principals of a trust policy as text',
  here: 'a role that is deleted and created again is another principal; the policy shows the unique id',
};

/**
 * Stores principals of trust policies by unique id, like IAM: a role that is deleted and created again is another principal, which
 * the policy does not trust. Only for policies that were written through the gateway.
 */
export interface Trusts {
  readonly shim: Shim;
  /** The trust policy as IAM returns it now: with unique ids for deleted principals. */
  seen(role: Pick<Role, 'arn' | 'trust'>): Promise<string>;
}

/** Creates an empty register. */
export function createTrusts(iam: Iam): Trusts {
  /** The unique id of each principal when the policy was written, by role ARN and principal ARN. */
  const meant = new Map<string, Map<string, string>>();

  /** Principals of the role's trust policy whose id has changed, with the former id. */
  async function dangling(roleArn: string): Promise<[string, string][]> {
    const known = [...(meant.get(roleArn) ?? [])];
    const now = await Promise.all(known.map(async ([arn]) => (await iam.role(arn))?.id));
    return known.filter(([, id], at) => now[at] !== id);
  }

  async function seen({ arn, trust }: Pick<Role, 'arn' | 'trust'>): Promise<string> {
    return (await dangling(arn)).reduce(
      (policy, [principal, id]) => policy.replaceAll(`"${principal}"`, `"${id}"`),
      trust,
    );
  }

  /** Writes a trust policy if its principals exist, and stores their unique ids. */
  async function put(call: KnownCall, next: Forward): Promise<Reply> {
    const principals = policyIn(call);
    for (const arn of principals) {
      if (await iam.role(arn)) continue;
      const message = `Invalid principal in policy: "AWS":"${arn}"`;
      return errorReply(call, 400, 'MalformedPolicyDocument', message);
    }
    const reply = await next(call);
    const arn = await iam.arnOfRole(call.caller.account, text(call.params, 'RoleName') ?? '');
    if (reply.status !== 200 || !arn) return reply;
    const ids = await Promise.all(
      principals.map(async (one) => [one, (await iam.role(one))?.id ?? ''] as const),
    );
    meant.set(arn, new Map(ids));
    return reply;
  }

  /** An answer to GetRole with the policy as IAM returns it. */
  async function show(reply: Reply): Promise<Reply> {
    if (reply.status !== 200) return reply;
    const document = readXml(reply.body);
    const role = elementAt(document, 'GetRoleResponse', 'GetRoleResult', 'Role');
    if (role === undefined || typeof role === 'string') return reply;
    const [arn, trust] = [textAt(role, 'Arn') ?? '', textAt(role, 'AssumeRolePolicyDocument') ?? ''];
    if ((await dangling(arn)).length === 0) return reply;
    const shown = await seen({ arn, trust: decodeURIComponent(trust) });
    role.AssumeRolePolicyDocument = encodeURIComponent(shown);
    return { ...reply, body: Buffer.from(writeXml(document)) };
  }

  return {
    seen,
    shim: {
      services: ['iam'],
      actions: ['CreateRole', 'UpdateAssumeRolePolicy', 'GetRole'],
      answer: async (call, next) => (call.action === 'GetRole' ? show(await next(call)) : put(call, next)),
    },
  };
}

function policyParameter(action: string): string {
  return action === 'CreateRole' ? 'AssumeRolePolicyDocument' : 'PolicyDocument';
}

/** Role ARNs among the principals of the trust policy in the call. */
function policyIn(call: Call): string[] {
  return rolesNamedIn(parseObject(Buffer.from(text(call.params, policyParameter(call.action)) ?? '{}')));
}

/** Role ARNs among the principals of a policy of a role or a bucket. Pure. */
export function rolesNamedIn(policy: Readonly<Record<string, unknown>> | undefined): string[] {
  return [policy?.Statement].flat().flatMap((statement: unknown) => {
    const principal = isObject(statement) ? statement.Principal : undefined;
    const names = isObject(principal) ? [principal.AWS].flat() : [];
    return names.filter((name): name is string => typeof name === 'string' && isRoleArn(name));
  });
}
