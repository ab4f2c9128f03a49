import { describe, expect, test } from '@jest/globals';
import { ParametersSection } from '../../../controllers/kinds/parameters/wanted.ts';

describe('ParametersSection', () => {
  test.each([
    ['a secret', { type: 'SecureString' }, 'type', /SecureString values are not managed yet/],
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

  test('accepts fifteen levels, and 8 KB in the tier Advanced', () => {
    const given = [{ name: '/l'.repeat(15), value: 'x'.repeat(8_192), tier: 'Advanced' }];
    expect(ParametersSection.safeParse(given).error).toBeUndefined();
  });

  test('refuses a name that is listed twice', () => {
    const parsed = ParametersSection.safeParse([
      { name: '/a', value: '1' },
      { name: '/a', value: '2' },
    ]);
    expect(parsed.error?.issues).toMatchObject([{ path: [1, 'name'] }]);
  });
});
