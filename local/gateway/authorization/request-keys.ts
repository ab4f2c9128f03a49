import type { Call } from '../wire.ts';
import type { CallContext } from './call-context.ts';

/**
 * AWS's global condition keys that say how, when and by whom a request is sent:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 *
 * No request of the local runtime passes a VPC endpoint, so that the keys of one are absent, as on AWS: `aws:SourceVpc`,
 * `aws:SourceVpcArn`, `aws:SourceVpce`, `aws:VpcSourceIp`, `aws:VpceAccount`, `aws:VpceOrgID` and `aws:VpceOrgPaths` (decision 14).
 */

/** Keys of a call that the caller sends. */
export function keysOfCall({ region, headers, sourceIp }: Call, now: Date): CallContext {
  return {
    ...always(region, now),
    'aws:ViaAWSService': 'false',
    ...(sourceIp !== undefined && { 'aws:SourceIp': sourceIp }),
    ...(headers['user-agent'] !== undefined && { 'aws:UserAgent': headers['user-agent'] }),
    ...(headers.referer !== undefined && { 'aws:Referer': headers.referer }),
  };
}

/**
 * Keys of a request that a service sends in the name of a caller, whose address AWS keeps. The request has temporary credentials, without
 * MFA, even if the caller has an access key.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
 * @param keys those of the caller's own request
 */
export function keysVia(service: string, keys: CallContext): CallContext {
  const { 'aws:Referer': _, ...kept } = keys;
  return {
    ...kept,
    'aws:ViaAWSService': 'true',
    'aws:UserAgent': service,
    'aws:MultiFactorAuthPresent': 'false',
    ...(CHAINS.has(service) && {
      'aws:CalledVia': [service],
      'aws:CalledViaFirst': service,
      'aws:CalledViaLast': service,
    }),
  };
}

/**
 * Keys of a request that a service sends by itself or as a role that it assumes. Its address is one of AWS's, which nothing here knows: the
 * service's name, as in CloudTrail, is in no range.
 */
export function keysOfService(service: string, region: string, now = new Date()): CallContext {
  return {
    ...always(region, now),
    'aws:ViaAWSService': 'false',
    'aws:SourceIp': service,
    'aws:UserAgent': service,
  };
}

/** Services that say in `aws:CalledVia` that they call, of those that the local runtime has. */
const CHAINS = new Set(['cloudformation.amazonaws.com']);

/** Every request counts as sent by TLS. */
function always(region: string, now: Date): CallContext {
  return {
    'aws:CurrentTime': now.toISOString(),
    'aws:EpochTime': String(Math.floor(now.getTime() / 1000)),
    'aws:RequestedRegion': region,
    'aws:SecureTransport': 'true',
  };
}
