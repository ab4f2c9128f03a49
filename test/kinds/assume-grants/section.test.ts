import { describe, expect, test } from '@jest/globals';
import { assumeGrants } from '../../../controllers/kinds/assume-grants/kind.ts';
import { AssumeGrantsSection, policyOf, render } from '../../../controllers/kinds/assume-grants/section.ts';
import { entryOf } from '../../../controllers/kinds/kind-account.ts';
import { aConfig, aRecord, MEMBER } from '../../kit/factories.ts';
import { memberAccount } from '../../kit/kind-context.ts';

const READER = 'arn:aws:iam::999999999999:role/lake/reader';

const rendered = (section: unknown, values: Record<string, string> = {}, account = memberAccount) =>
  render(AssumeGrantsSection.parse(section), (name) => values[name], account).grants;
const many = (count: number) =>
  Array.from({ length: count }, (_, at) => `arn:aws:iam::999999999999:role/reader-${100 + at}`);

describe('the section assumeGrants', () => {
  test.each([
    ['no principal', { assume: [READER] }, '0', /exactly one of user, group and role/],
    [
      'two principals',
      { user: 'ann', group: 'x', assume: [READER] },
      '0',
      /exactly one of user, group and role/,
    ],
    ['a name that IAM rejects', { user: 'ann@home:1', assume: [READER] }, '0.user', /1 to 64 letters/],
    ['a name with its path', { role: 'analysis/a', assume: [READER] }, '0.role', /without its path/],
    ['a wildcard', { user: 'ann', assume: ['arn:aws:iam::999999999999:role/*'] }, '0.assume.0', /wildcards/],
    [
      'the root of an account',
      { user: 'ann', assume: ['arn:aws:iam::999999999999:root'] },
      '0.assume.0',
      /ARN of a role/,
    ],
    ['nothing to assume', { user: 'ann' }, '0.assume', /names no role/],
    [
      'a user that passes itself',
      { user: 'ann', assume: [READER], passRole: true },
      '0.passRole',
      /only a role/,
    ],
    ['a misspelt field', { user: 'ann', assumes: [READER] }, '0', /assumes/],
  ])('rejects %s, with its path', (_, grant, path, message) => {
    const { error } = AssumeGrantsSection.safeParse([grant]);
    const found = error?.issues.find((issue) => issue.path.join('.') === path);
    expect(found?.message).toMatch(message);
  });

  test.each([
    [
      'a role of another partition',
      [{ user: 'ann', assume: ['arn:aws-cn:iam::999999999999:role/reader'] }],
      {},
      'assumeGrants[0].assume[0]',
      /in the partition aws-cn, and the account is in aws/,
    ],
    [
      'more roles than the policy of a user has room for',
      [{ user: 'ann', assume: many(50) }],
      {},
      'assumeGrants[0].assume',
      /user together may have 2048 characters.* has 2\d{3}: list fewer roles/,
    ],
    [
      'more roles than the policy of a group has room for',
      [{ group: 'analysts', assume: many(130) }],
      {},
      'assumeGrants[0].assume',
      /5120 characters/,
    ],
    [
      'more roles than the policy of a role has room for',
      [{ role: 'reader', assume: many(260) }],
      {},
      'assumeGrants[0].assume',
      /10240 characters/,
    ],
    [
      'a principal that is listed twice, in whatever case',
      [
        { user: 'ann', assume: [READER] },
        { user: 'Ann', assume: [READER] },
      ],
      {},
      'assumeGrants[1].user',
      /listed in assumeGrants\[0\], too/,
    ],
    [
      'a value with a wildcard',
      [{ user: 'ann', assume: ['arn:aws:iam::999999999999:role/${values.role}'] }],
      { 'values.role': '*' },
      'assumeGrants[0].assume[0]',
      /wildcards are not allowed/,
    ],
    [
      "the account's execution role",
      [{ role: 'orgkeeper-execution', assume: [READER] }],
      { 'role.name': 'orgkeeper-execution' },
      'assumeGrants[0].role',
      /executionRole\.inlinePolicies/,
    ],
  ])('has %s as a problem of that grant, and of no other', (_, section, values, path, message) => {
    const all = rendered([...section, { group: 'unconcerned', assume: [READER] }], values);
    expect(all.flatMap(({ problems }) => problems)).toEqual([
      { path, message: expect.stringMatching(message) },
    ]);
    const wanted = { ...memberAccount, grants: all };
    expect(assumeGrants.parts?.problems(wanted)).toHaveLength(1);
  });

  test('has the role by which the account is entered as a problem', () => {
    const roleArn = `arn:aws:iam::${MEMBER}:role/theirs/their-door`;
    const entry = entryOf(aRecord({ executionRoleArn: roleArn }), aConfig(), []);
    const account = { ...memberAccount, ...(entry && { entry }) };
    const [grant] = rendered([{ role: 'their-door', assume: [READER] }], {}, account);
    expect(grant?.problems).toEqual([
      { path: 'assumeGrants[0].role', message: expect.stringMatching(/execution role/) },
    ]);
  });

  test('leaves out what nobody exports, and waits for every other name', () => {
    const section = [
      { user: 'ann', assume: [READER, '${imports.readers}'] },
      { role: '${roles.a.name}', assume: [READER] },
    ];
    expect(rendered(section)).toMatchObject([
      { assume: [READER], missing: ['imports.readers'], waitsFor: [] },
      { missing: [], waitsFor: ['roles.a.name'] },
    ]);
    expect(rendered(section, { 'roles.a.name': 'reader' })[1]).toMatchObject({
      name: 'reader',
      waitsFor: [],
    });
  });
});

describe('the policy of a grant', () => {
  test('allows exactly these roles, each once, and to pass the role itself and no other', () => {
    const itself = `arn:aws:iam::${MEMBER}:role/analysis/a`;
    const [grant] = rendered([{ role: 'a', assume: [READER, READER], passRole: true }]);
    expect(grant && policyOf(grant, '345678901234', itself)).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Sid: 'Orgkeeper345678901234Assume', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: [READER] },
        { Sid: 'Orgkeeper345678901234PassRole', Effect: 'Allow', Action: 'iam:PassRole', Resource: [itself] },
      ],
    });
  });

  test('does not exist where nothing is granted', () => {
    const [grant] = rendered([{ user: 'ann', assume: ['${imports.readers}'] }]);
    expect(grant && policyOf(grant, '345678901234', 'arn')).toBeUndefined();
  });
});
