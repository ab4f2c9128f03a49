import { describe, expect, test } from '@jest/globals';
import { entryOf, kindAccount } from '../../../controllers/engine/desired-state.ts';
import { executionRole } from '../../../controllers/kinds/execution-role/kind.ts';
import type { ActualRole } from '../../../controllers/kinds/execution-role/observe.ts';
import { ExecutionRoleSection } from '../../../controllers/kinds/execution-role/section.ts';
import { network } from '../../../controllers/kinds/network/kind.ts';
import { parameters } from '../../../controllers/kinds/parameters/kind.ts';
import { publicAccessBlock } from '../../../controllers/kinds/public-access-block/kind.ts';
import { InvalidDesiredState } from '../../../shared/domain/errors.ts';
import { aConfig, aRecord, MEMBER } from '../../kit/factories.ts';

/** The role by which an account is entered: how it is rendered, and what is never written into it. */

const ROLE_ARN = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution/theirs`;
const config = aConfig();
const { externalId } = aRecord();
const kept = [executionRole, network, parameters].map((kind) => ({ kind, section: {} }));
const account = kindAccount(aRecord({ executionRoleArn: ROLE_ARN }), config, kept);
const { entry } = account;
const trust = (principal: string, asked = externalId) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': asked } },
    },
  ],
});
const ofOrganization = (id: string) => {
  const { Version, Statement } = trust(config.runnerRoleArn);
  const Condition = { StringEquals: { 'sts:ExternalId': externalId, 'aws:PrincipalOrgID': id } };
  return { Version, Statement: Statement.map((one) => ({ ...one, Condition })) };
};
const allow = (...Action: string[]) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
});
const section = {
  name: 'orgkeeper-execution',
  trustPolicy: trust(config.runnerRoleArn),
  inlinePolicies: { data: allow('s3:GetObject', 's3:PutObject') },
};
/** Allows everything but what is asked of another region. */
const guard = (region: string) => ({
  Version: '2012-10-17' as const,
  Statement: [
    {
      Sid: 'Regions',
      Effect: 'Deny',
      NotAction: ['iam:*', 'sts:*', 'organizations:*'],
      Resource: '*',
      Condition: { StringNotEquals: { 'aws:RequestedRegion': [region] } },
    },
    { Effect: 'Allow', Action: '*', Resource: '*' },
  ] as const,
});
const encoded = (document: unknown) => encodeURIComponent(JSON.stringify(document));

const rendered = (changes: object = {}) =>
  executionRole.render(ExecutionRoleSection.parse({ ...section, ...changes }), () => undefined, account);

/** As it is after the template was deployed. */
function asMade(changes: Partial<ActualRole> = {}): ActualRole {
  const wanted = rendered();
  const { arn, name, path, description, maxSessionDuration, tags } = wanted;
  return {
    ...{ arn, name, path, description, maxSessionDuration, tags },
    trustPolicy: encoded(wanted.trustPolicy),
    inlinePolicies: Object.fromEntries(
      Object.entries(wanted.inlinePolicies).map(([key, document]) => [key, encoded(document)]),
    ),
    managedPolicies: [],
    permissionsBoundary: undefined,
    ...changes,
  };
}

/** As its owner made it, with these documents. */
function asOwnerMade(
  inline: object,
  changes: Partial<ActualRole> = {},
  managed: Record<string, object> = {},
) {
  const documents = Object.entries(managed).map(([arn, document]) => [arn, encoded(document)]);
  const ownerManaged = { inline: { mine: encoded(inline) }, managed: Object.fromEntries(documents) };
  return asMade({ tags: {}, inlinePolicies: { mine: encoded(inline) }, ownerManaged, ...changes });
}

describe('the role by which an account is entered', () => {
  test('has the name and path that its owner gave it, and one policy more', () => {
    expect(rendered()).toMatchObject({ arn: ROLE_ARN, path: '/orgkeeper-execution/', name: 'theirs' });
    expect(Object.keys(rendered().inlinePolicies)).toEqual(['data', 'orgkeeper']);
    expect(rendered().inlinePolicies.orgkeeper).toBe(entry?.policy);
  });

  test('leaves the name of that policy to nobody else', () => {
    const taken = { ...section, inlinePolicies: { orgkeeper: allow('s3:*') } };
    expect(ExecutionRoleSection.safeParse(taken).error?.issues[0]?.path).toEqual([
      'inlinePolicies',
      'orgkeeper',
    ]);
  });

  test('counts that policy when it counts characters', () => {
    const long = { data: allow(`s3:Get${'x'.repeat(9_000)}`) };
    expect(() => rendered({ inlinePolicies: long })).toThrow(InvalidDesiredState);
  });

  test('is kept whole when the member template made it', () => {
    expect(executionRole.diff(rendered(), asMade())).toEqual({ differences: [], blocked: [], unowned: [] });
    const { orgkeeper: _, ...less } = asMade().inlinePolicies;
    expect(executionRole.diff(rendered(), asMade({ inlinePolicies: less })).differences).toMatchObject([
      { path: 'inlinePolicies.orgkeeper', action: 'created' },
    ]);
  });

  test('is not made by us when it is gone: its owner must', () => {
    expect(executionRole.diff(rendered(), undefined)).toMatchObject({
      differences: [],
      blocked: [{ reason: 'RoleMissing', difference: { action: 'reported' } }],
    });
  });

  test('is remembered as whose it is', () => {
    expect(executionRole.outputs(asMade({ keptBy: 'owner' }))).toMatchObject({ 'role.keptBy': 'owner' });
    expect(executionRole.outputs(asMade())).not.toHaveProperty('role.keptBy');
  });
});

describe('the branch that Orgkeeper sits on', () => {
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
  ])('is not sawn off by %s', (_, changes, path) => {
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

  test('bears a guard that keeps to regions, where it does not bind in the region in use', () => {
    const wanted = rendered({ inlinePolicies: { guard: guard(account.region) } });
    expect(executionRole.diff(wanted, asMade())).toMatchObject({
      differences: [{ path: 'inlinePolicies.guard' }, { path: 'inlinePolicies.data' }],
      blocked: [],
    });
  });

  test('names the statement that would deny what we need', () => {
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

  test('bears a boundary that allows what we need', () => {
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
  ])('bears a managed policy only where it leaves us what we need: one that %s', (_, document, locked) => {
    const DENYING = `arn:aws:iam::aws:policy/v1.2/Denying`;
    const wanted = rendered({ managedPolicies: [DENYING] });
    const { differences, blocked } = executionRole.diff(
      wanted,
      asMade({ toAttach: { [DENYING]: document } }),
    );
    const path = `managedPolicies.${DENYING}`;
    expect(blocked).toMatchObject(locked ? [{ reason: 'WouldLockOut', difference: { path } }] : []);
    expect(differences).toMatchObject(locked ? [] : [{ path, action: 'created' }]);
  });

  test('loses what somebody added though its new policies are not put, but never all that lets us keep it', () => {
    const wanted = rendered({ inlinePolicies: { deny: DENY_IAM } });
    const added = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    const paths = (changes: object) =>
      executionRole
        .diff(wanted, asMade({ managedPolicies: added, ...changes }))
        .differences.map(({ path }) => path);
    expect(paths({})).toEqual([`managedPolicies.${added}`]);
    expect(paths({ inlinePolicies: { mine: undefined } })).toEqual([]);
  });

  test('bears a trust policy that still admits the runner', () => {
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

describe('a role that its owner made', () => {
  const paths = (actual: ActualRole, changes: object = {}) => {
    const { differences, blocked } = executionRole.diff(rendered(changes), actual);
    expect(differences).toEqual([]);
    return blocked.map(({ difference }) => difference.path);
  };

  test('is content when it covers the baseline and what Orgkeeper needs, and says whose it is', () => {
    expect(executionRole.diff(rendered(), asOwnerMade(allow('*')))).toMatchObject({
      blocked: [],
      note: expect.stringMatching(/is its owner's; it covers the baseline/),
    });
  });

  test('is content with a guard that keeps to regions, where it does not bind in the region in use', () => {
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

  test('says which statement denies what is needed, once, and not to add anything', () => {
    const { blocked } = executionRole.diff(rendered(), asOwnerMade(guard('ap-south-2')));
    expect(blocked).toHaveLength(1);
    expect(blocked[0]).toMatchObject({
      reason: 'DeniedByStatement',
      message: expect.stringMatching(
        /Statement\[0\] \(Regions\) of the policy mine denies, or may, s3:GetObject on \*/,
      ),
      difference: { path: 'permissions.Statement[0] (Regions) of the policy mine' },
    });
    expect(blocked[0]?.message).not.toMatch(/add what is missing/);
  });

  test('is never advised to grant everything, where a statement is only too large to be proven', () => {
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

  test('says why a trust of the account alone is not enough', () => {
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

  test('need not be allowed to change itself', () => {
    const required = entry?.required as { Statement: { Action: string[] }[] };
    const actions = required.Statement.flatMap(({ Action }) => Action);
    expect(actions).not.toContain('iam:UpdateAssumeRolePolicy');
    expect(paths(asOwnerMade(allow('s3:*', ...actions)))).toEqual([]);
  });

  test('lacks what no policy grants, action by action', () => {
    expect(paths(asOwnerMade(allow('s3:Get*', 'iam:*', 'ec2:*', 'ssm:*', 'tag:*')))).toEqual([
      'permissions.s3:PutObject on *',
    ]);
  });

  test('lacks what its boundary does not grant, or one that nobody may read', () => {
    const permissionsBoundary = `arn:aws:iam::${MEMBER}:policy/boundary`;
    const bounded = asOwnerMade(
      allow('*'),
      { permissionsBoundary },
      { [permissionsBoundary]: allow('iam:*', 'ec2:*', 'ssm:*', 'tag:*', 's3:GetObject') },
    );
    expect(paths(bounded)).toEqual(['permissions.s3:PutObject on *']);
    expect(paths(asOwnerMade(allow('*'), { permissionsBoundary })).length).toBeGreaterThan(10);
  });

  test('is granted by attached policies too; one that the baseline wants may be attached, or covered', () => {
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
  ])('does not cover the trust with %s', (_, document) => {
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

  test('names at most five in the sentence, and all as differences', () => {
    const { blocked } = executionRole.diff(rendered(), asOwnerMade(allow('sqs:*')));
    expect(blocked[0]?.message).toMatch(new RegExp(`and ${blocked.length - 5} more\\. Have its owner add`));
  });

  test.each([
    ['may not be read', undefined],
    ['makes no sense', encoded({ Version: '2012-10-17', Statement: 'none' })],
  ])('is not proven while a policy of it %s: it may deny what others grant', (_, theirs) => {
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

  test('says so when nobody can tell what its boundary allows', () => {
    const permissionsBoundary = `arn:aws:iam::${MEMBER}:policy/boundary`;
    const { blocked } = executionRole.diff(rendered(), asOwnerMade(allow('*'), { permissionsBoundary }));
    expect(blocked.at(-1)).toMatchObject({
      reason: 'PolicyUnread',
      difference: { path: `permissions.${permissionsBoundary}` },
    });
  });
});

describe('what Orgkeeper needs in an account', () => {
  const entered = aRecord({ executionRoleArn: ROLE_ARN });

  test('is said by the names of IAM, where calls have others', () => {
    const entry = entryOf(entered, config, [publicAccessBlock]);
    expect(entry?.required).toMatchObject({
      Statement: [
        { Action: ['s3:GetAccountPublicAccessBlock', 's3:PutAccountPublicAccessBlock'], Resource: '*' },
      ],
    });
  });

  test('is not to change what the account brings along', () => {
    const brings = { ...entered, network: { vpcId: 'vpc-1', subnetIds: [] } };
    const actionsIn = (policy: unknown) => JSON.stringify(policy);
    expect(actionsIn(entryOf(brings, config, [network])?.required)).not.toContain('ec2:CreateVpc');
    expect(actionsIn(entryOf(entered, config, [network])?.required)).toContain('ec2:CreateVpc');
  });
});
