import { type Conditions, PolicyError, type PolicyInput, parsePolicy } from './document.ts';
import { evaluate } from './evaluate.ts';

/** Who can assume a role, and which condition keys the requests of its sessions have. */

/** A role and the caller that wants to assume it. */
interface Admission {
  readonly roleArn: string;
  /** ARN of the role of the caller's session. */
  readonly callerRoleArn: string;
  /** The organization of the caller's account. */
  readonly organizationId: string;
  /** The region of STS. */
  readonly region: string;
  /** Absent: without an ExternalId. */
  readonly externalId?: string;
}

/** Allows the caller's side of the request, so that only the trust policy decides. */
const ASKS = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' },
};

/** Whether a trust policy admits the caller, as AWS decides; an unreadable policy admits nobody. Pure. */
export function trustAdmits(
  trust: PolicyInput,
  { roleArn, callerRoleArn, organizationId, region, externalId }: Admission,
): boolean {
  const [, partition, , , account, role = ''] = callerRoleArn.split(':');
  const session = `arn:${partition}:sts::${account}:assumed-role/${role.split('/').at(-1)}/session`;
  try {
    const { decision } = evaluate(
      {
        principal: { arn: session, roleArn: callerRoleArn },
        action: 'sts:AssumeRole',
        resource: roleArn,
        context: {
          'aws:PrincipalOrgID': organizationId,
          'aws:PrincipalType': 'AssumedRole',
          'aws:RequestedRegion': region,
          'aws:SecureTransport': 'true',
          ...(externalId !== undefined && { 'sts:ExternalId': externalId }),
        },
      },
      { identity: ASKS, trust },
    );
    return decision === 'Allowed';
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}

/** The ExternalIds in a trust policy; none if the policy is unreadable. Pure. */
export function externalIdsIn(trust: PolicyInput): string[] {
  try {
    return parsePolicy(trust).Statement.flatMap(({ Condition = {} }) =>
      Object.values(Condition).flatMap((keys) =>
        Object.entries(keys).flatMap(([key, values]) =>
          key.toLowerCase() === 'sts:externalid' ? values : [],
        ),
      ),
    );
  } catch (error) {
    if (error instanceof PolicyError) return [];
    throw error;
  }
}

/**
 * Whether IAM lets Main assume a role: path and name of the role, as in its ARN after `role/`, match the pattern, in which `*` is
 * any text. Pure.
 */
export function matchesRolePattern(roleArn: string, pattern: string): boolean {
  const name = roleArn.slice(roleArn.indexOf(':role/') + ':role/'.length);
  const literal = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(name);
}

/** Services with one endpoint in a partition, by its region: requests to them have that region in `aws:RequestedRegion`. */
const ONE_ENDPOINT: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  aws: {
    'us-east-1': [
      'account',
      'budgets',
      'ce',
      'cloudfront',
      'health',
      'iam',
      'organizations',
      'route53',
      'support',
    ],
  },
  'aws-cn': { 'cn-north-1': ['iam'] },
  'aws-us-gov': { 'us-gov-west-1': ['iam'] },
};

/** Services with several endpoints, or with one in another region: the region of a request to them is not known. */
const ANYWHERE = new Set([
  ...new Set(Object.values(ONE_ENDPOINT).flatMap((regions) => Object.values(regions).flat())),
  'globalaccelerator',
  'networkmanager',
  'route53domains',
  'shield',
  'sts',
  'waf',
]);

/**
 * The condition keys of requests from a role's sessions that use one region, by action, for `covers`. The region is left out for an
 * action that matches several services, or a service that is called in another region. Pure.
 */
export function carriedBySessions(role: {
  readonly arn: string;
  readonly partition: string;
  readonly region: string;
}): (action: string) => Conditions {
  const { arn, partition, region } = role;
  return (action) => {
    const requested = regionFor(action.split(':', 1)[0] ?? '', partition, region);
    return {
      ArnEquals: { 'aws:PrincipalArn': [arn] },
      StringEquals: {
        'aws:PrincipalAccount': [arn.split(':')[4] ?? ''],
        'aws:PrincipalType': ['AssumedRole'],
        ...(requested !== undefined && { 'aws:RequestedRegion': [requested] }),
      },
      Bool: { 'aws:PrincipalIsAWSService': ['false'], 'aws:SecureTransport': ['true'] },
    };
  };
}

function regionFor(service: string, partition: string, home: string): string | undefined {
  if (!/^[a-z0-9-]+$/.test(service)) return undefined;
  const one = Object.entries(ONE_ENDPOINT[partition] ?? {}).find(([, services]) =>
    services.includes(service),
  );
  if (one) return one[0];
  return ANYWHERE.has(service) ? undefined : home;
}
