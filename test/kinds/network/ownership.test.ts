import { describe, expect, test } from '@jest/globals';
import { NAME_TAG, OWNER_TAG } from '../../../controllers/kinds/kind.ts';
import { isNamed, pick } from '../../../controllers/kinds/network/ownership.ts';
import { subnetNamed } from '../../../controllers/kinds/network/subnets.ts';
import { memberAccount as account } from '../../kit/kind-context.ts';
import { ours, wantedWith } from './samples.ts';

const named = subnetNamed('a');
const tagged = (id: string, tags: Record<string, string> = ours('subnet/a')) => ({ id, tags });
const anothers = { [OWNER_TAG]: '999999999999', [NAME_TAG]: 'subnet/a' };

describe('pick', () => {
  test.each([
    {
      reason: 'recorded ids come first, even where another one has the tags',
      candidates: [tagged('1'), tagged('2')],
      recorded: { 'subnet.a.id': '2' },
      chosen: '2',
      others: ['1'],
    },
    {
      reason: 'a recorded one that lost its tags is still ours',
      candidates: [tagged('1', {})],
      recorded: { 'subnet.a.id': '1' },
      chosen: '1',
      others: [],
    },
    {
      reason: 'a recorded one whose owner tag was scribbled over is still ours',
      candidates: [tagged('1', { ...ours('subnet/a'), [OWNER_TAG]: 'me' })],
      recorded: { 'subnet.a.id': '1' },
      chosen: '1',
      others: [],
    },
    {
      reason: 'a recorded one that another Orgkeeper took over is not ours any more',
      candidates: [tagged('1', anothers)],
      recorded: { 'subnet.a.id': '1' },
      chosen: undefined,
      others: [],
    },
    {
      reason: 'the tags say it when the recorded one is gone',
      candidates: [tagged('3')],
      recorded: { 'subnet.a.id': '2' },
      chosen: '3',
      others: [],
    },
    {
      reason: 'of two with our tags and none recorded, always the same one',
      candidates: [tagged('9'), tagged('4')],
      recorded: {},
      chosen: '4',
      others: ['9'],
    },
    {
      reason: 'one that somebody made and copied our tags onto, without our Name, takes no place of ours',
      candidates: [tagged('3', { ...ours('subnet/a'), Name: 'theirs' })],
      recorded: { 'subnet.a.id': '2' },
      chosen: undefined,
      others: ['3'],
    },
    {
      reason: 'the owner counts, not the name alone',
      candidates: [tagged('1', anothers), tagged('2', { [NAME_TAG]: 'subnet/a' })],
      recorded: {},
      chosen: undefined,
      others: [],
    },
    {
      reason: 'a name tag changed by hand makes nobody a duplicate that may be deleted',
      candidates: [tagged('1'), tagged('2')],
      recorded: { 'subnet.a.id': '1', 'subnet.b.id': '2' },
      chosen: '1',
      others: [],
    },
  ])('$reason', ({ candidates, recorded, chosen, others }) => {
    const identity = { owner: account.owner, recorded: { ...recorded } as Record<string, string> };
    const picked = pick(candidates, named, identity, (one) => isNamed(one, named, wantedWith()));
    expect(picked.chosen?.id).toBe(chosen);
    expect(picked.others.map(({ id }) => id)).toEqual(others);
  });

  test('prefers the VPC that holds more resources', () => {
    const rank = ({ id }: { id: string }) => (id === '9' ? -5 : 0);
    const identity = { owner: account.owner, recorded: {} };
    const { chosen } = pick([tagged('4'), tagged('9')], named, identity, () => true, rank);
    expect(chosen?.id).toBe('9');
  });
});
