import { describe, expect, test } from '@jest/globals';
import type { ActualParameter } from '../../../controllers/kinds/parameters/actual.ts';
import { diff } from '../../../controllers/kinds/parameters/diff.ts';
import { render } from '../../../controllers/kinds/parameters/render.ts';
import { ParametersSection } from '../../../controllers/kinds/parameters/section.ts';

const account = { accountId: '456789012345', partition: 'aws', region: 'eu-west-1', owner: '345678901234' };
const wantedOf = (given: object, lookup: (name: string) => string | undefined = () => undefined) =>
  render(ParametersSection.parse([{ name: '/a', value: 'x', ...given }]), lookup, account);
const found = (change: Partial<ActualParameter> = {}) => {
  const one: ActualParameter = {
    name: '/a',
    arn: 'arn:aws:ssm:eu-west-1:456789012345:parameter/a',
    value: 'x',
    type: 'String',
    tier: 'Standard',
    description: '',
    tags: { 'orgkeeper:owner': '345678901234', 'orgkeeper:name': '/a' },
    whose: 'ours',
    ...change,
  };
  return { found: { '/a': one }, dropped: [], lookalikes: [] };
};

describe('the section parameters', () => {
  test.each([
    ['a secret', { type: 'SecureString' }, 'type', /SecureString values are not kept yet/],
    ['a number as value', { value: 7 }, 'value', /between quotes/],
    ['an empty value', { value: '' }, 'value', /not empty/],
    ['a name that starts with aws', { name: '/AWS-facts/x' }, 'name', /aws or ssm/],
    ['a name that starts with ssm', { name: 'ssmx' }, 'name', /aws or ssm/],
    ['levels without a leading slash', { name: 'a/b' }, 'name', /starting with/],
    ['a name with a space', { name: '/a b' }, 'name', /letters/],
    ['sixteen levels', { name: '/l'.repeat(16) }, 'name', /15 levels/],
    ['a value too long for its tier', { value: 'é'.repeat(2_049) }, 'value', /4096 bytes/],
    ['a reference of SSM', { value: 'x{{ssm:/b}}' }, 'value', /\{\{/],
    ['a tier that depends', { tier: 'Intelligent-Tiering' }, 'tier', /./],
  ])('refuses %s, by its path', (_, given, field, message) => {
    const parsed = ParametersSection.safeParse([{ name: '/a', value: 'x', ...given }]);
    expect(parsed.error?.issues[0]).toMatchObject({
      path: [0, field],
      message: expect.stringMatching(message),
    });
  });

  test('takes fifteen levels, and 8 KB where the tier holds them', () => {
    const given = [{ name: '/l'.repeat(15), value: 'x'.repeat(8_192), tier: 'Advanced' }];
    expect(ParametersSection.safeParse(given).error).toBeUndefined();
  });

  test('refuses a name that stands there twice', () => {
    const parsed = ParametersSection.safeParse([
      { name: '/a', value: '1' },
      { name: '/a', value: '2' },
    ]);
    expect(parsed.error?.issues).toMatchObject([{ path: [1, 'name'] }]);
  });
});

describe('parameters with the values of an account', () => {
  test('take those values as data, whatever stands in them, and wait for nothing', () => {
    const name = 'lab ${account.externalId} ${nothing}';
    const values: Record<string, string> = { 'account.name': name, 'account.externalId': 'a secret' };
    const wanted = wantedOf(
      { value: '${account.name}', tags: { of: '${account.name}' } },
      (one) => values[one],
    );
    expect(wanted.parameters).toMatchObject([
      { value: name, tags: { of: name }, waitsFor: [], problems: [] },
    ]);
    expect(diff(wanted, undefined).differences).toMatchObject([{ action: 'created', desired: name }]);
  });

  test('that SSM would refuse are blocked by name, in plain words, and the others are written', () => {
    const section = ParametersSection.parse([
      { name: '/about', value: '${account.name}', description: '${values.about}' },
      { name: '/account/name', value: '${account.name}' },
      { name: '/account/id', value: '1' },
    ]);
    const values: Record<string, string> = { 'account.name': 'x {{y}}', 'values.about': 'x'.repeat(1_025) };
    const wanted = render(section, (name) => values[name], account);
    const { differences, blocked } = diff(wanted, undefined);
    expect(differences).toMatchObject([{ resource: '/account/id', action: 'created' }]);
    expect(blocked).toMatchObject([
      { reason: 'InvalidDesiredState', difference: { resource: '/about', action: 'reported' } },
      {
        message:
          'The parameter /account/name makes no sense for this account (parameters[1].value: SSM takes no {{…}} in a value): ' +
          'correct the baseline, or register the account again with other values.',
      },
    ]);
    expect(blocked[0]?.message).toContain('parameters[0].description: must have at most 1024 characters');
  });
});

describe('what differs in parameters', () => {
  test('is nothing when they are as wanted', () => {
    expect(diff(wantedOf({}), found())).toEqual({ differences: [], blocked: [], unowned: [] });
  });

  test('waits for an output that is not known yet, and writes nothing', () => {
    const comparison = diff(wantedOf({ value: '${vpc.id}' }), undefined);
    expect(comparison.differences).toEqual([]);
    expect(comparison.blocked).toMatchObject([
      {
        reason: 'WaitingForOutputs',
        message: expect.stringContaining('${vpc.id}'),
        difference: { resource: '/a' },
      },
    ]);
    expect(
      diff(
        wantedOf({ value: '${vpc.id}' }, () => 'vpc-1'),
        undefined,
      ).blocked,
    ).toEqual([]);
  });

  test('says when the account lacks a value, which no waiting will bring', () => {
    const { blocked } = diff(wantedOf({ value: '${values.team}' }), undefined);
    expect(blocked).toMatchObject([{ reason: 'ValueMissing', message: expect.stringContaining('register') }]);
  });

  test('in type or tier, of one that was there before Orgkeeper, needs a replacement that nobody makes', () => {
    const adopted = { whose: 'adopted', tags: { 'orgkeeper:name': '/a' } } as const;
    for (const change of [{ type: 'StringList' }, { tier: 'Advanced' }]) {
      const comparison = diff(wantedOf({}), found({ ...adopted, ...change }));
      expect(comparison.differences).toEqual([]);
      expect(comparison.blocked).toMatchObject([{ reason: 'NeedsReplacement' }]);
    }
    expect(diff(wantedOf({ tier: 'Advanced' }), found(adopted)).differences).toMatchObject([
      { path: 'tier' },
    ]);
  });

  test('of another Orgkeeper is not touched, and is said', () => {
    const comparison = diff(wantedOf({}), found({ whose: 'foreign', value: 'y' }));
    expect(comparison.differences).toEqual([]);
    expect(comparison.blocked).toMatchObject([{ reason: 'ForeignResource' }]);
  });

  test('never shows more of a value than 200 characters, and nothing of a secret', () => {
    const { differences } = diff(wantedOf({ value: 'v'.repeat(4_000) }), found());
    expect(String(differences[0]?.desired).length).toBeLessThan(230);
    const secret = diff(wantedOf({}), found({ type: 'SecureString', value: undefined })).differences;
    expect(secret).toContainEqual(expect.objectContaining({ path: 'type', actual: 'SecureString' }));
    expect(JSON.stringify(secret)).not.toContain('hush');
  });
});
