import { actionsOf } from '../../shared/aws/actions.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { AnyKind, Entry, PolicyDocument } from '../kinds/kind.ts';

/** Reading managed policies: these calls are about the policies, whatever role has them. */
const OF_POLICIES = /^iam:GetPolicy(Version)?$/;

/**
 * How an account is entered by its execution role, with what Orgkeeper needs there to keep these kinds; undefined for
 * one that is entered by way of the organization. Pure.
 */
export function entryOf(record: AccountRecord, config: Config, kinds: readonly AnyKind[]): Entry | undefined {
  const { executionRoleArn: roleArn, externalId } = record;
  if (!roleArn) return undefined;
  return {
    roleArn,
    runnerRoleArn: config.runnerRoleArn,
    organizationId: config.organizationId,
    stsRegion: config.region,
    externalId,
    policy: policy(kinds, record, roleArn, true),
    required: policy(kinds, record, roleArn, false),
  };
}

/** Every action that the kinds declare: those about the role on the role itself, the others anywhere. */
function policy(
  kinds: readonly AnyKind[],
  record: AccountRecord,
  roleArn: string,
  keepsRole: boolean,
): PolicyDocument {
  const onRole: string[] = [];
  const anywhere: string[] = [];
  for (const kind of kinds) {
    const { read, write } = kind.permissions;
    // Where the role is its owner's it is never changed, and neither is what they bring along.
    const theirs = kind.entryRole || kind.superseded?.({}, record);
    for (const action of actionsOf(theirs && !keepsRole ? read : [...read, ...write])) {
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
