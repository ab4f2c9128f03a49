import type { Iam, Role } from '../iam.ts';
import { isRoleArn } from '../iam.ts';
import type { Deviation, Forward, KnownCall, Shim } from '../shim.ts';
import { type Call, errorReply, isObject, parseObject, type Reply, text } from '../wire.ts';
import { elementAt, readXml, textAt, writeXml } from '../xml.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'keeps principals of a trust policy as text',
  here: 'a role that is deleted and made again is another one; the policy shows the unique id',
};

/**
 * Principals of trust policies by unique id, as IAM keeps them: a role that is deleted and made again is another
 * one, and trust in the first dangles. Known for policies that came through the gateway's IAM calls.
 */
export interface Trusts {
  readonly shim: Shim;
  /** The trust policy as IAM shows it now: unique ids where the principal is gone. */
  seen(role: Pick<Role, 'arn' | 'trust'>): Promise<string>;
}

/** Nothing known yet. */
export function createTrusts(iam: Iam): Trusts {
  /** Role ARN, then principal ARN, to the id that the principal had. */
  const meant = new Map<string, Map<string, string>>();

  /** Principals of the role whose ids are no longer theirs, with the id that was meant. */
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

  /** Puts a trust policy whose principals are there, and remembers whom it meant. */
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

  /** An answer to GetRole, with the policy as it is seen. */
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

/** Role ARNs among the principals of the trust policy that the call puts. */
function policyIn(call: Call): string[] {
  const policy = parseObject(Buffer.from(text(call.params, policyParameter(call.action)) ?? '{}'));
  return [policy?.Statement].flat().flatMap((statement: unknown) => {
    const principal = isObject(statement) ? statement.Principal : undefined;
    const names = isObject(principal) ? [principal.AWS].flat() : [];
    return names.filter((name): name is string => typeof name === 'string' && isRoleArn(name));
  });
}
