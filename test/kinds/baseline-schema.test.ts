import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { baselineSchema } from '../../controllers/kinds/baseline-schema.ts';
import { kinds } from '../../controllers/kinds/index.ts';

const schema = baselineSchema(kinds) as Parameters<typeof z.fromJSONSchema>[0];
const accepts = (value: unknown) => z.fromJSONSchema(schema).safeParse(value).success;
const BASELINES = join(import.meta.dirname, '..', '..', 'infra', 'baselines');

const network = {
  cidr: '${address.cidr}',
  internetGateway: false,
  subnets: [{ name: 'a', cidr: '10.0.0.0/20', zone: 1, routing: 'private' }],
};

describe('the JSON Schema of baselines', () => {
  it.each(readdirSync(BASELINES))('accepts the shipped %s', (file) => {
    expect(accepts(parse(readFileSync(join(BASELINES, file), 'utf8')))).toBe(true);
  });

  it('has the section of every kind, and says what may stand there', () => {
    const { properties } = schema as { properties: Record<string, object> };
    expect(Object.keys(properties)).toEqual(
      expect.arrayContaining(['name', 'regions', ...kinds.map(({ name }) => name)]),
    );
    expect(kinds.filter(({ name }) => Object.keys(properties[name] ?? {}).length === 0)).toEqual([]);
  });

  it.each([
    ['a key that no baseline has', { name: 'a', netwrok: {} }],
    ['a key that no section has', { name: 'a', network: { ...network, sunbets: [] } }],
    ['a value of another type', { name: 'a', parameters: 'none' }],
    [
      'a value that is none of a fixed set',
      { name: 'a', parameters: [{ name: '/a', value: 'b', tier: 'Gold' }] },
    ],
    ['no name', { parameters: [] }],
  ])('refuses %s', (_, baseline) => {
    expect(accepts(baseline)).toBe(false);
  });

  it('accepts a name of an account wherever a text is', () => {
    expect(
      accepts({
        name: 'a',
        accountAlias: { name: '${account.name}' },
        network,
      }),
    ).toBe(true);
  });
});
