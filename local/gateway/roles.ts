import type { Upstream } from './upstream.ts';
import { xmlText } from './wire.ts';

/** A role as IAM holds it. */
export interface Role {
  readonly arn: string;
  readonly id: string;
  /** The trust policy, as JSON text. */
  readonly trust: string;
  readonly maxSessionSeconds: number;
}

/** Reads the role from the emulator's IAM; undefined when there is none with exactly this ARN. */
export async function readRole(upstream: Upstream, roleArn: string): Promise<Role | undefined> {
  const match = /^arn:[\w-]+:iam::(\d{12}):role\/(.+)$/.exec(roleArn);
  const name = match?.[2]?.split('/').at(-1);
  if (!match?.[1] || !name) return undefined;
  const reply = await upstream.query(
    { Action: 'GetRole', Version: '2010-05-08', RoleName: name },
    { account: match[1], region: 'us-east-1', service: 'iam' },
  );
  if (reply.status !== 200 || xmlText(reply.body, 'Arn') !== roleArn) return undefined;
  return {
    arn: roleArn,
    id: xmlText(reply.body, 'RoleId') ?? '',
    trust: decodeURIComponent(xmlText(reply.body, 'AssumeRolePolicyDocument') ?? ''),
    maxSessionSeconds: Number(xmlText(reply.body, 'MaxSessionDuration') ?? 3600),
  };
}
