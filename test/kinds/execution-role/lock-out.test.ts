import { describe, expect, test } from '@jest/globals';
import { executionRole } from '../../../controllers/kinds/execution-role/kind.ts';
import { MEMBER } from '../../kit/factories.ts';
import {
  account,
  allow,
  asMade,
  config,
  encoded,
  guard,
  ofOrganization,
  rendered,
  trust,
} from './entered-role.ts';

describe('changes that would lock Orgkeeper out of the account', () => {
  const DENY_IAM = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Action: 'iam:*', Resource: '*' }],
  };
  const BOUNDARY = `arn:aws:iam::${MEMBER}:policy/boundary`;

  test.each([
    [
      'a trust policy without the runner',
      { trustPolicy: trust(`arn:aws:iam::${MEMBER}:root`) },
      'trustPolicy',
    ],
    [
      'a trust policy with another ExternalId',
      { trustPolicy: trust(config.runnerRoleArn, 'other') },
      'trustPolicy',
    ],
    ['a trust policy for another organization', { trustPolicy: ofOrganization('o-other') }, 'trustPolicy'],
    ['a policy that denies what we need', { inlinePolicies: { deny: DENY_IAM } }, 'inlinePolicies.deny'],
    ['a boundary that cannot be read', { permissionsBoundary: BOUNDARY }, 'permissionsBoundary'],
  ])('are blocked, such as %s', (_, changes, path) => {
    const { differences, blocked } = executionRole.diff(
      rendered({ ...changes, description: 'new' }),
      asMade(),
    );
    expect(blocked).toContainEqual(
      expect.objectContaining({
        reason: 'WouldLockOut',
        difference: expect.objectContaining({ path, action: 'reported' }),
      }),
    );
    expect(differences.map((each) => each.path)).toEqual(['description']);
  });

  test('do not include a guard that limits regions, if it allows the region in use', () => {
    const wanted = rendered({ inlinePolicies: { guard: guard(account.region) } });
    expect(executionRole.diff(wanted, asMade())).toMatchObject({
      differences: [{ path: 'inlinePolicies.guard' }, { path: 'inlinePolicies.data' }],
      blocked: [],
    });
  });

  test('are reported with the statement that would deny what Orgkeeper needs', () => {
    const elsewhere = rendered({ inlinePolicies: { guard: guard('ap-south-2') } });
    const { blocked } = executionRole.diff(elsewhere, asMade());
    expect(blocked[0]?.message).toMatch(
      /would deny what Orgkeeper needs there: Statement\[0\] \(Regions\) of the policy guard denies, or may, ec2:/,
    );
    // IAM is asked in one region of the partition, whatever the account's region is.
    const { NotAction: _, ...all } = guard(account.region).Statement[0];
    const global = { Version: '2012-10-17', Statement: [{ ...all, Action: '*' }] };
    expect(
      executionRole.diff(rendered({ inlinePolicies: { global } }), asMade()).blocked[0]?.message,
    ).toMatch(/of the policy global denies, or may, iam:/);
  });

  test('do not include a boundary that allows what Orgkeeper needs', () => {
    const wanted = rendered({ permissionsBoundary: BOUNDARY });
    const narrow = executionRole.diff(wanted, asMade({ toAttach: { [BOUNDARY]: encoded(allow('s3:*')) } }));
    expect(narrow).toMatchObject({ differences: [], blocked: [{ reason: 'WouldLockOut' }] });
    const wide = executionRole.diff(wanted, asMade({ toAttach: { [BOUNDARY]: encoded(allow('*')) } }));
    expect(wide).toMatchObject({ differences: [{ path: 'permissionsBoundary' }], blocked: [] });
  });

  test.each([
    ['denies what we need', encoded(DENY_IAM), 1],
    ['cannot be read', undefined, 1],
    ['allows something else', encoded(allow('sqs:*')), 0],
  ])(
    'include a managed policy unless it leaves Orgkeeper what it needs: one that %s',
    (_, document, locked) => {
      const DENYING = `arn:aws:iam::aws:policy/v1.2/Denying`;
      const wanted = rendered({ managedPolicies: [DENYING] });
      const { differences, blocked } = executionRole.diff(
        wanted,
        asMade({ toAttach: { [DENYING]: document } }),
      );
      const path = `managedPolicies.${DENYING}`;
      expect(blocked).toMatchObject(locked ? [{ reason: 'WouldLockOut', difference: { path } }] : []);
      expect(differences).toMatchObject(locked ? [] : [{ path, action: 'created' }]);
    },
  );

  test('do not include the removal of an added policy, unless only that may let Orgkeeper manage the role', () => {
    const wanted = rendered({ inlinePolicies: { deny: DENY_IAM } });
    const added = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    const paths = (changes: object) =>
      executionRole
        .diff(wanted, asMade({ managedPolicies: added, ...changes }))
        .differences.map(({ path }) => path);
    expect(paths({})).toEqual([`managedPolicies.${added}`]);
    expect(paths({ inlinePolicies: { mine: undefined } })).toEqual([]);
  });

  test('do not include a trust policy that still admits the runner', () => {
    const more = {
      ...trust(config.runnerRoleArn),
      Statement: [...trust(config.runnerRoleArn).Statement, ...trust(config.apiRoleArn).Statement],
    };
    for (const trustPolicy of [more, ofOrganization(config.organizationId)]) {
      expect(executionRole.diff(rendered({ trustPolicy }), asMade())).toMatchObject({
        differences: [{ path: 'trustPolicy', action: 'updated' }],
        blocked: [],
      });
    }
  });
});
