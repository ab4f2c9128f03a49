import { describe, expect, test } from '@jest/globals';
import { writingPolicy } from '../../../controllers/engine/session.ts';
import { compare } from '../../../controllers/kinds/execution-role/compare.ts';
import { executionRole } from '../../../controllers/kinds/execution-role/kind.ts';
import type { ActualRole } from '../../../controllers/kinds/execution-role/observe.ts';
import { ExecutionRoleSection, render } from '../../../controllers/kinds/execution-role/wanted.ts';
import { resourcesOf } from '../../../controllers/kinds/kind.ts';
import { evaluate } from '../../../shared/policy/evaluate.ts';

const RUNNER = 'arn:aws:iam::345678901234:role/runner';
const trust = (principal: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' }],
});
const reading = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:Get*', Resource: '*' }] };
const wanted = render(
  ExecutionRoleSection.parse({
    name: 'orgkeeper-execution',
    trustPolicy: trust(RUNNER),
    inlinePolicies: { analytics: reading },
  }),
  () => undefined,
  { accountId: '456789012345', partition: 'aws', region: 'eu-west-1', owner: '345678901234' },
);
const healthy: ActualRole = {
  arn: wanted.arn,
  name: wanted.name,
  path: '/',
  description: '',
  maxSessionDuration: 3_600,
  trustPolicy: encodeURIComponent(JSON.stringify(wanted.trustPolicy)),
  inlinePolicies: { analytics: encodeURIComponent(JSON.stringify(reading)) },
  managedPolicies: [],
  permissionsBoundary: undefined,
  tags: wanted.tags,
};
const differencesWith = (change: Partial<ActualRole>) =>
  compare(wanted, { ...healthy, ...change }).differences;

describe('compare of an execution role', () => {
  test('finds nothing if the role is as wanted', () => {
    expect(compare(wanted, healthy)).toEqual({ differences: [], blocked: [], unowned: [] });
  });

  test('finds the whole role missing if there is none', () => {
    expect(compare(wanted, undefined).differences).toMatchObject([{ path: '', action: 'created' }]);
  });

  test('names the place in a policy that differs, and only that', () => {
    const trustPolicy = encodeURIComponent(JSON.stringify(trust('arn:aws:iam::999999999999:root')));
    expect(differencesWith({ trustPolicy })).toEqual([
      {
        kind: 'executionRole',
        resource: 'orgkeeper-execution',
        path: 'trustPolicy',
        desired: { 'Statement[0].Principal': { AWS: [RUNNER] } },
        actual: { 'Statement[0].Principal': { AWS: ['arn:aws:iam::999999999999:root'] } },
        action: 'updated',
      },
    ]);
  });

  test('finds a principal that shows as a unique id: its role was deleted and made again', () => {
    const trustPolicy = encodeURIComponent(JSON.stringify(trust('AROAEXAMPLEID12345678')));
    expect(differencesWith({ trustPolicy })).toMatchObject([{ path: 'trustPolicy', action: 'updated' }]);
  });

  test('finds a policy that cannot be read', () => {
    expect(differencesWith({ trustPolicy: '%7Bnope' })).toMatchObject([{ path: 'trustPolicy' }]);
  });

  test('throws an error of the comparison itself, and reports no difference for it', () => {
    let reads = 0;
    const trustPolicy = {
      ...trust(RUNNER),
      get Version() {
        reads += 1;
        if (reads === 1) throw new Error('a bug');
        return '2012-10-17';
      },
    };
    const broken = { ...wanted, trustPolicy };
    expect(() => compare(broken, healthy)).toThrow('a bug');
  });

  test('finds a policy added by hand, even if it was not read', () => {
    const inlinePolicies = { ...healthy.inlinePolicies, backdoor: undefined };
    expect(differencesWith({ inlinePolicies })).toMatchObject([
      { path: 'inlinePolicies.backdoor', action: 'removed' },
    ]);
  });

  test('ignores tags that AWS sets itself', () => {
    const tags = { ...healthy.tags, 'aws:cloudformation:stack-name': 's' };
    expect(differencesWith({ tags })).toEqual([]);
  });

  test('reports another path as needing replacement, and corrects the rest', () => {
    const found = compare(wanted, { ...healthy, path: '/other/', description: 'mine' });
    expect(found.blocked).toMatchObject([
      { reason: 'NeedsReplacement', difference: { path: 'path', desired: '/', actual: '/other/' } },
    ]);
    expect(found.differences).toMatchObject([{ path: 'description' }]);
  });
});

describe('a role with another path', () => {
  test('is corrected and removed under its own path, and no other role is', () => {
    const arn = (role: string) => `arn:aws:iam::456789012345:role/${role}`;
    const account = {
      accountId: '456789012345',
      partition: 'aws',
      region: 'eu-west-1',
      owner: '345678901234',
    };
    const recorded = executionRole.outputs({
      ...healthy,
      path: '/other/',
      arn: arn('other/orgkeeper-execution'),
    });
    const session = writingPolicy(executionRole, resourcesOf(executionRole, wanted, account, recorded));
    const identity = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
    const decided = (action: string, resource: string) =>
      evaluate({ principal: { arn: arn('access') }, action, resource }, { identity, session }).decision;
    for (const action of executionRole.permissions.write) {
      expect(decided(action, arn('other/orgkeeper-execution'))).toBe('Allowed');
      expect(decided(action, arn('orgkeeper-execution'))).toBe('Allowed');
      expect(decided(action, arn('other/theirs'))).toBe('ImplicitDeny');
    }
    expect(resourcesOf(executionRole, wanted, account, { 'role.arn': arn('former') })).toEqual([wanted.arn]);
  });
});

describe('warnings about an execution role', () => {
  const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess';
  const words = (warnings: readonly string[] = []) => warnings.map((warning) => warning.split(':')[0]);

  test('are about the desired role, and about the current one while it is not corrected', () => {
    const trustPolicy = encodeURIComponent(JSON.stringify(trust('arn:aws:iam::456789012345:root')));
    const found = compare(wanted, { ...healthy, trustPolicy, managedPolicies: [ADMINISTRATOR] });
    expect(words(found.warnings)).toEqual([]);
    expect(words(found.warningsAsFound)).toEqual(['AdministratorAccess', 'MemberRootTrusted']);
  });

  test('are given for what the baseline itself wants, too', () => {
    const administrator = { ...wanted, managedPolicies: [ADMINISTRATOR] };
    const found = compare(administrator, { ...healthy, managedPolicies: [ADMINISTRATOR] });
    expect([words(found.warnings), found.differences]).toEqual([['AdministratorAccess'], []]);
  });

  test('are about the current role if its owner made it', () => {
    const all = encodeURIComponent(
      JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }),
    );
    const found = compare(wanted, { ...healthy, ownerManaged: { inline: { theirs: all }, managed: {} } });
    expect(words(found.warnings)).toEqual(['AdministratorAccess']);
  });
});
