import { PolicyError, type PolicyInput, parsePolicy } from './document.ts';
import { evaluate } from './evaluate.ts';

/** A role, and who is to assume it. */
export interface Admission {
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
