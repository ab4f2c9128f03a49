import { describe, expect, it, jest } from '@jest/globals';
import { getRecord, rememberRequest } from '../../shared/store/accounts.ts';
import { anOrganizationAccount, aRecord, MANAGEMENT } from '../kit/factories.ts';
import { awsError } from '../kit/sdk.ts';
import { until } from '../kit/wait.ts';
import { organizationWorld, passes, START, type World } from './organization-world.ts';

const SINCE = '2026-11-01T00:00:00.000Z';
const OLD = '2026-10-01T00:00:00.000Z';
const NEW = '2026-11-20T00:00:00.000Z';
const id = (index: number) => String(100_000_000_000 + index);
const many = (count: number, joinedAt: string) =>
  Array.from({ length: count }, (_, index) =>
    anOrganizationAccount({ accountId: id(index), name: `account-${index}`, joinedAt }),
  );
/** As the listing itself would have recorded it. */
const known = (index: number, more: Parameters<typeof aRecord>[0] = {}) =>
  aRecord({ accountId: id(index), name: `account-${index}`, ...more });
const config = { onboard: { since: SINCE } };

/** The most calls within any so many milliseconds. */
function most(times: readonly number[], milliseconds: number): number {
  return Math.max(
    ...times.map((from) => times.filter((time) => time >= from && time < from + milliseconds).length),
  );
}

describe('ten thousand accounts', () => {
  const unmanaged = { lifecycle: 'unmanaged' as const };

  it('without changes cost 500 calls of Organizations within its rate, and few of DynamoDB', async () => {
    const world = organizationWorld(config);
    world.accounts.push(...many(10_000, OLD));
    world.keep(...world.accounts.map((_, index) => known(index, unmanaged)));
    expect(await world.list()).toEqual({ registered: 0, unmanaged: 0, refreshed: 0, departed: 0 });
    expect(world.calls).toMatchObject({ list: { length: 500 }, describe: [] });
    const seconds = (world.clock - START) / 1000;
    // AWS lets 8 through a second, and 12 at once; others need some of that.
    expect(most(world.calls.list, 1_000)).toBeLessThanOrEqual(18);
    expect(most(world.calls.list, 10_000)).toBeLessThanOrEqual(70);
    expect(seconds).toBeGreaterThan(60);
    expect(seconds).toBeLessThan(90);
    const { GetCommand = 0, PutCommand = 0, QueryCommand = 0, TransactWriteCommand = 0 } = world.table.calls;
    expect({ GetCommand, TransactWriteCommand, QueryCommand }).toEqual({
      GetCommand: 1,
      TransactWriteCommand: 1,
      QueryCommand: 7,
    });
    expect(PutCommand).toBe(1 + 2 * 49);
  });

  it('that existed before are recorded once each, and none is entered', async () => {
    const world = organizationWorld(config);
    world.accounts.push(...many(10_000, OLD));
    expect(await world.list()).toMatchObject({ unmanaged: 10_000, registered: 0 });
    expect(world.table.items('account#')).toHaveLength(10_000);
    expect(world.work).toEqual([]);
    expect(world.announced).toEqual([]);
  });

  it('that are new are registered, with a run and an announcement each', async () => {
    const world = organizationWorld(config);
    world.accounts.push(...many(10_000, NEW));
    expect(await world.list()).toMatchObject({ unmanaged: 0, registered: 10_000 });
    expect(passes(world).size).toBe(10_000);
    expect(new Set(world.announced.map(({ accountId }) => accountId)).size).toBe(10_000);
    expect(world.announced).toHaveLength(10_000);
  });
});

/** 13 pages: old ones, new ones, kept ones, suspended ones; 7 that are recorded have left. */
function mixed(): World {
  const world = organizationWorld(config);
  const accounts = many(250, OLD).map((account, index) => {
    if (index % 10 === 3) return { ...account, joinedAt: NEW };
    return index % 25 === 7 ? { ...account, active: false, state: 'SUSPENDED' } : account;
  });
  world.accounts.push(...accounts);
  for (let index = 0; index < 250; index += 1)
    if (index % 10 !== 3 && index % 2 === 1) world.keep(known(index));
  for (let index = 900; index < 907; index += 1) world.keep(known(index));
  return world;
}
const SUSPENDED = Array.from({ length: 250 }, (_, index) => index).filter(
  (index) => index % 25 === 7 && index % 10 !== 3 && index % 2 === 1,
);

async function expectAllTaken(world: World): Promise<void> {
  await world.tick();
  for (let index = 3; index < 250; index += 10) {
    expect(world.record(id(index))).toMatchObject({
      lifecycle: 'managed',
      generation: 1,
      baselineBy: 'rules',
    });
    expect([index, passes(world).get(id(index))]).toEqual([index, 1]);
    expect(world.announced.map(({ accountId }) => accountId)).toContain(id(index));
  }
  const departed = world.table.items('account#').filter(({ lifecycle }) => lifecycle === 'departed');
  const left = [900, 901, 902, 903, 904, 905, 906];
  const gone = [...SUSPENDED, ...left].map(id).toSorted();
  expect(departed.map(({ accountId }) => accountId).toSorted()).toEqual(gone);
  expect(world.record(id(0))).toMatchObject({ lifecycle: 'unmanaged' });
  // A run enters none of them: it takes back what they export.
  const onboarded = Array.from({ length: 25 }, (_, index) => id(index * 10 + 3));
  const others = world.work.map(({ accountId }) => accountId).filter((one) => !onboarded.includes(one));
  expect([...new Set(others)].toSorted()).toEqual(gone);
}

describe('a listing that stops', () => {
  it.each(Array.from({ length: 13 }, (_, page) => page + 1))(
    'in a crash before page %i is completed',
    async (page) => {
      const world = mixed();
      world.onPage = (number) => {
        if (number === page) throw new Error('crash');
      };
      await expect(world.list()).rejects.toThrow('crash');
      world.onPage = () => undefined;
      world.clock += 10 * 60_000;
      await world.list();
      await expectAllTaken(world);
      // What was announced since progress was saved last is announced again: 10 pages, of which each has two or three.
      expect(world.announced.length).toBeLessThanOrEqual(25 + 25);
    },
  );

  it.each([1, 2, 5, 13])('when SQS fails at its batch %i loses no run', async (batch) => {
    const world = mixed();
    let batches = 0;
    world.onSend = () => {
      batches += 1;
      if (batches === batch) throw new Error('SQS is gone');
    };
    await expect(world.list()).rejects.toThrow('SQS is gone');
    world.clock += 10 * 60_000;
    await world.list();
    await expectAllTaken(world);
  });

  it('in a crash is completed even if AWS no longer accepts the token', async () => {
    const world = mixed();
    world.onPage = (number) => {
      if (number === 11) throw new Error('crash');
    };
    await expect(world.list()).rejects.toThrow('crash');
    const [listing] = world.table.items('control').filter(({ sk }) => sk === 'listing');
    world.table.put({ ...listing, next: 'forgotten' });
    world.onPage = () => undefined;
    world.clock += 6 * 60_000;
    await world.list();
    await expectAllTaken(world);
  });

  it.each([1, 3, 10, 13])(
    'every %i pages for lack of time continues, and reads no page twice',
    async (pages) => {
      const world = mixed();
      do {
        world.tasks.length = 0;
        await world.list({ pages });
      } while (world.tasks.length > 0);
      expect(world.calls.list).toHaveLength(13);
      // Only what no run has seen is asked for.
      expect(world.calls.describe).toHaveLength(7);
      await expectAllTaken(world);
      expect(world.announced).toHaveLength(25);
    },
  );
});

describe('a listing that fails', () => {
  it('lets the next one continue at once', async () => {
    const world = mixed();
    world.onPage = (page) => {
      if (page === 12) throw awsError('TooManyRequestsException');
    };
    await expect(world.list()).rejects.toThrow('TooManyRequestsException');
    world.onPage = () => undefined;
    const calls = world.calls.list.length;
    expect(await world.list()).not.toHaveProperty('skipped');
    // Ten pages were saved.
    expect(world.calls.list.length - calls).toBe(3);
    await expectAllTaken(world);
  });

  it('lets the next one begin at once if it fails at the first page', async () => {
    const world = mixed();
    world.onPage = () => {
      throw awsError('AccessDeniedException');
    };
    await expect(world.list()).rejects.toThrow('AccessDeniedException');
    world.onPage = () => undefined;
    await world.list();
    await expectAllTaken(world);
  });
});

describe('a listing whose function was killed', () => {
  it('is continued after three minutes, and not sooner', async () => {
    const world = mixed();
    world.onPage = (page) => (page === 12 ? new Promise(() => undefined) : undefined);
    const lost = jest.fn();
    world.list().then(lost, lost);
    await until('the twelfth page was listed', () => (world.calls.list.length === 12 ? true : undefined));
    world.onPage = () => undefined;
    world.clock += 2 * 60_000;
    expect(await world.list()).toEqual({ skipped: 'another listing is under way' });
    world.clock += 2 * 60_000;
    await world.list();
    await expectAllTaken(world);
    expect(lost).not.toHaveBeenCalled();
  });
});

describe('a listing whose pages are slow', () => {
  it('prevents another listing for three minutes at most', async () => {
    const world = mixed();
    const others: unknown[] = [];
    let depth = 0;
    world.onPage = async () => {
      world.clock += 20_000;
      depth += 1;
      if (depth === 1) others.push(await world.list());
      depth -= 1;
    };
    await world.list();
    expect(world.clock - START).toBeGreaterThan(4 * 60_000);
    expect(others).toEqual(others.map(() => ({ skipped: 'another listing is under way' })));
    expect(others).toHaveLength(13);
  });
});

describe('a listing', () => {
  it('that runs out of time while it checks departures continues at once', async () => {
    const world = mixed();
    await world.list({ describes: 3 });
    expect(world.tasks).toEqual([{ task: 'list' }]);
    await world.list();
    expect(world.calls.describe).toHaveLength(7);
    await expectAllTaken(world);
  });

  it('that continues after a crash does not announce accounts that were registered long ago', async () => {
    const world = mixed();
    const before = {
      changedBy: 'listing:2026-11-20T01:00:00.000Z',
      registeredAt: '2026-11-20T01:00:00.000Z',
    };
    world.keep(known(3, before));
    world.onPage = (page) => {
      if (page === 2) throw new Error('crash');
    };
    await expect(world.list()).rejects.toThrow('crash');
    world.onPage = () => undefined;
    world.clock += 10 * 60_000;
    await world.list();
    expect(world.announced.map(({ accountId }) => accountId)).not.toContain(id(3));
    expect(passes(world).get(id(3))).toBeUndefined();
  });

  it('does nothing while another one is in progress', async () => {
    const world = mixed();
    let second: unknown;
    world.onPage = () => {
      second ??= world.list();
    };
    await world.list();
    expect(await second).toEqual({ skipped: 'another listing is under way' });
    expect(world.calls.list).toHaveLength(13);
  });

  it('does not mark an account as departed that Organizations still has', async () => {
    const world = mixed();
    world.hidden.add(id(1)).add(id(5));
    await world.list();
    expect(world.record(id(1))).toMatchObject({ lifecycle: 'managed' });
    expect(world.calls.describe).toHaveLength(7 + 2);
    expect(most(world.calls.describe, 1_000)).toBeLessThanOrEqual(35);
  });

  it('checks once, not every hour, whether an account has left', async () => {
    const world = mixed();
    await world.list();
    world.calls.describe.length = 0;
    await world.list();
    expect(world.calls.describe).toEqual([]);
  });

  it('marks an account that left as departed, even if it is entered by an execution role', async () => {
    const world = mixed();
    const executionRoleArn = 'arn:aws:iam::100000000950:role/orgkeeper-execution';
    world.keep(known(950, { origin: 'invited', executionRoleArn, unit: 'ou-root-research' }));
    await world.list();
    expect(world.record(id(950))).toMatchObject({ lifecycle: 'departed', lifecycleReason: 'DEPARTED' });
  });

  it('leaves invited accounts from outside, retired ones and the management account as they are', async () => {
    const world = mixed();
    const invited = known(950, { origin: 'invited', executionRoleArn: 'arn:aws:iam::100000000950:role/x' });
    const retired = known(951, { lifecycle: 'retired' });
    world.keep(invited, retired);
    world.accounts.push(anOrganizationAccount({ accountId: MANAGEMENT }));
    await world.list();
    expect(world.record(id(950))).toMatchObject(invited);
    expect(world.record(id(951))).toMatchObject(retired);
    expect(world.record(MANAGEMENT)).toBeUndefined();
  });

  it('saves a new name, and requests a run of that account', async () => {
    const world = mixed();
    world.accounts[1] = anOrganizationAccount({ accountId: id(1), name: 'renamed', joinedAt: OLD });
    await world.list();
    expect(world.record(id(1))).toMatchObject({ name: 'renamed', generation: 4 });
    expect(passes(world).get(id(1))).toBe(1);
    expect(world.announced).toContainEqual(
      expect.objectContaining({ detailType: 'AccountRegistered', accountId: id(1), name: 'renamed' }),
    );
  });

  it('makes a reinstated account as it was before, and requests a run of it', async () => {
    const world = mixed();
    world.keep(known(1, { lifecycle: 'departed', lifecycleReason: 'SUSPENDED' }));
    await world.list();
    expect(world.record(id(1))).toMatchObject({ lifecycle: 'managed', baseline: { name: 'analytics' } });
    expect(world.record(id(1))?.lifecycleReason).toBeUndefined();
    expect(passes(world).get(id(1))).toBe(1);
    expect(world.announced.map(({ accountId }) => accountId)).toContain(id(1));
  });

  it('does not announce an account that its event registered at the same time', async () => {
    const world = mixed();
    world.onPage = (page) => {
      if (page === 1) world.keep(known(3, { changedBy: 'event-7' }));
    };
    await world.list();
    expect(world.record(id(3))).toMatchObject({ changedBy: 'event-7' });
    expect(world.announced.map(({ accountId }) => accountId)).not.toContain(id(3));
  });

  it('leaves a record that cannot be read as it is', async () => {
    const world = mixed();
    world.keep({ ...known(1), generation: undefined as never });
    const before = world.record(id(1));
    await world.list();
    expect(world.record(id(1))).toEqual(before);
    expect(passes(world).get(id(1))).toBeUndefined();
  });

  it('leaves a new account to the request for it', async () => {
    const world = mixed();
    const young = { joinedAt: new Date(START - 60_000).toISOString() };
    world.accounts[13] = anOrganizationAccount({ accountId: id(13), ...young });
    world.tags.set(id(13), { 'orgkeeper:request': 'r-1' });
    await world.list();
    expect(world.record(id(13))).toBeUndefined();
    world.clock += 61 * 60_000;
    await world.list();
    expect(world.record(id(13))).toMatchObject({ lifecycle: 'managed' });
  });

  it('registers only in the units of onboarding, and what moves to these later', async () => {
    const world = mixed();
    const onboard = { since: SINCE, organizationalUnits: ['/Research'] };
    world.places.set(id(3), { units: ['r-root', 'ou-root-research'], path: '/Research' });
    world.places.set('ou-root-other', { units: ['r-root', 'ou-root-other'], path: '/Other' });
    world.accounts[13] = {
      ...world.accounts[13],
      units: ['r-root', 'ou-root-other'],
    } as (typeof world.accounts)[0];
    await world.list({ config: { onboard } });
    expect(world.record(id(3))).toMatchObject({ lifecycle: 'managed' });
    expect(world.record(id(13))).toMatchObject({
      lifecycle: 'unmanaged',
      lifecycleReason: 'OUTSIDE_ONBOARDING_UNITS',
    });
    world.accounts[13] = {
      ...world.accounts[13],
      units: ['r-root', 'ou-root-research'],
    } as (typeof world.accounts)[0];
    world.places.set(id(13), { units: ['r-root', 'ou-root-research'], path: '/Research' });
    await world.list({ config: { onboard } });
    expect(world.record(id(13))).toMatchObject({ lifecycle: 'managed', generation: 2 });
  });

  it('does not manage an account whose retirement was requested while it was unknown', async () => {
    const world = mixed();
    const [, , , joined] = world.accounts;
    const at = (seconds: number) =>
      new Date(Date.parse(joined?.joinedAt ?? '') + seconds * 1000).toISOString();
    await rememberRequest(world.table.table, id(3), { id: 'retirement', time: at(5) }, undefined);
    await rememberRequest(world.table.table, id(13), { id: 'retirement', time: at(-86_400) }, undefined);
    await world.list();
    expect(await getRecord(world.table.table, id(3))).toMatchObject({
      lifecycle: 'unmanaged',
      lifecycleReason: 'RETIREMENT_REQUESTED',
      changedAt: at(5),
    });
    expect(await getRecord(world.table.table, id(13))).toMatchObject({ lifecycle: 'managed' });
  });
});
