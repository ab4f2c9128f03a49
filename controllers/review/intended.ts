import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { InvalidDesiredState } from '../../shared/domain/errors.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';
import { type ManagedState, namesOf } from '../engine/desired-state.ts';
import { divideOutputs } from '../engine/places.ts';
import type { IntendedAccess, IntendedRole } from '../kinds/kind.ts';
import { kindAccount, placedRecord } from '../kinds/kind-account.ts';
import type { AccountAccess, RoleAccess } from './account-access.ts';
import type { AccountRead } from './read-account.ts';

/** The account whose intended access is asked for: its desired state, and the outputs that its sections may name. */
export interface Intending {
  readonly record: AccountRecord;
  readonly status: AccountStatus | undefined;
  readonly desired: ManagedState;
  readonly config: Config;
}

/**
 * The account as it would be if it had only what its baseline says, and the role by which Orgkeeper enters it. A section that cannot
 * be rendered for the account intends nothing: the account's conditions say why. Pure.
 * @param read the account as it is: paths of principals and documents of managed policies, which sections only name
 */
export function intendedAccess(
  { record, status, desired, config }: Intending,
  { access: { roles, users, groups }, managed: documents }: Pick<AccountRead, 'access' | 'managed'>,
): AccountAccess {
  const { managed, regions } = desired;
  const [home] = regions;
  const placed = placedRecord(record, regions, {});
  const account = kindAccount(placed, config, managed);
  const { home: outputs, elsewhere } = divideOutputs(status?.outputs);
  const wanted = managed.flatMap(({ kind, section }): IntendedAccess[] => {
    const { access } = kind;
    if (!access) return [];
    const places = kind.scope === 'global' ? [home] : regions;
    return places.flatMap((region) => {
      const outputsIn = (other: string) => (other === home ? outputs : elsewhere.get(other));
      const site = { region, home, managed, outputsIn };
      const lookup = namesOf(placed, config, outputsIn(region) ?? {}, site);
      try {
        return [access(kind.render(section, lookup, { ...account, region }))];
      } catch (error) {
        if (error instanceof InvalidDesiredState) return [];
        throw error;
      }
    });
  });
  return {
    accountId: record.accountId,
    partition: config.partition,
    roles: [
      ...accessRoles(record, config),
      ...wanted.flatMap(({ roles = [] }) => roles.map((role) => asRole(role, documents))),
    ],
    users: [],
    groups: wanted.flatMap(({ grants = [] }) =>
      grants.flatMap(({ type, name, policy }) => {
        const holder = { user: users, group: groups, role: roles }[type].find(({ arn }) =>
          arn.endsWith(`/${name}`),
        );
        return holder ? [{ arn: holder.arn, policies: [policy] }] : [];
      }),
    ),
    buckets: wanted.flatMap(({ buckets = [] }) => buckets),
  };
}

/** The roles by which the organization enters the account, as AWS and Control Tower make them: administrators. */
function accessRoles(
  { accountId, accessRoleName, executionRoleArn }: AccountRecord,
  { partition, managementAccountId, accessRoleNames }: Config,
): RoleAccess[] {
  if (executionRoleArn) return [];
  const trust = policyOf({
    Principal: { AWS: `arn:${partition}:iam::${managementAccountId}:root` },
    Action: 'sts:AssumeRole',
  });
  const policies = [policyOf({ Action: '*', Resource: '*' })];
  return (accessRoleName ? [accessRoleName] : accessRoleNames).map((name) => ({
    arn: `arn:${partition}:iam::${accountId}:role/${name}`,
    trust,
    policies,
  }));
}

function policyOf(statement: object): object {
  return { Version: '2012-10-17', Statement: { Effect: 'Allow', ...statement } };
}

function asRole(
  { managedPolicies, permissionsBoundary, policies, ...role }: IntendedRole,
  documents: ReadonlyMap<string, PolicyInput>,
): RoleAccess {
  const boundary = permissionsBoundary === undefined ? undefined : documents.get(permissionsBoundary);
  return {
    ...role,
    policies: [...policies, ...managedPolicies.flatMap((arn) => documents.get(arn) ?? [])],
    ...(boundary !== undefined && { boundary }),
  };
}
