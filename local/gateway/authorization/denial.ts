import { cloudFormationAs } from '../callers.ts';
import { protocolOf } from '../protocol.ts';
import type { KnownCall } from '../shim.ts';
import { errorReply, type Reply } from '../wire.ts';
import type { Check } from './checks.ts';

/** The reason why a check is not allowed. */
export interface Refusal {
  /** True if a statement denies; false if none allows. */
  readonly explicit: boolean;
  /** The kind of policy that denies, or in which no statement allows. */
  readonly by: keyof typeof KINDS;
}

const KINDS = {
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  resource: 'resource-based policy',
  trust: 'role trust policy',
  scp: 'service control policy',
  rcp: 'resource control policy',
} as const;

/** What a service answers where the key that encrypts its resource may not be used. */
const KEY_CODES: Readonly<Record<string, string>> = { sns: 'KMSAccessDenied', sqs: 'KmsAccessDenied' };

/**
 * The answer to a call that is not allowed, in the words of the service: the permission, the resource, and the kind of policy.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function denial(call: KnownCall, check: Check, refusal: Refusal): Reply {
  const message = messageOf(call, check, refusal);
  const ofKey = check.action.startsWith('kms:') ? KEY_CODES[call.service] : undefined;
  if (ofKey !== undefined) return errorReply(call, 400, ofKey, message);
  switch (protocolOf(call)) {
    case 'ec2':
      // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
      return errorReply(
        call,
        403,
        'UnauthorizedOperation',
        `You are not authorized to perform this operation. ${message}`,
      );
    case 'json':
      return errorReply(call, isRest(call) ? 403 : 400, 'AccessDeniedException', message);
    case 'query':
    case 'rest-xml':
    case 's3':
      return errorReply(call, 403, 'AccessDenied', message);
  }
}

function messageOf(
  { caller }: KnownCall,
  { action, resource, roleArn }: Check,
  { explicit, by }: Refusal,
): string {
  const { arn } = roleArn === undefined ? caller : cloudFormationAs({ arn: roleArn, id: '' });
  const kind = KINDS[by];
  const article = by === 'trust' ? 'the' : by === 'identity' ? 'an' : 'a';
  const why = explicit
    ? `with an explicit deny in ${article} ${kind}`
    : `because no ${kind} allows the ${action} action`;
  return `User: ${arn} is not authorized to perform: ${action} on resource: ${named(action, resource)} ${why}`;
}

/** How messages name a resource: IAM by the name of the role in the call, S3 in quotation marks. */
function named(action: string, resource: string): string {
  if (action.startsWith('s3:')) return `"${resource}"`;
  const isNew = /^iam:(Create|Pass|Tag)/.test(action);
  const role = isNew ? undefined : /:role\/(?:.+\/)?([^/]+)$/.exec(resource)?.[1];
  return action.startsWith('iam:') && role ? `role ${role}` : resource;
}

/** JSON services with one path answer each error of the caller with 400; REST services use the other codes of HTTP, too. */
function isRest({ headers }: KnownCall): boolean {
  return headers['x-amz-target'] === undefined;
}
