import { actionsOf, REGION_COMMANDS, REVIEW_COMMANDS } from '../../shared/aws/actions.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { AnyKind, Entry, KindAccount, PolicyDocument } from './kind.ts';

/** The record of an account with the regions in which it is managed, by its registration, baseline or deployment. */
export interface PlacedRecord extends AccountRecord {
  /** True if the baseline says to enable regions that are not enabled in the account. */
  readonly enableRegions?: true;
}

/** The record with its regions, and with its baseline's `enableRegions`. Pure. */
export function placedRecord(
  record: AccountRecord,
  regions: readonly string[],
  baseline: { readonly enableRegions?: boolean },
): PlacedRecord {
  return { ...record, regions, ...(baseline.enableRegions && { enableRegions: true as const }) };
}

/** The account as kinds see it. Pure. */
export function kindAccount(
  record: PlacedRecord,
  config: Config,
  managed: readonly { readonly kind: AnyKind }[],
): KindAccount {
  const entry = entryOf(
    record,
    config,
    managed.map(({ kind }) => kind),
  );
  const region = regionOf(record, config);
  const clusters = (record.clusters ?? []).filter((cluster) => cluster.region === region);
  const otherRegions = record.regions?.slice(1) ?? [];
  return {
    accountId: record.accountId,
    partition: config.partition,
    region,
    owner: config.mainAccountId,
    executionRolePattern: config.executionRolePattern,
    rolePolicyQuotas: config.rolePolicyQuotas,
    ...(entry && { entry }),
    ...(record.network && { network: record.network }),
    ...(otherRegions.length > 0 && { otherRegions }),
    ...(clusters.length > 0 && { clusters }),
  };
}

/** The home region of the account. Pure. */
export function regionOf(record: AccountRecord, config: Config): string {
  return record.regions?.[0] ?? config.region;
}

/** The record without the account's own resources, which are only in its home region. Pure. */
export function withoutBrought({ network: _, ...record }: PlacedRecord): PlacedRecord {
  return record;
}

/** Calls that read managed policies. IAM checks them on the policy, not on the role. */
const OF_POLICIES = /^iam:GetPolicy(Version)?$/;

/**
 * The execution role by which an invited account is entered, with the permissions that Orgkeeper needs there to manage these
 * kinds; undefined for an account that is entered by its access role. Pure.
 */
export function entryOf(record: PlacedRecord, config: Config, kinds: readonly AnyKind[]): Entry | undefined {
  const { executionRoleArn: roleArn, externalId } = record;
  if (!roleArn) return undefined;
  return {
    roleArn,
    runnerRoleArn: config.runnerRoleArn,
    organizationId: config.organizationId,
    stsRegion: config.region,
    externalId,
    policy: permissionsOf(kinds, record, roleArn, true),
    required: permissionsOf(kinds, record, roleArn, false),
    aboutRegions: actionsOf([
      REGION_COMMANDS.read,
      ...(record.enableRegions ? [REGION_COMMANDS.enable] : []),
    ]),
    forReviews: actionsOf(Object.values(REVIEW_COMMANDS)),
  };
}

/**
 * Allows every action that the kinds declare, without those that are only tried if the role is its owner's: actions on the role only on
 * that role, the others on every resource.
 */
function permissionsOf(
  kinds: readonly AnyKind[],
  record: AccountRecord,
  roleArn: string,
  keepsRole: boolean,
): PolicyDocument {
  const onRole: string[] = [];
  const anywhere: string[] = [];
  for (const kind of kinds) {
    const { read, write, tried = [] } = kind.permissions;
    // Orgkeeper never changes an owner-managed role, nor the account's own resources.
    const theirs = kind.entryRole || kind.broughtAlong?.supersedes({}, record);
    const commands = theirs && !keepsRole ? read : [...read, ...write];
    for (const action of actionsOf(commands.filter((one) => keepsRole || !tried.includes(one)))) {
      (kind.entryRole && !OF_POLICIES.test(action) ? onRole : anywhere).push(action);
    }
  }
  const statements = [
    { Sid: 'ExecutionRole', Effect: 'Allow', Action: sorted(onRole), Resource: roleArn },
    { Sid: 'Account', Effect: 'Allow', Action: sorted(anywhere), Resource: '*' },
  ];
  return { Version: '2012-10-17', Statement: statements.filter(({ Action }) => Action.length > 0) };
}

function sorted(actions: readonly string[]): string[] {
  return [...new Set(actions)].sort();
}
