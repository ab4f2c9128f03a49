import { describe, expect, test } from '@jest/globals';
import { clusters } from '../../../controllers/kinds/clusters/kind.ts';
import { executionRole } from '../../../controllers/kinds/execution-role/kind.ts';
import { ExecutionRoleSection } from '../../../controllers/kinds/execution-role/wanted.ts';
import { entryOf, kindAccount } from '../../../controllers/kinds/kind-account.ts';
import { network } from '../../../controllers/kinds/network/kind.ts';
import { publicAccessBlock } from '../../../controllers/kinds/public-access-block/kind.ts';
import { InvalidDesiredState } from '../../../shared/domain/errors.ts';
import { aRecord } from '../../kit/factories.ts';
import { allow, asMade, config, entry, ROLE_ARN, rendered, section } from './entered-role.ts';

describe('the role by which an account is entered', () => {
  test('has the name and path that its owner gave it, and one policy more', () => {
    expect(rendered()).toMatchObject({ arn: ROLE_ARN, path: '/orgkeeper-execution/', name: 'theirs' });
    expect(Object.keys(rendered().inlinePolicies)).toEqual(['data', 'orgkeeper']);
    const { Statement: granted } = rendered().inlinePolicies.orgkeeper ?? {};
    const { Statement: needed } = entry?.policy ?? {};
    // Beside what it needs: what is asked about regions, and what reviews read.
    expect([granted].flat().slice(0, -2)).toEqual([needed].flat());
  });

  test('reserves the name of that policy', () => {
    const taken = { ...section, inlinePolicies: { orgkeeper: allow('s3:*') } };
    expect(ExecutionRoleSection.safeParse(taken).error?.issues[0]?.path).toEqual([
      'inlinePolicies',
      'orgkeeper',
    ]);
  });

  test('counts that policy towards the quota of characters', () => {
    const long = { data: allow(`s3:Get${'x'.repeat(9_000)}`) };
    expect(() => rendered({ inlinePolicies: long })).toThrow(InvalidDesiredState);
  });

  test('is managed completely if the member template made it', () => {
    expect(executionRole.diff(rendered(), asMade())).toEqual({ differences: [], blocked: [], unowned: [] });
    const { orgkeeper: _, ...less } = asMade().inlinePolicies;
    expect(executionRole.diff(rendered(), asMade({ inlinePolicies: less })).differences).toMatchObject([
      { path: 'inlinePolicies.orgkeeper', action: 'created' },
    ]);
  });

  test('is never made by us if it is deleted: its owner must make it', () => {
    expect(executionRole.diff(rendered(), undefined)).toMatchObject({
      differences: [],
      blocked: [{ reason: 'RoleMissing', difference: { action: 'reported' } }],
    });
  });

  test('is recorded with its owner', () => {
    expect(executionRole.outputs(asMade({ keptBy: 'owner' }))).toMatchObject({ 'role.keptBy': 'owner' });
    expect(executionRole.outputs(asMade())).not.toHaveProperty('role.keptBy');
  });
});

describe('the permissions that Orgkeeper needs in an account', () => {
  const entered = aRecord({ executionRoleArn: ROLE_ARN });

  test('are named as IAM names them, if calls have other names', () => {
    const entry = entryOf(entered, config, [publicAccessBlock]);
    expect(entry?.required).toMatchObject({
      Statement: [
        { Action: ['s3:GetAccountPublicAccessBlock', 's3:PutAccountPublicAccessBlock'], Resource: '*' },
      ],
    });
  });

  test('are asked of the owner of a role without those that a kind can do without, which the member template has', () => {
    const entry = entryOf(entered, config, [clusters]);
    const tried = clusters.permissions.tried ?? [];
    expect(tried).toContain('iam:ListRolePolicies');
    const actions = (policy: unknown) => JSON.stringify(policy).match(/iam:\w+/g) ?? [];
    expect(actions(entry?.policy)).toEqual(expect.arrayContaining([...tried]));
    expect(actions(entry?.required).filter((action) => tried.some((one) => one === action))).toEqual([]);
    expect(actions(entry?.required)).toContain('iam:GetRolePolicy');
  });

  test.each([
    ['to ask about regions', undefined, ['account:GetRegionOptStatus']],
    [
      'to ask about regions, and to enable them where the baseline says so',
      true,
      ['account:GetRegionOptStatus', 'account:EnableRegion'],
    ],
  ] as const)(
    'is not %s: a role that Orgkeeper keeps is granted that beside',
    (_, enableRegions, actions) => {
      const placed = { ...entered, ...(enableRegions && { enableRegions }) };
      const account = kindAccount(placed, config, [{ kind: executionRole }]);
      const ofRegions = (policy: unknown) =>
        [...JSON.stringify(policy).matchAll(/account:\w+/g)].map(([action]) => action);
      expect(ofRegions([account.entry?.policy, account.entry?.required])).toEqual([]);
      const { inlinePolicies } = executionRole.render(
        ExecutionRoleSection.parse(section),
        () => undefined,
        account,
      );
      expect(ofRegions(inlinePolicies.orgkeeper)).toEqual(actions);
    },
  );

  test('do not include changes of the resources of the owner', () => {
    const brings = { ...entered, network: { vpcId: 'vpc-1', subnetIds: [] } };
    const actionsIn = (policy: unknown) => JSON.stringify(policy);
    expect(actionsIn(entryOf(brings, config, [network])?.required)).not.toContain('ec2:CreateVpc');
    expect(actionsIn(entryOf(entered, config, [network])?.required)).toContain('ec2:CreateVpc');
  });
});
