import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import type { RegistrationRequest } from '../../shared/domain/requests.ts';
import { matchesRolePattern } from '../../shared/policy/trust.ts';
import type { Rejection } from './outcome.ts';
import { refusal } from './refusal.ts';

/** What there is to say against keeping this account, and against the way into it. Pure. */
export function accountRefusals(
  asked: {
    readonly request: RegistrationRequest;
    readonly described: OrganizationAccount | undefined;
    readonly existing: AccountRecord | undefined;
  },
  config: Config,
): (Rejection | undefined)[] {
  const { request, described, existing } = asked;
  const { accountId, executionRoleArn } = request;
  const path = 'detail.accountId';
  const of = (reason: string, message: string) =>
    refusal(reason, path, message, `Account ${accountId} ${message}.`);
  if (accountId === config.managementAccountId)
    return [
      refusal(
        'ManagementAccount',
        path,
        'is the management account',
        'The management account is never kept.',
      ),
    ];
  const isOutside = !described && !executionRoleArn && !existing?.executionRoleArn;
  return [
    ...roleRefusals(request, config),
    described && !described.active
      ? of('AccountDeparted', `is ${described.state} in the organization`)
      : undefined,
    isOutside
      ? of('NotInOrganization', 'is not in the organization, and no executionRoleArn says how to enter it')
      : undefined,
  ];
}

/** What there is to say against the roles that are named: nothing could ever enter by them. Pure. */
export function roleRefusals(
  { executionRoleArn, accessRoleName }: Pick<RegistrationRequest, 'executionRoleArn' | 'accessRoleName'>,
  config: Config,
): (Rejection | undefined)[] {
  return [roleRefusal(executionRoleArn, config), accessRoleRefusal(accessRoleName, config)];
}

/** Why the organization could never enter by the access role that is named. */
function accessRoleRefusal(name: string | undefined, { accessRoleNames }: Config): Rejection | undefined {
  if (name === undefined || accessRoleNames.includes(name)) return undefined;
  const path = 'detail.accessRoleName';
  const message = `must be one of accessRoleNames (${accessRoleNames.join(', ')}): IAM lets Orgkeeper assume no other`;
  return refusal('InvalidRequest', path, message, `${path}: ${message}.`);
}

/** Why Main could never assume the execution role that is named; its account was compared when it was read. Pure. */
function roleRefusal(
  arn: string | undefined,
  { executionRolePattern: pattern, partition }: Config,
): Rejection | undefined {
  if (arn === undefined) return undefined;
  const of = (message: string) => {
    const path = 'detail.executionRoleArn';
    return refusal('InvalidRequest', path, message, `${path}: ${message}.`);
  };
  if (arn.split(':')[1] !== partition) return of(`the role must be in the partition ${partition}`);
  if (matchesRolePattern(arn, pattern)) return undefined;
  return of(`the name of the role must match executionRolePattern ${pattern}: IAM lets Main assume no other`);
}
