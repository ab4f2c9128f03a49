import { type Conditions, PolicyError, type PolicyInput, parsePolicy } from './document.ts';
import { evaluate } from './evaluate.ts';

/** Who can assume a role, and what the requests of its sessions carry. */

/** A role, and who is to assume it. */
interface Admission {
  readonly roleArn: string;
  /** ARN of the role whose session asks. */
  readonly callerRoleArn: string;
  /** That which the caller's account is in. */
  readonly organizationId: string;
  /** Where STS is asked. */
  readonly region: string;
  /** None: without an ExternalId. */
  readonly externalId?: string;
}

/** The caller's own policies let it ask: what is decided is the trust. */
const ASKS = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' },
};

/** Whether a trust policy admits the caller as AWS would decide it; one that cannot be read admits nobody. Pure. */
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

/** The ExternalIds that a trust policy speaks of; none for one that cannot be read. Pure. */
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
 * Whether IAM lets Main assume a role: what follows `role/` in its ARN, the path included, matches the pattern, in
 * which `*` stands for anything. Pure.
 */
export function matchesRolePattern(roleArn: string, pattern: string): boolean {
  const name = roleArn.slice(roleArn.indexOf(':role/') + ':role/'.length);
  const literal = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(name);
}

/** Services that have one endpoint in a partition, by its region: requests to them carry that region. */
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

/** Services with several endpoints, or with one elsewhere: which region a request to them carries is not known. */
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
 * Condition keys that requests of a role's sessions carry where the role is used in one region, by action: for `covers`. The
 * region is left out for an action of no one service, or of one that is called elsewhere. Pure.
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
