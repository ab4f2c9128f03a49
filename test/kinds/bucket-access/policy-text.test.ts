import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { edited, statementsIn } from '../../../controllers/kinds/bucket-access/policy-text.ts';

const ours = (sid: string) => ({ Sid: sid, Effect: 'Allow', Action: ['s3:GetObject'] });
const text = (sid: string) => JSON.stringify(ours(sid));

/** A value as others may write it, in any spacing, with what only the text shows: numbers, escapes, keys that come twice. */
const space = fc.constantFrom('', ' ', '\n  ', '\t', '\r\n');
const written: fc.Memo<string> = fc.memo((depth) =>
  depth <= 1
    ? fc.oneof(
        fc.constantFrom('1.20', '1e3', '-0', 'true', 'null', '12345678901234567890'),
        fc.string().map((one) => JSON.stringify(one)),
        fc.constantFrom('"a\\u0062\\/c"', '"}],[{"', '"\\\\"', '"\\""'),
      )
    : fc.oneof(written(), object(written()), list(written())),
);
function object(value: fc.Arbitrary<string>) {
  const key = fc.constantFrom('"a"', '"b"', '"b"', '"Statement"', '"Si\\u0064e"');
  return fc
    .array(fc.tuple(space, key, space, value, space))
    .map((all) => `{${all.map(([a, k, b, v, c]) => `${a}${k}${b}:${v}${c}`).join(',')}}`);
}
function list(value: fc.Arbitrary<string>) {
  return fc
    .array(fc.tuple(space, value, space))
    .map((all) => `[${all.map((one) => one.join('')).join(',')}]`);
}
const statement = fc
  .tuple(fc.integer({ min: 0, max: 99 }), space, written(3))
  .map(([sid, between, value]) => `{"Sid":${between}"Theirs${sid}"${between},"Condition":${value}}`);

const policy = fc
  .tuple(fc.array(fc.tuple(space, statement, space), { minLength: 1, maxLength: 5 }), space, written(2))
  .map(([all, between, id]) => {
    const list = all.map((one) => one.join('')).join(',');
    return `${between}{"Id":${between}${id},"Statement"${between}:[${list}],"Version":"2012-10-17"${between}}${between}`;
  });

describe('edited', () => {
  it('puts a statement behind those of others, and takes it out again to the letter', () => {
    fc.assert(
      fc.property(policy, (before) => {
        const after = edited(before, new Map([['Ours', ours('Ours')]])) ?? '';
        expect(statementsIn(after)).toEqual([...statementsIn(before), { sid: 'Ours', text: text('Ours') }]);
        expect(after.replace(`,${text('Ours')}`, '')).toBe(before);
        expect(edited(after, new Map([['Ours', undefined]]))).toBe(before);
      }),
    );
  });

  it('changes nothing but the statement that it replaces', () => {
    fc.assert(
      fc.property(policy, fc.nat(), (before, number) => {
        const all = statementsIn(before);
        const { sid = '', text: old } = all[number % all.length] ?? { text: '' };
        fc.pre(all.filter((one) => one.sid === sid).length === 1);
        const after = edited(before, new Map([[sid, ours(sid)]])) ?? '';
        expect(after).toBe(before.replace(old, () => text(sid)));
      }),
    );
  });

  it('keeps every statement of others as it was written, whichever of ours it takes out', () => {
    fc.assert(
      fc.property(policy, fc.nat(), (before, number) => {
        const all = statementsIn(before);
        const { sid = '' } = all[number % all.length] ?? {};
        const rest = all.filter((one) => one.sid !== sid);
        const after = edited(before, new Map([[sid, undefined]]));
        expect(after === undefined ? [] : statementsIn(after)).toEqual(rest);
      }),
    );
  });

  it('makes a policy where there is none, and leaves none where nothing is in it', () => {
    const made = edited(
      undefined,
      new Map([
        ['A', ours('A')],
        ['B', undefined],
      ]),
    );
    expect(made).toBe(`{"Version":"2012-10-17","Statement":[${text('A')}]}`);
    expect(edited(made, new Map([['A', undefined]]))).toBeUndefined();
    expect(edited(undefined, new Map([['A', undefined]]))).toBeUndefined();
  });

  it('makes a list of a statement that stands alone when it gets company', () => {
    const alone = '{"Statement": {"Sid":"Theirs","n":1.0} }';
    expect(edited(alone, new Map([['A', ours('A')]]))).toBe(
      `{"Statement": [{"Sid":"Theirs","n":1.0},${text('A')}] }`,
    );
    expect(edited(alone, new Map([['A', undefined]]))).toBe(alone);
    expect(edited(alone, new Map([['Theirs', ours('Theirs')]]))).toBe(`{"Statement": ${text('Theirs')} }`);
  });

  it('drops the second statement of a Sid', () => {
    const twice = `{"Statement":[${text('A')},{"Sid":"B"},{"Sid":"A"}]}`;
    expect(edited(twice, new Map([['A', ours('A')]]))).toBe(`{"Statement":[${text('A')},{"Sid":"B"}]}`);
  });

  it('fills a list that was empty', () => {
    expect(edited('{"Statement":[]}', new Map([['A', ours('A')]]))).toBe(`{"Statement":[${text('A')}]}`);
  });
});

describe('statementsIn', () => {
  it.each([
    ['no JSON', '{"Statement":[}', /not valid JSON/],
    ['a list', '[]', /not an object/],
    ['no statements', '{"Version":"2012-10-17"}', /Statement is missing/],
    ['two of them', '{"Statement":[],"Stat\\u0065ment":[]}', /Statement is written twice/],
  ])('refuses %s', (_, policy, message) => {
    expect(() => statementsIn(policy)).toThrow(message);
  });
});
