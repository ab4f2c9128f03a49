import { describe, expect, it } from '@jest/globals';
import { maskExternalIds } from '../../shared/domain/secrets.ts';

const OWN = 'Zx4vJ0m1Qn7aTt9yWk2rBd5sLh8uEc3g';
const OTHER = 'another-external-id';

describe('maskExternalIds', () => {
  it.each([
    ['a whole trust policy', { Condition: { StringEquals: { 'sts:ExternalId': [OTHER, OWN] } } }],
    ['a place of one', { 'Statement[0].Condition.StringEquals.sts:ExternalId': OTHER }],
    ['a condition key in other letters', { stringequals: { 'STS:externalid': OTHER } }],
    ['a policy that is text', `{"Condition":{"StringEquals":{"sts:ExternalId":"${OTHER}"}}}`],
    ['a policy that is text in text', JSON.stringify(`{"sts:ExternalId": ["${OTHER}"]}`)],
    ['a policy that is YAML', `StringEquals:\n  sts:ExternalId: ${OTHER}\n`],
    ['anything that publishes the account’s own', { value: `id=${OWN};` }],
  ])('leaves only the ends of those in %s', (_, value) => {
    const text = JSON.stringify(maskExternalIds(value, OWN));
    expect(text).not.toContain(OWN);
    expect(text).not.toContain(OTHER);
    expect(text).toMatch(/an\*{4}id|Zx\*{4}3g/);
  });

  it('leaves everything else unchanged', () => {
    const value = { a: [1, null, true, 'externalId'], 'aws:PrincipalArn': 'arn', path: 'trustPolicy' };
    expect(maskExternalIds(value, 'ab')).toEqual(value);
  });

  it('shows nothing of a short ExternalId', () => {
    expect(maskExternalIds({ externalId: 'abc' })).toEqual({ externalId: '****' });
  });
});
