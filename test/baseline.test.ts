import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseBaseline } from '../controllers/kinds/baseline.ts';
import { kinds as shippedKinds } from '../controllers/kinds/index.ts';
import { InvalidDesiredState, type Problem } from '../shared/domain/errors.ts';
import { interpolateDeep, type Lookup } from '../shared/domain/interpolate.ts';
import { aFakeKind } from './kinds/fake-kind.ts';

/** Two kinds as small as can be: the first gives outputs, the second lists values and renders them. */
const house = aFakeKind({
  name: 'house',
  section: z.strictObject({ cidr: z.string(), doors: z.array(z.string()).default([]) }),
  outputNames: ({ doors }: { doors: string[] }) => ['house.id', ...doors.map((door) => `door.${door}.id`)],
  render: (section: { cidr: string }, lookup: Lookup) => {
    const wanted = interpolateDeep(section, lookup);
    if (/^[\d./]+$/.test(wanted.cidr)) return wanted;
    throw new InvalidDesiredState('bad house', [{ path: 'cidr', message: 'not a CIDR block' }]);
  },
});
const letters = aFakeKind({
  name: 'letters',
  section: z.array(
    z.strictObject({
      to: z.string(),
      weight: z.union([z.number(), z.strictObject({ grams: z.number().max(100, 'too heavy') })]).optional(),
    }),
  ),
  outputNames: () => ['letters.first'],
  render: interpolateDeep,
});
const kinds = [house, letters];

function problems(text: string): readonly Problem[] {
  const answer = parseBaseline(text, kinds);
  return 'problems' in answer ? answer.problems : [];
}

const valid = `name: small
description: A house and its letters
house:
  cidr: 10.0.0.0/16
  doors: [front]
letters:
  - to: \${account.id} at \${door.front.id} of \${house.id}, \${values.street}
`;

describe('a baseline', () => {
  test('is parsed with its sections as they are written, names not filled in', () => {
    expect(
      parseBaseline(valid.replace('  doors: [front]\n', '').replace('${door.front.id}', ''), kinds),
    ).toEqual({
      baseline: {
        name: 'small',
        description: 'A house and its letters',
        sections: {
          house: { cidr: '10.0.0.0/16' },
          letters: [{ to: '${account.id} at  of ${house.id}, ${values.street}' }],
        },
      },
    });
  });

  test('may omit sections and the description', () => {
    expect(parseBaseline('name: x\nletters: []\n', kinds)).toEqual({
      baseline: { name: 'x', description: '', sections: { letters: [] } },
    });
  });

  test('with an unknown key, at the top or within, is refused with its path and line', () => {
    expect(problems(`${valid}    too: b\ngarden: {}\n`)).toEqual([
      { path: 'letters[0].too', line: 8, message: 'unknown key' },
      { path: 'garden', line: 9, message: 'unknown key; the sections are house, letters' },
    ]);
  });

  test('with an unknown name is refused with the names that exist', () => {
    const [problem, ...others] = problems(valid.replace('${account.id}', '${nonsense}'));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ path: 'letters[0].to', line: 7 });
    expect(problem?.message).toMatch(
      /^unknown name \$\{nonsense\}; known here are account\.id, .*door\.front\.id/,
    );
  });

  test.each([
    ['an output of its own', 'house:\n  cidr: 10.0.0.0/16\n  doors: ["${house.id}"]', 'house.doors[0]', 4],
    ['an output that its section does not make', 'letters: [{ to: "${door.back.id}" }]', 'letters[0].to', 2],
    ['a value without a name', 'letters:\n - to: ${values.}', 'letters[0].to', 3],
    ['a name that is not closed', 'letters:\n - to: "${account.id"', 'letters[0].to', 3],
  ])('may not use %s', (_, sections, path, line) => {
    expect(problems(`name: x\n${sections}\n`)).toMatchObject([{ path, line }]);
  });

  test('may use an output of a kind that is later in the list', () => {
    expect(
      problems('name: x\nhouse:\n  cidr: 10.0.0.0/16\n  doors: ["${letters.first}"]\nletters: []'),
    ).toEqual([]);
  });

  test('whose sections wait for each other is refused, and the circle is named', () => {
    const text =
      'name: x\nhouse:\n  cidr: 10.0.0.0/16\n  doors: ["${letters.first}"]\nletters: [{ to: "${house.id}" }]';
    expect(problems(text)).toEqual([
      {
        path: 'letters[0].to',
        line: 5,
        message: 'the sections wait for each other: house → letters → house',
      },
    ]);
  });

  test('with several problems has all of them named, in the order of the lines, missing keys at their parent', () => {
    expect(
      problems('name: Bad Name\nhouse: {}\nletters:\n  - to: 7\n  - {}\n').map(({ path, line }) => [
        path,
        line,
      ]),
    ).toEqual([
      ['name', 1],
      ['house.cidr', 2],
      ['letters[0].to', 4],
      ['letters[1].to', 5],
    ]);
  });

  test('is not checked for outputs of a section that could not be parsed', () => {
    expect(
      problems('name: x\nhouse: { cidr: 1 }\nletters: [{ to: "${house.id}" }, { to: "${no}" }]'),
    ).toMatchObject([{ path: 'house.cidr' }, { path: 'letters[1].to' }]);
  });

  test('with alternatives has the problems of the intended one named', () => {
    expect(problems('name: x\nletters:\n - to: a\n   weight:\n    grams: 700')).toEqual([
      { path: 'letters[0].weight.grams', line: 5, message: 'too heavy' },
    ]);
  });

  test('is rendered once, so that what AWS would refuse is found before it is published', () => {
    expect(problems('name: x\nhouse:\n  cidr: ${account.name}')).toEqual([
      { path: 'house.cidr', line: 3, message: 'not a CIDR block' },
    ]);
    expect(problems('name: x\nhouse:\n  cidr: ${values.cidr}')).toEqual([]);
  });

  test.each([
    ['no YAML', 'name: [x', 1],
    ['a key given twice', 'name: x\nname: y\nletters: []', 2],
    ['a tab for indentation', 'name: x\nhouse:\n\tcidr: 1', 3],
    ['an alias of nothing', 'name: x\nletters: *other', undefined],
    ['an unknown tag', 'name: x\nletters: !!js/function "x"', 2],
    ['two documents', 'name: x\nletters: []\n---\nname: y', 3],
    ['a bracket forgotten, again and again', `name: x\nletters: ${'['.repeat(2_000)}`, 2],
    ['nothing', '', 1],
    ['a list', '- name: x', 1],
    ['only a name', 'name: x', 1],
    ['aliases that multiply', bomb(), undefined],
    ['nesting without end', `name: x\nletters: ${'['.repeat(20_000)}${']'.repeat(20_000)}`, 2],
    ['too much text', `name: x\nletters: [{to: "${'a'.repeat(200_000)}"}]`, undefined],
  ])('of %s is refused and never thrown', (_, text, line) => {
    const all = problems(text);
    expect(all[0]?.message).toMatch(/.../);
    expect(all[0]?.line).toBe(line);
    expect(all.length).toBeLessThan(21);
  });

  test('has lines named behind aliases and in keys that are not text', () => {
    expect(problems('name: x\nhouse: &h\n  cidr: 10.0.0.0/8\n  extra: 1\n').map(({ line }) => line)).toEqual([
      4,
    ]);
    expect(problems('name: x\n? [a]\n: 1\n7: 1\n__proto__: {}\nletters: []').map(({ line }) => line)).toEqual(
      [1, 4, 5],
    );
  });
});

describe('the regions of a baseline', () => {
  const inRegions = (regions: string, letter = '${account.id}') =>
    `name: x\nregions: ${regions}\nletters: [{ to: "${letter}" }]\nhouse: { cidr: 10.0.0.0/16 }\n`;

  test('are kept in their order, with whether they are enabled', () => {
    const text = `enableRegions: true\n${inRegions('[eu-west-1, us-east-1]')}`;
    expect(parseBaseline(text, kinds)).toMatchObject({
      baseline: { regions: ['eu-west-1', 'us-east-1'], enableRegions: true },
    });
    const without = parseBaseline(`enableRegions: false\n${inRegions('[eu-west-1]')}`, kinds);
    expect(without).not.toHaveProperty('baseline.enableRegions');
  });

  test.each([
    ['none', '[]', 'regions', 'must list at least one region'],
    ['one twice', '[eu-west-1, us-east-1, eu-west-1]', 'regions[2]', 'eu-west-1 is listed twice'],
    ['a zone', '[eu-west-1a]', 'regions[0]', 'must be a region'],
    [
      'one of another partition',
      '[eu-west-1, us-gov-west-1]',
      'regions[1]',
      'us-gov-west-1 is not in the partition aws, where the accounts are',
    ],
  ])('cannot be %s', (_, regions, path, message) => {
    expect(problems(inRegions(regions))).toEqual([{ path, line: 2, message }]);
  });

  test('must be of the partition of the deployment', () => {
    const text = inRegions('[eu-west-1]');
    expect(parseBaseline(text, kinds, { partition: 'aws' })).toHaveProperty('baseline');
    expect(parseBaseline(text, kinds, { partition: 'aws-cn' })).toMatchObject({
      problems: [{ path: 'regions[0]', line: 2 }],
    });
  });

  const regional = [aFakeKind({ ...house, scope: 'regional' }), letters];
  const messages = (text: string) => {
    const answer = parseBaseline(text, regional);
    return 'problems' in answer ? answer.problems.map(({ message }) => message) : [];
  };

  test('may be named for an output of another one', () => {
    expect(messages(inRegions('[eu-west-1, us-east-1]', '${regions.us-east-1.house.id}'))).toEqual([]);
    expect(messages(inRegions('[eu-west-1, us-east-1]', '${regions.us-east-1.house.door}'))).toEqual([
      'unknown name ${regions.us-east-1.house.door}; known here are regions.us-east-1.house.id',
    ]);
  });

  test('have no output of a region that they do not list, nor of a kind without regions', () => {
    expect(messages(inRegions('[eu-west-1]', '${regions.us-east-1.house.id}'))).toEqual([
      'unknown name ${regions.us-east-1.house.id}: no account is managed in us-east-1; the regions of the baseline are eu-west-1',
    ]);
    expect(problems(inRegions('[eu-west-1]', '${regions.eu-west-1.house.id}'))).toHaveLength(1);
  });

  test('may be left to registrations; then only the name of a region is known', () => {
    const text = (region: string) =>
      `name: x\nhouse: { cidr: 10.0.0.0/16 }\nletters: [{ to: "\${regions.${region}.house.id}" }]`;
    expect(messages(text('us-east-1'))).toEqual([]);
    expect(messages(text('moon'))).toEqual([
      'unknown name ${regions.moon.house.id}: no account is managed in moon',
    ]);
  });

  test('cannot be several with a zone id, which belongs to one region', () => {
    const inZone = (regions: string) =>
      `name: x${regions}\nnetwork: { cidr: 10.0.0.0/16, internetGateway: true, subnets: [{ name: a, cidr: 10.0.0.0/24, zone: 1, routing: public },` +
      ' { name: b, cidr: 10.0.1.0/24, zoneId: euw1-az1, routing: public }] }\n';
    const message =
      'euw1-az1 is a zone of one region, and the baseline lists several: say `zone` instead, the n-th zone of each region';
    expect(parseBaseline(inZone('\nregions: [eu-west-1, us-east-1]'), shippedKinds)).toEqual({
      problems: [{ path: 'network.subnets[1].zoneId', line: 3, message }],
    });
    expect(parseBaseline(inZone('\nregions: [eu-west-1]'), shippedKinds)).toHaveProperty('baseline');
    expect(parseBaseline(inZone(''), shippedKinds)).toHaveProperty('baseline');
  });
});

function bomb(): string {
  const levels = 'abcdefghi'.split('');
  const lines = levels
    .slice(1)
    .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${levels[i]}`).join(', ')}]`);
  return ['name: x', 'a: &a [x]', ...lines].join('\n');
}

test('the shipped baseline is valid', () => {
  const text = readFileSync(new URL('../infra/baselines/analytics.yaml', import.meta.url), 'utf8');
  expect(parseBaseline(text, shippedKinds)).toMatchObject({ baseline: { name: 'analytics' } });
});

describe('the name of the execution role', () => {
  const named = (name: string) => `name: small
executionRole:
  name: ${name}
  trustPolicy: { Statement: { Effect: Allow, Principal: { AWS: "\${main.runnerRole}" }, Action: "sts:AssumeRole" } }
`;
  const deployment = { executionRolePattern: 'orgkeeper-execution*' };

  test('must be one that the deployment may assume, if the deployment is known', () => {
    expect(parseBaseline(named('bad-name'), shippedKinds)).toHaveProperty('baseline');
    expect(parseBaseline(named('bad-name'), shippedKinds, deployment)).toMatchObject({
      problems: [{ path: 'executionRole.name', line: 3 }],
    });
    expect(parseBaseline(named('orgkeeper-execution-2'), shippedKinds, deployment)).toHaveProperty(
      'baseline',
    );
  });

  test('is not checked if it contains values of an account', () => {
    expect(parseBaseline(named('"${values.role}"'), shippedKinds, deployment)).toHaveProperty('baseline');
  });
});

describe('a name that AWS fills in', () => {
  const role = (resource: string) => `name: small
executionRole:
  name: orgkeeper-execution
  trustPolicy: { Statement: { Effect: Allow, Principal: { AWS: "\${main.runnerRole}" }, Action: "sts:AssumeRole" } }
  inlinePolicies:
    home: { Statement: { Effect: Allow, Action: "s3:GetObject", Resource: "${resource}" } }
`;

  test('is allowed in a policy', () => {
    expect(parseBaseline(role('arn:aws:s3:::home/${aws:username}/*'), shippedKinds)).toHaveProperty(
      'baseline',
    );
  });

  test('does not allow a misspelt one', () => {
    expect(parseBaseline(role('arn:aws:s3:::home/${acount.id}/*'), shippedKinds)).toHaveProperty('problems');
  });

  test('is not allowed in a parameter', () => {
    expect(parseBaseline(role('arn:aws:s3:::${AWS::AccountId}-x/*'), shippedKinds)).toMatchObject({
      problems: [{ path: expect.stringMatching(/Resource$/), line: expect.any(Number) }],
    });
    const parameter = 'name: small\nparameters:\n  - { name: /a, value: "${aws:username}" }\n';
    expect(parseBaseline(parameter, shippedKinds)).toHaveProperty('problems');
  });
});

test('a baseline with one parameter that SSM would refuse with its names filled in is refused with its line', () => {
  const tagged =
    'name: small\nparameters:\n  - { name: /a, value: x }\n  - name: /b\n    value: x\n    tags: { t: "${account.id}!" }\n';
  expect(parseBaseline(tagged, shippedKinds)).toEqual({
    problems: [
      {
        path: 'parameters[1].tags.t',
        message: expect.stringContaining('a tag value is at most 256 letters'),
        line: 6,
      },
    ],
  });
});

describe('the exports of a baseline', () => {
  const exporting = (text: string) =>
    `name: x\nexports: { readers: ${text} }\nhouse: { cidr: 10.0.0.0/16 }\n`;

  test.each(['"${house.id}"', '"${account.id}"', '"arn:${partition}:iam::${account.id}:role/x"'])(
    'name what the account has: %s',
    (text) => {
      expect(parseBaseline(exporting(text), kinds)).toMatchObject({
        baseline: { exports: { readers: text.slice(1, -1) } },
      });
    },
  );

  test.each([
    ['a value of the registration', '"${values.role}"', '${values.role} cannot be exported'],
    ['the name of the account', '"${account.name}"', '${account.name} cannot be exported'],
    ['the ExternalId', '"${account.externalId}"', '${account.externalId} cannot be exported'],
    ['an import', '"${imports.readers}"', '${imports.readers} cannot be exported'],
    ['an output that nothing has', '"${door.none.id}"', '${door.none.id} cannot be exported'],
    ['a text of its own', '"anybody"', 'an export names something of its account'],
    ['everybody', '"*"', 'an export names something of its account'],
    ['a wildcard', '"arn:aws:iam::${account.id}:role/*"', 'without wildcards'],
  ])('cannot be exported: %s', (_, text, message) => {
    expect(problems(exporting(text))).toEqual([
      { path: 'exports.readers', message: expect.stringContaining(message), line: 2 },
    ]);
  });

  test('have names of lower-case letters, digits and dashes', () => {
    const [problem] = problems(
      'name: x\nexports: { Readers: "${house.id}" }\nhouse: { cidr: 10.0.0.0/16 }\n',
    );
    expect(problem?.path).toBe('exports.Readers');
  });
});

describe('the imports of a baseline', () => {
  const importing = (to: string) => `name: x\nlists: { of: ${to} }\n`;
  const lists = aFakeKind({
    name: 'lists',
    section: z.strictObject({ of: z.any() }),
    outputNames: () => [],
    render: interpolateDeep,
  });
  const found = (text: string) => {
    const answer = parseBaseline(text, [lists]);
    return 'problems' in answer ? answer.problems : [];
  };

  test('are elements of a list', () => {
    expect(found(importing('[first, "${imports.readers}"]'))).toEqual([]);
  });

  test.each([
    ['in place of a list', '"${imports.readers}"', 'lists.of', 'write it as an element of its own of a list'],
    [
      'in a longer text',
      '["a-${imports.readers}"]',
      'lists.of[0]',
      'write it as an element of its own of a list',
    ],
    ['by a name that none can have', '["${imports.Readers}"]', 'lists.of[0]', 'lower-case letters, digits'],
  ])('are refused %s, with their path', (_, to, path, message) => {
    expect(found(importing(to))).toEqual([{ path, message: expect.stringContaining(message), line: 2 }]);
  });
});
