import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { circleOf, type KeptSection, keyOfName, unitGraph } from '../../controllers/kinds/graph.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import { aFakeKind } from './fake-kind.ts';

const HERE = 'eu-west-1';
const THERE = 'us-east-1';

/** A kind that gives `<name>.id`, with a section that is a list of texts. */
function section(name: string, scope: AnyKind['scope'], ...texts: string[]): KeptSection {
  const kind = aFakeKind({
    name,
    scope,
    section: z.array(z.string()),
    outputNames: () => [`${name}.id`],
    render: () => ({}),
  });
  return { kind, section: texts };
}
const said = (kept: readonly KeptSection[]) =>
  unitGraph(kept, [HERE, THERE]).map(
    ({ unit, after }) =>
      `${unit.kind}@${unit.region} after ${after.map(({ kind, region }) => `${kind}@${region}`).join(' ') || 'nothing'}`,
  );

describe('unitGraph', () => {
  test('gives a regional kind a unit in each region, and a global kind one unit', () => {
    expect(said([section('role', 'global'), section('net', 'regional')])).toEqual([
      'role@global after nothing',
      `net@${HERE} after nothing`,
      `net@${THERE} after nothing`,
    ]);
  });

  test('puts a unit after those whose outputs its section names, whatever the order of the list', () => {
    const kept = [
      section('notes', 'regional', 'the ${net.id} of ${role.id}, ${net.id}', '${account.id}'),
      section('net', 'regional'),
      section('role', 'global'),
    ];
    expect(said(kept)).toEqual([
      `net@${HERE} after nothing`,
      `net@${THERE} after nothing`,
      'role@global after nothing',
      `notes@${HERE} after net@${HERE} role@global`,
      `notes@${THERE} after net@${THERE} role@global`,
    ]);
  });

  test('reads a plain name in a global section as one of the home region, and finds another region by its name', () => {
    const kept = [
      section('net', 'regional'),
      section('role', 'global', '${net.id}'),
      section('notes', 'regional', `\${regions.${THERE}.net.id}`),
    ];
    expect(said(kept).slice(2)).toEqual([
      `role@global after net@${HERE}`,
      `notes@${HERE} after net@${THERE}`,
      `notes@${THERE} after net@${THERE}`,
    ]);
  });

  test('waits for no unit of a region in which the account is not managed', () => {
    const kept = [section('net', 'regional'), section('notes', 'regional', '${regions.ap-south-1.net.id}')];
    expect(said(kept).slice(2)).toEqual([`notes@${HERE} after nothing`, `notes@${THERE} after nothing`]);
  });
});

describe('keyOfName', () => {
  const kept = [section('net', 'regional'), section('role', 'global')];
  const at = (region: string) => ({ kind: 'notes', region });

  test.each([
    ['net.id', HERE, 'net.id'],
    ['net.id', THERE, `regions.${THERE}.net.id`],
    ['net.id', 'global', 'net.id'],
    ['role.id', THERE, 'role.id'],
    [`regions.${THERE}.net.id`, HERE, `regions.${THERE}.net.id`],
    [`regions.${HERE}.net.id`, THERE, 'net.id'],
    [`regions.${THERE}.role.id`, HERE, undefined],
    ['account.id', HERE, undefined],
  ])('finds ${%s} of a section in %s as %s', (name, region, key) => {
    expect(keyOfName(name, at(region), kept, HERE)).toBe(key);
  });
});

describe('circleOf', () => {
  test('finds sections that wait for each other, with the name that closes the circle', () => {
    const kept = [
      section('a', 'global', 'x', '${b.id}'),
      section('b', 'regional', `\${regions.${HERE}.c.id}`),
      section('c', 'regional', '1', '2', '${a.id}'),
      section('d', 'global', '${a.id}'),
    ];
    expect(circleOf(kept)).toEqual({ kinds: ['a', 'b', 'c', 'a'], path: ['c', 2] });
    expect(circleOf(kept.filter(({ kind }) => kind.name !== 'b'))).toBeUndefined();
  });

  test('accepts two paths to the same section, which are not a circle', () => {
    const kept = [
      section('a', 'global', '${b.id}', '${c.id}'),
      section('b', 'global', '${d.id}'),
      section('c', 'global', '${d.id}'),
      section('d', 'global'),
    ];
    expect(circleOf(kept)).toBeUndefined();
  });

  test('breaks a circle at the unit that would close it, so that an order exists', () => {
    const kept = [section('a', 'global', '${b.id}'), section('b', 'global', '${a.id}')];
    expect(said(kept)).toEqual(['b@global after a@global', 'a@global after b@global']);
  });
});
