import type { Iam, Role } from './iam.ts';
import { isRoleArn } from './iam.ts';
import { type Call, errorReply, isObject, parseObject, type Reply, text, xmlText } from './wire.ts';

/**
 * Principals of trust policies by unique id, as IAM keeps them: a role that is deleted and made again is another
 * one, and trust in the first dangles. Known for policies that came through the gateway's IAM calls.
 */
export interface Trusts {
  /** Refuses a trust policy that names a role which does not exist; undefined when there is nothing to refuse. */
  refusal(call: Call): Promise<Reply | undefined>;
  /** Remembers whom the policy meant, once it was put. */
  after(call: Call, account: string, reply: Reply): Promise<void>;
  /** The trust policy as IAM shows it now: unique ids where the principal is gone. */
  seen(role: Pick<Role, 'arn' | 'trust'>): Promise<string>;
  /** An answer to GetRole, with the policy as `seen`. */
  shown(call: Call, account: string, reply: Reply): Promise<Reply>;
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

  return {
    async refusal(call) {
      for (const arn of policyIn(call)) {
        if (await iam.role(arn)) continue;
        return errorReply(
          call,
          400,
          'MalformedPolicyDocument',
          `Invalid principal in policy: "AWS":"${arn}"`,
        );
      }
      return undefined;
    },
    async after(call, account, reply) {
      if (reply.status !== 200) return;
      if (text(call.params, policyParameter(call.action)) === undefined) return;
      const principals = policyIn(call);
      const arn = await iam.arnOfRole(account, text(call.params, 'RoleName') ?? '');
      if (!arn) return;
      const ids = await Promise.all(
        principals.map(async (one) => [one, (await iam.role(one))?.id ?? ''] as const),
      );
      meant.set(arn, new Map(ids));
    },
    async seen(role) {
      return (await dangling(role.arn)).reduce(
        (policy, [arn, id]) => policy.replaceAll(`"${arn}"`, `"${id}"`),
        role.trust,
      );
    },
    async shown(call, account, reply) {
      const arn = xmlText(reply.body, 'Arn');
      if (call.action !== 'GetRole' || reply.status !== 200 || !arn || arn.split(':')[4] !== account)
        return reply;
      if ((await dangling(arn)).length === 0) return reply;
      const shown = await this.seen({ arn, trust: trustIn(reply) });
      const element = (policy: string) => `<AssumeRolePolicyDocument>${policy}</AssumeRolePolicyDocument>`;
      const body = reply.body
        .toString('utf8')
        .replace(/<AssumeRolePolicyDocument>[^<]*<\/AssumeRolePolicyDocument>/, () =>
          element(encodeURIComponent(shown)),
        );
      return { ...reply, body: Buffer.from(body) };
    },
  };
}

function policyParameter(action: string): string {
  return action === 'CreateRole'
    ? 'AssumeRolePolicyDocument'
    : action === 'UpdateAssumeRolePolicy'
      ? 'PolicyDocument'
      : '';
}

/** Role ARNs among the principals of the trust policy that the call puts; none for other calls. */
function policyIn(call: Call): string[] {
  const policy = parseObject(Buffer.from(text(call.params, policyParameter(call.action)) ?? '{}'));
  return [policy?.Statement].flat().flatMap((statement: unknown) => {
    const principal = isObject(statement) ? statement.Principal : undefined;
    const names = isObject(principal) ? [principal.AWS].flat() : [];
    return names.filter((name): name is string => typeof name === 'string' && isRoleArn(name));
  });
}

function trustIn(reply: Reply): string {
  return decodeURIComponent(xmlText(reply.body, 'AssumeRolePolicyDocument') ?? '');
}
