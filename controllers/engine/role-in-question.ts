import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';

/** The execution role as far as it is known, and who is to be admitted by it. */
export interface RoleInQuestion {
  readonly accountId: string;
  readonly roleArn: string;
  readonly runnerRoleArn: string;
  /** The runner's organization. */
  readonly organizationId: string;
  /** Where STS is asked. */
  readonly region: string;
  readonly externalId: string;
  /** What IAM lets Main assume. */
  readonly executionRolePattern: string;
  /** True when the account is entered by this role, which its owner made. */
  readonly entered: boolean;
  /** Its trust policy; `none` when the account has no such role; absent when nobody could look. */
  readonly trust?: PolicyInput | 'none';
}

/** An account's execution role, with what is known of it. Pure. */
export function roleInQuestion(
  { accountId, externalId, executionRoleArn }: AccountRecord,
  { runnerRoleArn, organizationId, region, executionRolePattern }: Config,
  known: { readonly roleArn: string; readonly trust?: PolicyInput | 'none' | undefined },
): RoleInQuestion {
  const { roleArn, trust } = known;
  const entered = executionRoleArn !== undefined;
  const caller = { runnerRoleArn, organizationId, region, externalId };
  const role = { accountId, roleArn, ...caller, executionRolePattern, entered };
  return { ...role, ...(trust !== undefined && { trust }) };
}
