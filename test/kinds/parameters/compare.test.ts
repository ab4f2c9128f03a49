import { describe, expect, test } from '@jest/globals';
import { compare } from '../../../controllers/kinds/parameters/compare.ts';
import type { ActualParameter } from '../../../controllers/kinds/parameters/observe.ts';
import { ParametersSection, render } from '../../../controllers/kinds/parameters/wanted.ts';

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

describe('render of parameters', () => {
  test('takes the values of an account as data, whatever they contain, and waits for nothing', () => {
    const name = 'lab ${account.externalId} ${nothing}';
    const values: Record<string, string> = { 'account.name': name, 'account.externalId': 'a secret' };
    const wanted = wantedOf(
      { value: '${account.name}', tags: { of: '${account.name}' } },
      (one) => values[one],
    );
    expect(wanted.parameters).toMatchObject([
      { value: name, tags: { of: name }, waitsFor: [], problems: [] },
    ]);
    expect(compare(wanted, undefined).differences).toMatchObject([{ action: 'created', desired: name }]);
  });

  test('blocks a parameter that SSM would refuse, in plain words, and not the others', () => {
    const section = ParametersSection.parse([
      { name: '/about', value: '${account.name}', description: '${values.about}' },
      { name: '/account/name', value: '${account.name}' },
      { name: '/account/id', value: '1' },
    ]);
    const values: Record<string, string> = { 'account.name': 'x {{y}}', 'values.about': 'x'.repeat(1_025) };
    const wanted = render(section, (name) => values[name], account);
    const { differences, blocked } = compare(wanted, undefined);
    expect(differences).toMatchObject([{ resource: '/account/id', action: 'created' }]);
    expect(blocked).toMatchObject([
      { reason: 'InvalidDesiredState', difference: { resource: '/about', action: 'reported' } },
      {
        message:
          'The parameter /account/name is not valid for this account (parameters[1].value: SSM refuses {{…}} in a value): ' +
          'correct the baseline, or register the account again with other values.',
      },
    ]);
    expect(blocked[0]?.message).toContain('parameters[0].description: must have at most 1024 characters');
  });
});

describe('compare of parameters', () => {
  test('finds nothing if all are as wanted', () => {
    expect(compare(wantedOf({}), found())).toEqual({ differences: [], blocked: [], unowned: [] });
  });

  test('waits for an output that is not known yet, and writes nothing', () => {
    const comparison = compare(wantedOf({ value: '${vpc.id}' }), undefined);
    expect(comparison.differences).toEqual([]);
    expect(comparison.blocked).toMatchObject([
      {
        reason: 'WaitingForOutputs',
        message: expect.stringContaining('${vpc.id}'),
        difference: { resource: '/a' },
      },
    ]);
    expect(
      compare(
        wantedOf({ value: '${vpc.id}' }, () => 'vpc-1'),
        undefined,
      ).blocked,
    ).toEqual([]);
  });

  test('says that the account lacks a value, for which no run can wait', () => {
    const { blocked } = compare(wantedOf({ value: '${values.team}' }), undefined);
    expect(blocked).toMatchObject([{ reason: 'ValueMissing', message: expect.stringContaining('register') }]);
  });

  test('blocks a change of type or tier of a parameter that existed before Orgkeeper', () => {
    const adopted = { whose: 'adopted', tags: { 'orgkeeper:name': '/a' } } as const;
    for (const change of [{ type: 'StringList' }, { tier: 'Advanced' }]) {
      const comparison = compare(wantedOf({}), found({ ...adopted, ...change }));
      expect(comparison.differences).toEqual([]);
      expect(comparison.blocked).toMatchObject([{ reason: 'NeedsReplacement' }]);
    }
    expect(compare(wantedOf({ tier: 'Advanced' }), found(adopted)).differences).toMatchObject([
      { path: 'tier' },
    ]);
  });

  test('does not touch a parameter of another Orgkeeper, and names it', () => {
    const comparison = compare(wantedOf({}), found({ whose: 'unowned', value: 'y' }));
    expect(comparison.differences).toEqual([]);
    expect(comparison.blocked).toMatchObject([{ reason: 'ForeignResource' }]);
  });

  test('shows at most 200 characters of a value, and nothing of a secret', () => {
    const { differences } = compare(wantedOf({ value: 'v'.repeat(4_000) }), found());
    expect(String(differences[0]?.desired).length).toBeLessThan(230);
    const secret = compare(wantedOf({}), found({ type: 'SecureString', value: undefined })).differences;
    expect(secret).toContainEqual(expect.objectContaining({ path: 'type', actual: 'SecureString' }));
    expect(JSON.stringify(secret)).not.toContain('hush');
  });
});
