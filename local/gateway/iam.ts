import type { Upstream } from './upstream.ts';
import { type Call, isRead, xmlText } from './wire.ts';

/** A role as IAM holds it. */
export interface Role {
  readonly arn: string;
  readonly id: string;
  /** The trust policy, as JSON text. */
  readonly trust: string;
  readonly maxSessionSeconds: number;
}

/** What a role may do: its policies, as JSON text. */
export interface Grants {
  readonly identity: readonly string[];
  readonly boundary: readonly string[];
}

/** The emulator's IAM, read for the gateway's own decisions. Remembered until the account's IAM changes. */
export interface Iam {
  /** Undefined when there is no role with exactly this ARN. */
  role(arn: string): Promise<Role | undefined>;
  /** By its name; undefined when the account has no such role. */
  arnOfRole(account: string, name: string): Promise<string | undefined>;
  /** Nothing for a role that is gone. */
  grants(roleArn: string): Promise<Grants>;
  /** To be told of every call that went through, so that nothing stale is remembered. */
  after(call: Call, account: string): void;
}

/** Reads on demand. */
export function createIam(upstream: Upstream): Iam {
  const roles = new Map<string, Promise<Role | undefined>>();
  const grants = new Map<string, Promise<Grants>>();

  async function ask(
    arn: string,
    action: string,
    params: Record<string, string>,
  ): Promise<string | undefined> {
    const as = { account: arn.split(':')[4] ?? '', region: 'us-east-1', service: 'iam' };
    const reply = await upstream.query({ Action: action, Version: '2010-05-08', ...params }, as);
    return reply.status === 200 ? reply.body.toString('utf8') : undefined;
  }

  async function readRole(arn: string): Promise<Role | undefined> {
    const answer = await ask(arn, 'GetRole', { RoleName: nameOf(arn) });
    if (!answer || xmlText(answer, 'Arn') !== arn) return undefined;
    return {
      arn,
      id: xmlText(answer, 'RoleId') ?? '',
      trust: decodeURIComponent(xmlText(answer, 'AssumeRolePolicyDocument') ?? ''),
      maxSessionSeconds: Number(xmlText(answer, 'MaxSessionDuration') ?? 3600),
    };
  }

  async function readGrants(arn: string): Promise<Grants> {
    const role = { RoleName: nameOf(arn) };
    const inline = members(await ask(arn, 'ListRolePolicies', role), 'member').map(async (name) => {
      const answer = await ask(arn, 'GetRolePolicy', { ...role, PolicyName: name });
      return decodeURIComponent(xmlText(answer ?? '', 'PolicyDocument') ?? '');
    });
    const attached = members(await ask(arn, 'ListAttachedRolePolicies', role), 'PolicyArn');
    const boundary = xmlText((await ask(arn, 'GetRole', role)) ?? '', 'PermissionsBoundaryArn');
    const identity = await Promise.all([...inline, ...attached.map((policy) => managed(arn, policy))]);
    return {
      identity: identity.filter(Boolean),
      boundary: boundary ? [await managed(arn, boundary)].filter(Boolean) : [],
    };
  }

  async function managed(roleArn: string, policyArn: string): Promise<string> {
    const version = xmlText(
      (await ask(roleArn, 'GetPolicy', { PolicyArn: policyArn })) ?? '',
      'DefaultVersionId',
    );
    const params = { PolicyArn: policyArn, VersionId: version ?? 'v1' };
    const answer = await ask(roleArn, 'GetPolicyVersion', params);
    return decodeURIComponent(xmlText(answer ?? '', 'Document') ?? '');
  }

  return {
    role: (arn) =>
      isRoleArn(arn) ? remembered(roles, arn, () => readRole(arn)) : Promise.resolve(undefined),
    arnOfRole: async (account, name) => {
      const answer = await ask(`arn:aws:iam::${account}:role/${name}`, 'GetRole', { RoleName: name });
      return answer && xmlText(answer, 'Arn');
    },
    grants: (arn) => remembered(grants, arn, () => readGrants(arn)),
    after(call, account) {
      if (isRead(call) || !['iam', 'cloudformation', 'organizations'].includes(call.service)) return;
      for (const map of [roles, grants]) {
        for (const arn of map.keys()) if (arn.split(':')[4] === account) map.delete(arn);
      }
    },
  };
}

/** `arn:…:iam::ACCOUNT:role/…` */
export function isRoleArn(arn: string): boolean {
  return /^arn:[\w-]+:iam::\d{12}:role\/.+$/.test(arn);
}

function nameOf(arn: string): string {
  return arn.split('/').at(-1) ?? '';
}

function members(answer: string | undefined, element: string): string[] {
  const found = (answer ?? '').matchAll(new RegExp(`<${element}>([^<]+)</${element}>`, 'g'));
  return [...found].flatMap(([, value]) => (value?.trim() ? [value.trim()] : []));
}

/** What was read before, or is being read; forgotten at once when there was nothing or reading failed. */
export function remembered<T>(map: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const known = map.get(key);
  if (known) return known;
  const reading = read();
  map.set(key, reading);
  const forget = () => map.get(key) === reading && map.delete(key);
  reading.then((found) => found === undefined && forget(), forget);
  return reading;
}
