import fc from 'fast-check';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Texts that something on the way may take for more than text. */
const TEXTS: readonly string[] = [
  ...[
    '',
    ' ',
    '\n',
    '\0',
    'x\u001b[2J\u0007',
    '\u202e\u2066',
    '\ud800',
    '\u2028',
    '\ufeff',
    '👩‍🔬',
    'ﬀ',
    'İ',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'then'],
  ...[
    '${x}',
    '${',
    '${account.externalId}',
    '${AWS::AccountId}',
    '{{resolve:ssm:/x}}',
    '{{x}}',
    '$(id)',
    '`id`',
  ],
  ...[
    "'",
    '"',
    '\\',
    '--help',
    '-',
    '*',
    '?',
    '**',
    '/',
    '..',
    '../..',
    '%',
    '%2F',
    '%zz',
    '[0]',
    '.',
    'a.b[0]',
  ],
  ...[
    'null',
    'true',
    'NaN',
    '1e999',
    '004752653756',
    '-0',
    '0x10',
    '456789012345',
    'arn:aws:iam::456789012345:root',
  ],
  ...[
    '2026-11-20T09:14:07Z',
    '2026-11-20',
    '0000-01-01T00:00:00Z',
    '+275760-09-13T00:00:00.001Z',
    '9999-99-99',
  ],
  ...[
    'eu-west-1',
    'vpc-0123456789abcdef0',
    '10.0.0.0/8',
    '0.0.0.0/0',
    '::/0',
    '999.0.0.0/33',
    'x@example.com',
  ],
  'x'.repeat(1_025),
  'é'.repeat(1_100),
];
const NUMBERS: readonly number[] = [0, 1, -1, 0.5, 7, 2 ** 31, 2 ** 53, 4_752_653_756, 1e21, 1e308, 5e-324];

/** The value within so many lists, or objects. */
function nested(value: Json, depth: number, key?: string): Json {
  let whole = value;
  for (let level = 0; level < depth; level++) whole = key === undefined ? [whole] : { [key]: whole };
  return whole;
}

/** A value with a key that a prototype has, of its own. */
function own(key: string, value: Json): Json {
  return JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`);
}

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);

/** Whatever JSON can hold that nobody expects. */
export const strange: fc.Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 3, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 3, arbitrary: fc.constantFrom<Json>(null, true, false, [], {}, [[]], [null], [{}]) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('__proto__', 'constructor', 'toString', 'then')
      .map((key) => own(key, { x: 1 })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(20, 101, 800), fc.constantFrom(undefined, 'x'))
      .map(([depth, key]) => nested(1, depth, key)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Json>('x', {}, 7).map((one) => Array.from({ length: 300 }, () => one)),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json> },
);

type Edit = (value: Json) => Json;

/** What is done to one place of a value. */
const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 6,
    arbitrary: strange.map(
      (value): Edit =>
        () =>
          value,
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constant<Edit>((value) =>
      typeof value === 'string' ? Number(value) || 0 : (JSON.stringify(value) ?? ''),
    ),
  },
  {
    weight: 2,
    arbitrary: text.map(
      (more): Edit =>
        (value) =>
          typeof value === 'string' ? value + more : more,
    ),
  },
  { weight: 1, arbitrary: fc.constant<Edit>((value) => [value, value]) },
  { weight: 1, arbitrary: fc.constant<Edit>((value) => ({ value })) },
  {
    weight: 2,
    arbitrary: fc.tuple(text, strange).map(
      ([key, more]): Edit =>
        (value) =>
          withMember(value, key, more),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(20).map(
      (at): Edit =>
        (value) =>
          withoutMember(value, at),
    ),
  },
);

function withMember(value: Json, key: string, more: Json): Json {
  if (Array.isArray(value)) return [...value, more];
  if (value === null || typeof value !== 'object') return own(key, more);
  return Object.fromEntries([...Object.entries(value), ...Object.entries(own(key, more) as object)]);
}

function withoutMember(value: Json, at: number): Json {
  if (Array.isArray(value)) return value.filter((_, index) => index !== at % value.length);
  if (value === null || typeof value !== 'object') return null;
  const all = Object.entries(value);
  return Object.fromEntries(all.filter((_, index) => index !== at % all.length));
}

/** The value, changed at its n-th place: itself, or one of those within it. */
function changedAt(value: Json, place: number, change: Edit): Json {
  let left = place % placesIn(value);
  const walk = (one: Json): Json => {
    if (left-- === 0) return change(one);
    if (left < 0 || one === null || typeof one !== 'object') return one;
    if (Array.isArray(one)) return one.map(walk);
    return Object.fromEntries(Object.entries(one).map(([key, item]) => [key, walk(item)]));
  };
  return walk(value);
}

function placesIn(value: Json): number {
  if (value === null || typeof value !== 'object') return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + placesIn(item), 1);
}

/** Valid examples, each changed in a few places, and now and then something else altogether. */
export function nearly(examples: readonly Json[]): fc.Arbitrary<Json> {
  const edits = fc.array(fc.tuple(fc.nat(10_000), edit), { minLength: 0, maxLength: 3 });
  const changed = fc
    .tuple(fc.constantFrom(...examples), edits)
    .map(([example, all]) => all.reduce((left, [place, change]) => changedAt(left, place, change), example));
  return fc.oneof({ weight: 30, arbitrary: changed }, { weight: 1, arbitrary: strange });
}

/** Texts near to valid ones: cut, repeated in part, with something strange in between. */
export function nearlyText(examples: readonly string[]): fc.Arbitrary<string> {
  const cut = fc.tuple(
    fc.nat(100_000),
    fc.nat(40),
    fc.oneof(text, fc.constant(''), fc.constant('\n')),
    fc.boolean(),
  );
  return fc.tuple(fc.constantFrom(...examples), fc.array(cut, { maxLength: 3 })).map(([example, cuts]) =>
    cuts.reduce((left, [at, length, put, again]) => {
      const from = left.length === 0 ? 0 : at % left.length;
      const [before, taken, after] = [
        left.slice(0, from),
        left.slice(from, from + length),
        left.slice(from + length),
      ];
      return before + (again ? taken + put + taken : put) + after;
    }, example),
  );
}

/** Messages as a queue holds them: JSON that is near to valid examples, and text that is near to JSON. */
export function messages(examples: readonly Json[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 12, arbitrary: nearly(examples).map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: nearlyText(examples.map((value) => JSON.stringify(value))) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        '[',
        `${'['.repeat(60_000)}`,
        `${'['.repeat(60_000)}${']'.repeat(60_000)}`,
        '1e999',
        '"\\ud800"',
      ),
    },
  );
}
