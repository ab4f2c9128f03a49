import { describe, expect, test } from '@jest/globals';
import { compare } from '../../../controllers/kinds/roles/compare.ts';
import type { ActualBesideRole, ActualRoles } from '../../../controllers/kinds/roles/observe.ts';
import { RolesSection, render } from '../../../controllers/kinds/roles/section.ts';
import { memberAccount } from '../../kit/kind-context.ts';

const trusting = (...AWS: string[]) => ({
  Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
});
const CONSUMER = 'arn:aws:iam::999999999999:role/consumer';
const encoded = (document: unknown) => encodeURIComponent(JSON.stringify(document));

/** One role of the section, with these values. */
function wanted(fields: object = {}, values: Record<string, string> = {}) {
  const section = RolesSection.parse({ reader: { trustPolicy: trusting(CONSUMER), ...fields } });
  return render(section, (name) => values[name], memberAccount);
}

/** The account with that role as it is to be, but for these fields. */
function standing(
  roles: ReturnType<typeof wanted>,
  changes: Partial<NonNullable<ActualBesideRole['role']>> = {},
  profile?: ActualBesideRole['profile'],
): ActualRoles {
  const [role] = roles.roles;
  if (!role) throw new Error('the section has a role');
  const { arn, name, path, description, maxSessionDuration, managedPolicies, tags } = role;
  const found = {
    ...{ arn, name, path, description, maxSessionDuration, managedPolicies, tags },
    trustPolicy: encoded(role.trustPolicy),
    inlinePolicies: {},
    permissionsBoundary: undefined,
    isOurs: true,
    ...changes,
  };
  return { found: { reader: { role: found, ...(profile && { profile }) } }, former: [] };
}

const paths = (...given: Parameters<typeof compare>) => {
  const { differences, blocked } = compare(...given);
  return {
    written: differences.map(({ path, action }) => `${action} ${path}`.trim()),
    blocked: blocked.map(({ reason }) => reason),
  };
};

describe('comparing roles', () => {
  test('finds nothing to do where the role is as it is to be', () => {
    expect(paths(wanted(), standing(wanted()))).toEqual({ written: [], blocked: [] });
  });

  test('makes a role that does not exist, and its instance profile', () => {
    expect(paths(wanted({ instanceProfile: true }), undefined)).toEqual({
      written: ['created', 'created instanceProfile'],
      blocked: [],
    });
  });

  test('does not change a role that is not ours, and says how to hand it over', () => {
    const { differences, blocked } = compare(wanted(), standing(wanted(), { isOurs: false, tags: {} }));
    expect(differences).toEqual([]);
    expect(blocked).toEqual([
      expect.objectContaining({
        reason: 'ForeignResource',
        message: expect.stringContaining(
          'tag it with orgkeeper:owner=345678901234 and orgkeeper:name=roles.reader',
        ),
      }),
    ]);
  });

  test('names the other Orgkeeper whose role it is', () => {
    const tags = { 'orgkeeper:owner': '777777777777' };
    expect(compare(wanted(), standing(wanted(), { isOurs: false, tags })).blocked[0]?.message).toContain(
      'belongs to the Orgkeeper in account 777777777777',
    );
  });

  test('removes an inline policy that assumeGrants did not put there, and leaves the one that it did', () => {
    const inlinePolicies = { 'orgkeeper-assume': undefined };
    expect(paths(wanted(), standing(wanted(), { inlinePolicies })).written).toEqual([
      'removed inlinePolicies.orgkeeper-assume',
    ]);
    const granted = wanted({}, { 'assumeGrant.role/reader': 'orgkeeper-assume' });
    expect(paths(granted, standing(granted, { inlinePolicies })).written).toEqual([]);
  });

  test('reports a former role, which it does not delete', () => {
    const former = ['arn:aws:iam::456789012345:role/lake/old'];
    const { differences, blocked } = compare(wanted(), { ...standing(wanted()), former });
    expect(differences).toEqual([]);
    expect(blocked).toEqual([
      expect.objectContaining({
        reason: 'FormerRole',
        difference: {
          kind: 'roles',
          resource: 'old',
          path: '',
          actual: { arn: former[0] },
          action: 'reported',
        },
      }),
    ]);
  });

  test('waits for an output that has no value, and writes nothing of that role', () => {
    expect(paths(wanted({ description: '${vpc.id}' }), undefined)).toEqual({
      written: [],
      blocked: ['WaitingForOutputs'],
    });
  });

  test('warns of a role that may do everything', () => {
    const arn = 'arn:aws:iam::aws:policy/AdministratorAccess';
    expect(compare(wanted({ managedPolicies: [arn] }), undefined).warnings).toEqual([
      'AdministratorAccess: the role reader may do everything in the account',
    ]);
    expect(compare(wanted(), undefined).warnings).toBeUndefined();
  });
});

describe('a role whose trust names what nobody exports', () => {
  const all = wanted({ trustPolicy: trusting('${imports.consumers}') });
  const some = wanted({ trustPolicy: trusting(CONSUMER, '${imports.consumers}') });

  test('is not made while it would admit nobody', () => {
    expect(paths(all, undefined)).toEqual({ written: [], blocked: ['WaitingForOutputs'] });
  });

  test('is made for the others, and says whom it waits for', () => {
    expect(paths(some, undefined)).toEqual({ written: ['created'], blocked: ['WaitingForOutputs'] });
  });

  test('admits nobody any more once the last export has ended', () => {
    const before = standing(wanted());
    expect(paths(all, before)).toEqual({ written: ['updated trustPolicy'], blocked: ['WaitingForOutputs'] });
    expect(paths(all, standing(all))).toEqual({ written: [], blocked: ['WaitingForOutputs'] });
  });
});

describe('comparing an instance profile', () => {
  const with_ = wanted({ instanceProfile: true });
  const [{ path, tags } = { path: '', tags: {} }] = with_.roles;
  const arn = 'arn:aws:iam::456789012345:instance-profile/reader';
  const profile = { arn, name: 'reader', path, tags, isOurs: true, roles: ['reader'] };

  test.each([
    ['that holds the role', ['reader'], { written: [], blocked: [] }],
    ['that is empty', [], { written: ['created instanceProfile.role'], blocked: [] }],
    ['that holds another role', ['other'], { written: ['updated instanceProfile.role'], blocked: [] }],
  ])('of ours %s', (_, roles, expected) => {
    expect(paths(with_, standing(with_, {}, { ...profile, roles }))).toEqual(expected);
  });

  test.each([
    [
      'has lost its tags',
      { tags: {} },
      ['created instanceProfile.tags.orgkeeper:owner', 'created instanceProfile.tags.orgkeeper:name'],
      [],
    ],
    [
      'has a tag of somebody else, another value, and one that AWS reserves',
      {
        tags: { ...tags, mine: '1', 'orgkeeper:owner': '777777777777', 'aws:cloudformation:stack-name': 's' },
      },
      ['updated instanceProfile.tags.orgkeeper:owner', 'removed instanceProfile.tags.mine'],
      [],
    ],
    ['has another path, which IAM cannot change', { path: '/old/' }, [], ['NeedsReplacement']],
  ])('of ours that %s', (_, changes, written, blocked) => {
    expect(paths(with_, standing(with_, {}, { ...profile, ...changes }))).toEqual({ written, blocked });
  });

  test('of somebody else leaves it, and writes the role', () => {
    const theirs = { ...profile, roles: [], isOurs: false };
    expect(paths(with_, standing(with_, { description: 'mine' }, theirs))).toEqual({
      written: ['updated description'],
      blocked: ['ForeignResource'],
    });
  });

  test('that the baseline no longer asks for reports it, and does not delete it', () => {
    const plain = wanted();
    expect(paths(plain, standing(plain, {}, { ...profile, roles: ['reader'] }))).toEqual({
      written: [],
      blocked: ['FormerInstanceProfile'],
    });
  });
});
