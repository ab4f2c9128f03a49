import {
  DescribeClusterCommand,
  ListClustersCommand,
  TerminateJobFlowsCommand,
  type TerminateJobFlowsCommandInput,
} from '@aws-sdk/client-emr';
import {
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from '@jest/globals';
import { clusters } from '../../../controllers/kinds/clusters/kind.ts';
import { testClock } from '../../kit/clock.ts';
import { MAIN } from '../../kit/factories.ts';
import { kindContext, memberAccount } from '../../kit/kind-context.ts';
import { accepting, awsError, on } from '../../kit/sdk.ts';

const OURS = { 'orgkeeper:owner': MAIN };
const section = clusters.section.parse({
  ...{ most: 3, instanceTypes: ['m5.xlarge'], longest: '24h', subnet: 'subnet-1' },
});
const wanted = clusters.render(section, () => undefined, memberAccount);
const { service, instances } = wanted.roles;
const listOf = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** An account with these live clusters, by id: name and tags. */
const emr = (all: Readonly<Record<string, readonly [string, Readonly<Record<string, string>>]>>) => [
  on(ListClustersCommand, () => ({
    Clusters: Object.entries(all).map(([Id, [Name]]) => ({ Id, Name })),
  })),
  on(DescribeClusterCommand, ({ ClusterId = '' }) => {
    const [Name, tags] = all[ClusterId] ?? ['', {}];
    return { Cluster: { Id: ClusterId, Name, Status: { State: 'WAITING' as const }, Tags: listOf(tags) } };
  }),
];
const noRoles = [
  ...[GetRoleCommand, GetRolePolicyCommand, GetInstanceProfileCommand].map((command) =>
    on(command, () => {
      throw awsError('NoSuchEntity');
    }),
  ),
];

describe('A live cluster that no record requests', () => {
  const all = {
    'j-RENAMED': ['etl', OURS],
    'j-OURS': ['orgkeeper-nightly', OURS],
    'j-THEIRS': ['orgkeeper-theirs', {}],
    'j-OTHERS': ['etl', { 'orgkeeper:owner': '999999999999' }],
  } as const;

  /** What a run does, at a time, with what an earlier one recorded. */
  async function run(now: string, recorded: Readonly<Record<string, string>> = {}) {
    const terminated: string[] = [];
    const terminating = on(TerminateJobFlowsCommand, ({ JobFlowIds = [] }: TerminateJobFlowsCommandInput) => {
      terminated.push(...JobFlowIds);
      return {};
    });
    const clock = testClock(new Date(now));
    const { context } = kindContext([...emr(all), ...noRoles, terminating], { recorded, clock });
    const seen = await clusters.observe(wanted, context);
    if (seen.state !== 'present') throw new Error(`the clusters are ${seen.state}`);
    const { differences, warnings = [] } = clusters.diff(wanted, seen.actual);
    if (differences.length > 0) {
      await clusters.apply({ wanted, actual: seen.actual, differences }, context);
    }
    return { terminated, warnings, outputs: clusters.outputs(seen.actual) };
  }

  it('is an orphan if it carries our tag, whatever its name, and lives on for an hour', async () => {
    const { terminated, warnings, outputs } = await run('2026-11-20T12:00:00Z');
    expect(terminated).toEqual([]);
    expect(Object.keys(outputs).toSorted()).toEqual([
      'clusters.orphans.j-OURS',
      'clusters.orphans.j-RENAMED',
    ]);
    expect(warnings).toEqual(
      ['j-RENAMED', 'j-OURS'].map((id) => expect.stringContaining(`Orphaned: the cluster ${id}`)),
    );
    const soon = await run('2026-11-20T12:59:00Z', outputs);
    expect(soon.terminated).toEqual([]);
  });

  it('is terminated after that hour, and no cluster of others is', async () => {
    const { outputs } = await run('2026-11-20T12:00:00Z');
    const { terminated } = await run('2026-11-20T13:00:00Z', outputs);
    expect(terminated.toSorted()).toEqual(['j-OURS', 'j-RENAMED']);
  });
});

describe('The roles of clusters, once the last cluster has ended,', () => {
  it('say which of them others gave a policy that may not be listed, and what to do; the other one is deleted', async () => {
    const deleted: string[] = [];
    const denied = () => {
      throw awsError('AccessDenied');
    };
    const roles = [service, instances].map(({ name, tags }) => [name, { ...OURS, ...tags }] as const);
    const tagsOf = new Map(roles);
    const { context } = kindContext([
      ...emr({}),
      on(GetRoleCommand, ({ RoleName = '' }) => ({
        Role: {
          ...{ RoleName, RoleId: 'AROA', Path: '/', Arn: RoleName, CreateDate: new Date(0) },
          Tags: listOf(tagsOf.get(RoleName) ?? {}),
        },
      })),
      on(GetRolePolicyCommand, () => {
        throw awsError('NoSuchEntity');
      }),
      on(GetInstanceProfileCommand, () => {
        throw awsError('NoSuchEntity');
      }),
      on(ListAttachedRolePoliciesCommand, denied),
      on(ListRolePoliciesCommand, denied),
      on(DeleteRoleCommand, ({ RoleName = '' }) => {
        if (RoleName === instances.name)
          throw awsError('DeleteConflict', 'Cannot delete entity, must detach all policies first.');
        deleted.push(RoleName);
        return {};
      }),
      ...accepting(
        DetachRolePolicyCommand,
        DeleteRolePolicyCommand,
        RemoveRoleFromInstanceProfileCommand,
        DeleteInstanceProfileCommand,
      ),
    ]);
    await expect(clusters.remove(wanted, context)).rejects.toMatchObject({
      name: 'ForeignResource',
      reason: 'InUse',
      message: expect.stringMatching(
        new RegExp(`^The role ${instances.name} cannot be deleted, .*must detach all policies first`),
      ),
      remedy: `Take them off the role ${instances.name}, or delete it, in the account.`,
    });
    expect(deleted).toEqual([service.name]);
  });
});
