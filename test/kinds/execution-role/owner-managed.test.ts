import { describe, expect, test } from '@jest/globals';
import { executionRole } from '../../../controllers/kinds/execution-role/kind.ts';
import type { ActualRole } from '../../../controllers/kinds/execution-role/observe.ts';
import { entryOf } from '../../../controllers/kinds/kind-account.ts';
import { roles } from '../../../controllers/kinds/roles/kind.ts';
import { aRecord, MEMBER } from '../../kit/factories.ts';
import {
  account,
  allow,
  asOwnerMade,
  config,
  encoded,
  entry,
  guard,
  ROLE_ARN,
  rendered,
  trust,
} from './entered-role.ts';

describe('a role that its owner made', () => {
  const paths = (actual: ActualRole, changes: object = {}) => {
    const { differences, blocked } = executionRole.diff(rendered(changes), actual);
    expect(differences).toEqual([]);
    return blocked.map(({ difference }) => difference.path);
  };

  test('is accepted if it covers the baseline and what Orgkeeper needs, and the note says whose it is', () => {
    expect(executionRole.diff(rendered(), asOwnerMade(allow('*')))).toMatchObject({
      blocked: [],
      note: expect.stringMatching(/is owner-managed; it covers the baseline/),
    });
  });

  test('is accepted with a guard that limits regions, if it allows the region in use', () => {
    expect(paths(asOwnerMade(guard(account.region)))).toEqual([]);
    const transport = {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    };
    const { Version, Statement } = guard(account.region);
    expect(paths(asOwnerMade({ Version, Statement: [...Statement, transport] }))).toEqual([]);
  });

  test('is reported with the statement that denies what is needed, once, without advice to add anything', () => {
    const { blocked } = executionRole.diff(rendered(), asOwnerMade(guard('ap-south-2')));
    expect(blocked).toHaveLength(1);
    expect(blocked[0]).toMatchObject({
      reason: 'DeniedByStatement',
      message: expect.stringMatching(
        /Statement\[0\] \(Regions\) of the policy mine denies, or may deny, s3:GetObject on \*/,
      ),
      difference: { path: 'permissions.Statement[0] (Regions) of the policy mine' },
    });
    expect(blocked[0]?.message).not.toMatch(/add what is missing/);
  });

  test('is never reported with the advice to grant everything if a statement is only too large to prove', () => {
    const names = (prefix: string) => Array.from({ length: 900 }, (_, n) => `${prefix}${n}`);
    const statement = { Effect: 'Allow', Action: names('s3:'), Resource: names('a:') };
    const large = { Version: '2012-10-17', Statement: [statement] };
    const wanted = { ...rendered(), inlinePolicies: { large } };
    expect(
      executionRole.diff(
        wanted,
        asOwnerMade({
          ...large,
          Statement: [statement, ...allow('iam:*', 'ec2:*', 'ssm:*', 'tag:*').Statement],
        }),
      ).blocked,
    ).toEqual([]);
    const { blocked } = executionRole.diff(
      wanted,
      asOwnerMade(allow('s3:1', 'iam:*', 'ec2:*', 'ssm:*', 'tag:*')),
    );
    expect(blocked).toMatchObject([{ reason: 'TooLargeToProve' }]);
    expect(blocked[0]?.message).not.toMatch(/\* on \*|add what is missing/);
  });

  test('is reported with the reason why a trust policy that names only the account is not enough', () => {
    const { Version, Statement } = trust('arn:aws:iam::345678901234:root');
    const narrowed = Statement.map((one) => ({
      ...one,
      Principal: { AWS: config.runnerRoleArn.replace(/:role.*/, ':root') },
      Condition: { ...one.Condition, ArnLike: { 'aws:PrincipalArn': config.runnerRoleArn } },
    }));
    const trustPolicy = encoded({ Version, Statement: narrowed });
    const { blocked } = executionRole.diff(rendered(), asOwnerMade(allow('*'), { trustPolicy }));
    expect(blocked).toMatchObject([
      {
        reason: 'TrustMissing',
        message: expect.stringMatching(
          /Statement\[0\] names only its account, which leaves it to identity policies\./,
        ),
      },
    ]);
  });

  test('does not need the permission to change itself', () => {
    const required = entry?.required as { Statement: { Action: string[] }[] };
    const actions = required.Statement.flatMap(({ Action }) => Action);
    expect(actions).not.toContain('iam:UpdateAssumeRolePolicy');
    expect(paths(asOwnerMade(allow('s3:*', ...actions)))).toEqual([]);
  });

  test('is told, where the baseline has roles, that it must allow the list of all roles', () => {
    const entry = entryOf(aRecord({ executionRoleArn: ROLE_ARN }), config, [executionRole, roles]);
    if (!entry) throw new Error('an account is entered by the role');
    const { Statement } = entry.required as { Statement: { Action: string[] }[] };
    const actions = Statement.flatMap(({ Action }) => Action);
    const list = 'iam:GetAccountAuthorizationDetails';
    const of = (...granted: string[]) =>
      executionRole.diff({ ...rendered(), entry }, asOwnerMade(allow('s3:*', ...granted))).blocked;
    expect(of(...actions)).toEqual([]);
    expect(of(...actions.filter((action) => action !== list))).toMatchObject([
      {
        reason: 'PermissionsMissing',
        message: expect.stringMatching(
          new RegExp(
            `it lacks ${list} on \\*\\..*Have its owner add what is missing; \`orgkeeper template member`,
          ),
        ),
      },
    ]);
  });

  test('is reported with each action that no policy grants', () => {
    expect(paths(asOwnerMade(allow('s3:Get*', 'iam:*', 'ec2:*', 'ssm:*', 'tag:*')))).toEqual([
      'permissions.s3:PutObject on *',
    ]);
  });

  test('is reported with each action that its boundary does not grant, and with a boundary that cannot be read', () => {
    const permissionsBoundary = `arn:aws:iam::${MEMBER}:policy/boundary`;
    const bounded = asOwnerMade(
      allow('*'),
      { permissionsBoundary },
      { [permissionsBoundary]: allow('iam:*', 'ec2:*', 'ssm:*', 'tag:*', 's3:GetObject') },
    );
    expect(paths(bounded)).toEqual(['permissions.s3:PutObject on *']);
    expect(paths(asOwnerMade(allow('*'), { permissionsBoundary })).length).toBeGreaterThan(10);
  });

  test('is granted actions by attached policies, too; a managed policy of the baseline may be attached or covered', () => {
    const PolicyArn = `arn:aws:iam::${MEMBER}:policy/wanted`;
    const changes = { managedPolicies: [PolicyArn] };
    const attached = { managedPolicies: [PolicyArn] };
    expect(paths(asOwnerMade(allow('s3:*'), attached, { [PolicyArn]: allow('*') }), changes)).toEqual([]);
    expect(paths(asOwnerMade(allow('*'), {}, { [PolicyArn]: allow('sqs:*') }), changes)).toEqual([]);
    expect(paths(asOwnerMade(allow('*')), changes)).toEqual([`permissions.${PolicyArn} on *`]);
  });

  test.each([
    ['another ExternalId', trust(config.runnerRoleArn, 'other')],
    ['a principal that is gone', trust('AROAEXAMPLEID123456789')],
  ])('does not cover the trust policy with %s', (_, document) => {
    const { blocked } = executionRole.diff(
      rendered(),
      asOwnerMade(allow('*'), { trustPolicy: encoded(document) }),
    );
    expect(blocked).toMatchObject([
      {
        reason: 'TrustMissing',
        difference: { path: `trustPolicy.sts:AssumeRole by AWS ${config.runnerRoleArn}` },
      },
    ]);
  });

  test('is reported with at most five actions in the sentence, and all as differences', () => {
    const { blocked } = executionRole.diff(rendered(), asOwnerMade(allow('sqs:*')));
    expect(blocked[0]?.message).toMatch(new RegExp(`and ${blocked.length - 5} more\\. Have its owner add`));
  });

  test.each([
    ['may not be read', undefined],
    ['makes no sense', encoded({ Version: '2012-10-17', Statement: 'none' })],
  ])('is not proven while a policy of it %s, which may deny what others grant', (_, theirs) => {
    const PolicyArn = `arn:aws:iam::${MEMBER}:policy/theirs`;
    const ownerManaged = {
      inline: { mine: encoded(allow('*')), other: theirs },
      managed: { [PolicyArn]: theirs },
    };
    const changes = { managedPolicies: [PolicyArn] };
    const { blocked } = executionRole.diff(rendered(), asOwnerMade(allow('*'), { ownerManaged, ...changes }));
    expect(blocked.map(({ reason, difference }) => [reason, difference.path])).toEqual([
      ['PolicyUnread', 'permissions.other'],
      ['PolicyUnread', `permissions.${PolicyArn}`],
    ]);
    expect(blocked[0]?.message).toMatch(
      /cannot read its policy other, which may deny what others grant\. Have its owner allow/,
    );
  });

  test('is reported if nobody can tell what its boundary allows', () => {
    const permissionsBoundary = `arn:aws:iam::${MEMBER}:policy/boundary`;
    const { blocked } = executionRole.diff(rendered(), asOwnerMade(allow('*'), { permissionsBoundary }));
    expect(blocked.at(-1)).toMatchObject({
      reason: 'PolicyUnread',
      difference: { path: `permissions.${permissionsBoundary}` },
    });
  });
});
