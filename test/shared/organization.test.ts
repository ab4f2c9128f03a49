import {
  DescribeOrganizationalUnitCommand,
  ListParentsCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { describe, expect, it } from '@jest/globals';
import { createUnits } from '../../shared/aws/organizational-units.ts';
import { createPace } from '../../shared/aws/rate-limit.ts';
import { testClock } from '../kit/clock.ts';
import { answering, awsError, on } from '../kit/sdk.ts';

const MEMBER = '456789012345';
const tree: Record<string, string> = {
  [MEMBER]: 'ou-ab12-genomics1',
  'ou-ab12-genomics1': 'ou-ab12-research1',
  'ou-ab12-research1': 'r-ab12',
};
const names: Record<string, string> = { 'ou-ab12-genomics1': 'Genomics', 'ou-ab12-research1': 'Research' };

/** Organizations that answers from the tree, and counts. */
function units() {
  const calls: string[] = [];
  const state = { fail: false };
  const clock = testClock();
  const asked = (what: string, id: string) => {
    calls.push(`${what} ${id}`);
    if (state.fail) throw awsError('TooManyRequestsException', 'slow down');
    if (!tree[id]) throw awsError('ChildNotFoundException');
  };
  const client = answering(
    new OrganizationsClient({ region: 'us-east-1' }),
    on(ListParentsCommand, ({ ChildId = '' }) => {
      asked('parent', ChildId);
      return { Parents: [{ Id: tree[ChildId] }] };
    }),
    on(DescribeOrganizationalUnitCommand, ({ OrganizationalUnitId = '' }) => {
      asked('name', OrganizationalUnitId);
      return { OrganizationalUnit: { Name: names[OrganizationalUnitId] } };
    }),
  );
  const made = createUnits(
    async () => client,
    async () => undefined,
    () => clock.now().getTime(),
  );
  return { ...made, calls, state, clock };
}
const place = { units: ['r-ab12', 'ou-ab12-research1', 'ou-ab12-genomics1'], path: '/Research/Genomics' };

describe('the place of an account', () => {
  it('is the path from the root, by ids and by names', async () => {
    expect(await units().place(MEMBER)).toEqual(place);
  });

  it('costs one call if its units were read lately, for any number of concurrent callers', async () => {
    const { place: find, calls } = units();
    await Promise.all([find(MEMBER), find(MEMBER), find(MEMBER)]);
    expect(calls.filter((call) => call.startsWith('name'))).toHaveLength(2);
    expect(calls.filter((call) => call.includes('ou-ab12'))).toHaveLength(4);
    calls.length = 0;
    await find(MEMBER);
    expect(calls).toEqual([`parent ${MEMBER}`]);
  });

  it('costs no call if AWS returns its units with the account', async () => {
    const { place: find, calls } = units();
    await find(MEMBER);
    calls.length = 0;
    expect(await find(MEMBER, place.units)).toEqual(place);
    expect(calls).toEqual([]);
  });

  it('has the new name of a renamed unit within ten minutes', async () => {
    const { place: find, clock } = units();
    await find(MEMBER);
    names['ou-ab12-genomics1'] = 'Genes';
    expect((await find(MEMBER))?.path).toBe('/Research/Genomics');
    clock.pass(10 * 60_000);
    expect((await find(MEMBER))?.path).toBe('/Research/Genes');
    names['ou-ab12-genomics1'] = 'Genomics';
  });

  it('has slashes in names escaped, so that one unit never looks like two', async () => {
    names['ou-ab12-genomics1'] = 'Genomics/Plants';
    expect((await units().place(MEMBER))?.path).toBe('/Research/Genomics%2FPlants');
    names['ou-ab12-genomics1'] = 'Genomics';
  });

  it('is read again after a failure', async () => {
    const { place: find, state } = units();
    state.fail = true;
    await expect(find(MEMBER)).rejects.toThrow('slow down');
    state.fail = false;
    expect(await find(MEMBER)).toEqual(place);
  });

  it('is undefined if the account is not in the organization', async () => {
    expect(await units().place('999999999999')).toBeUndefined();
  });
});

describe('a pace', () => {
  it('allows a burst at once, then a number of calls a second, and a burst again after a pause', async () => {
    const clock = testClock();
    const now = () => clock.now().getTime();
    const pace = createPace({ perSecond: 5, burst: 3, now, sleep: clock.pause });
    const turns: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      await pace();
      turns.push(clock.passed());
    }
    expect(turns).toEqual([0, 0, 0, 200, 400, 600]);
    clock.pass(10_000);
    await pace();
    await pace();
    await pace();
    expect(clock.passed()).toBe(10_600);
  });
});
