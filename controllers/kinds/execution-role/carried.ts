import type { Conditions } from '../../../shared/policy/document.ts';
import type { ExecutionRole } from './render.ts';

/** Where services that have one endpoint in a partition have it: what is asked of them carries that region. */
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

/** They have several endpoints, or one elsewhere: nobody knows which region a request for them carries. */
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
 * What the requests of a role's sessions carry in the region where the account is kept, by action. Not the region where
 * an action is of no one service, or of one that is asked elsewhere. Pure.
 */
export function carriedBy({
  arn,
  partition,
  region,
}: Pick<ExecutionRole, 'arn' | 'partition' | 'region'>): (action: string) => Conditions {
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
