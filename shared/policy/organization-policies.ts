import type { PolicyInput } from './document.ts';
import type { Who } from './requester.ts';

/** Policies of an organization: whom and what they bind. They allow nothing by themselves; they limit what others allow. */

/** Service control policies limit an account's users and roles, resource control policies what is done to its resources. */
export type ControlKind = 'scp' | 'rcp';

/** What an organization has attached on the way to an account. */
export interface ControlPolicies {
  /** The account that no policy of its organization binds. */
  readonly managementAccountId: string;
  /** Root, then each unit on the way, then the account itself; of each, the policies that are attached there. */
  readonly levels: readonly (PolicyInput | readonly PolicyInput[])[];
}

/**
 * The services whose resources a resource control policy binds.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
 */
const RESOURCE_CONTROLLED: ReadonlySet<string> = new Set([
  'aoss',
  'cognito-identity',
  'cognito-idp',
  'dynamodb',
  'ecr',
  'kms',
  'logs',
  's3',
  'secretsmanager',
  'sqs',
  'sts',
]);

/** Whether the organization's policies of a kind bind this request at all. */
export const binds: Readonly<
  Record<
    ControlKind,
    (control: ControlPolicies, who: Who, action: string, ownerOfResource: string | undefined) => boolean
  >
> = {
  /** All users and roles of a member, its root user too; not AWS's services, and not the roles that these linked. */
  scp: ({ managementAccountId }, who) =>
    who.type === 'AWS' && who.accountId !== managementAccountId && !isServiceLinked(who),
  /** Whoever asks, AWS's services too, but for the roles that these linked. */
  rcp: ({ managementAccountId }, who, action, ownerOfResource = who.accountId) =>
    RESOURCE_CONTROLLED.has(action.split(':', 1)[0]?.toLowerCase() ?? '') &&
    ownerOfResource !== managementAccountId &&
    !isServiceLinked(who),
};

/** Why an organization's policies refuse, without a full stop. */
export function whyControl(kind: ControlKind, level: number, levels: number): string {
  const policy = kind === 'scp' ? 'service control policy' : 'resource control policy';
  const names = { 0: 'of the organization’s root', [levels - 1]: 'of the account itself' };
  return `no ${policy} ${names[level] ?? `of the unit at level ${level} of the organization`} allows it`;
}

/** Roles below this path are made by an AWS service for its own use. */
function isServiceLinked({ roleArn }: Who): boolean {
  return roleArn?.includes(':role/aws-service-role/') === true;
}
