import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { managedKinds, namesOf } from '../../controllers/engine/desired-state.ts';
import { readingSessions, writingPolicy } from '../../controllers/engine/session.ts';
import { memberTemplate } from '../../controllers/fleet/member-template.ts';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import type { ExecutionRole } from '../../controllers/kinds/execution-role/wanted.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { resourcesOf } from '../../controllers/kinds/kind.ts';
import { kindAccount } from '../../controllers/kinds/kind-account.ts';
import type { Network } from '../../controllers/kinds/network/model.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { BaselineDocument } from '../../shared/domain/baseline.ts';
import { aConfig, aRecord, MAIN, MEMBER, organizationRoles } from '../kit/factories.ts';

const text = readFileSync(join(import.meta.dirname, '../../infra/baselines/analytics.yaml'), 'utf8');
const parsed = parseBaseline(text, kinds);
if ('problems' in parsed) throw new Error('analytics.yaml is no baseline');
const baseline: BaselineDocument = {
  ...parsed.baseline,
  schemaVersion: 1,
  version: 1,
  text,
  publishedAt: '2026-11-20T09:14:07.000Z',
};

/** The configuration as the main stack writes it in that partition. */
function configOf(partition: Config['partition'], region: string): Config {
  const role = (account: string, name: string) => `arn:${partition}:iam::${account}:role/orgkeeper-${name}`;
  return aConfig({
    partition,
    region,
    organizationRoleArns: organizationRoles(partition),
    runnerRoleArn: role(MAIN, 'WorkflowLoopRunnerRole'),
    apiRoleArn: role(MAIN, 'ApiHandlerRole'),
  });
}

/** Everything that each kind wants, in the order of the list. */
function wantedOf(record: AccountRecord, config: Config): [ExecutionRole, Network, unknown] {
  const kept = managedKinds(baseline, kinds);
  const account = kindAccount(record, config, kept);
  const lookup = namesOf(record, config, {});
  const all = kept.map(({ kind, section }) => kind.render(section, lookup, account));
  return all as unknown as [ExecutionRole, Network, unknown];
}

/** Partitions of all ARNs in there. */
const partitionsIn = (value: unknown) =>
  new Set([...JSON.stringify(value).matchAll(/\barn:([^:"\\]*):/g)].map(([, partition]) => partition));

describe.each([
  ['aws', 'eu-west-1'],
  ['aws-cn', 'cn-north-1'],
  ['aws-us-gov', 'us-gov-west-1'],
] as const)('The shipped baseline, rendered for an account of %s', (partition, region) => {
  const config = configOf(partition, region);
  const created = aRecord();
  const invited = aRecord({
    origin: 'invited',
    executionRoleArn: `arn:${partition}:iam::${MEMBER}:role/orgkeeper-execution`,
  });

  test.each([
    ['created', created],
    ['invited', invited],
  ])('has only ARNs of that partition, for one that was %s', (_, record) => {
    const wanted = wantedOf(record, config);
    expect(partitionsIn(wanted)).toEqual(new Set([partition]));
    expect(JSON.stringify(wanted)).not.toMatch(/\$\{(partition|region|account|main)/);
  });

  test('has a role that trusts the roles of Main, and may pass roles of that partition', () => {
    const [role] = wantedOf(created, config);
    expect(role.arn).toBe(`arn:${partition}:iam::${MEMBER}:role/orgkeeper-execution`);
    expect(JSON.stringify(role.trustPolicy)).toContain(config.runnerRoleArn);
    expect(JSON.stringify(role.inlinePolicies)).toContain(
      `arn:${partition}:iam::aws:policy/service-role/AmazonElasticMapReduceRole`,
    );
  });

  // In China the names of interface endpoints begin with `cn.`; those of the gateways to S3 and DynamoDB do not.
  test('has the gateway endpoint under the name that is the same in all partitions', () => {
    const [, network] = wantedOf(created, config);
    expect(network.endpoints.map(({ serviceName }) => serviceName)).toEqual([`com.amazonaws.${region}.s3`]);
  });

  test('is managed in sessions that name only that partition', () => {
    const kept = managedKinds(baseline, kinds);
    const account = kindAccount(created, config, kept);
    const wanted = wantedOf(created, config);
    const policies = kept.map(({ kind }, at) =>
      writingPolicy(kind, resourcesOf(kind, wanted[at], account, {})),
    );
    expect(partitionsIn(policies)).toEqual(new Set([partition]));
    expect(partitionsIn(readingSessions(kinds))).toEqual(new Set());
  });

  test('makes a member template with ARNs of that partition', () => {
    const { roleArn, template } = memberTemplate({ record: created, baseline, kinds, config });
    expect(partitionsIn([roleArn, template])).toEqual(new Set([partition]));
  });
});
