import { beforeEach, describe, expect, it } from '@jest/globals';
import { editRecord } from '../../cli/fleet.ts';
import type { FleetDeps, Trigger } from '../../controllers/fleet/outcome.ts';
import { deliverOwed } from '../../controllers/fleet/owed.ts';
import { register } from '../../controllers/fleet/register.ts';
import { retire } from '../../controllers/fleet/retire.ts';
import { reviewAccount } from '../../controllers/intake/review-account.ts';
import { forgetAccount, getRecord } from '../../shared/store/accounts.ts';
import { aBaselineItem, aConfig, anOrganizationAccount, MEMBER } from '../kit/factories.ts';
import { type FakeMain, fakeMain } from '../kit/fake-main.ts';

let fake: FakeMain;
beforeEach(() => {
  fake = fakeMain(['analytics', 'special'].map((name) => aBaselineItem({ name, version: 3 })));
});

const organization: FleetDeps['organization'] = {
  describe: async () => anOrganizationAccount(),
  tags: async () => ({}),
  place: async () => undefined,
  async *pages() {},
};
const deps = () => ({
  config: aConfig(),
  main: fake.main,
  organization,
});

/** An event at so many seconds past ten. */
const event = (id: string, second: number, source = 'orgkeeper.request'): Trigger => {
  const time = new Date(Date.parse('2026-11-20T10:00:00Z') + second * 1000).toISOString();
  return { cause: { source, detailType: 'X', id }, time };
};
const registering = (id: string, second: number, name: string, baseline?: string) =>
  register(
    { accountId: MEMBER, name, ...(baseline && { baseline }) },
    anOrganizationAccount(),
    event(id, second),
    deps(),
  );
const retiring = (id: string, second: number) =>
  retire({ accountId: MEMBER, resources: 'remove' }, event(id, second), deps());
const record = () => getRecord(fake.main.table, MEMBER);

describe('A retirement that comes again', () => {
  it('leaves the account that was registered again since, known by its id or by its time alone', async () => {
    await registering('one', 0, 'genomics');
    await retiring('gone', 10);
    await registering('two', 20, 'genomics');
    const { lifecycle, generation } = (await record()) ?? {};
    expect(lifecycle).toBe('managed');
    await retiring('gone', 10);
    expect(await retiring('never seen', 15)).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toMatchObject({ lifecycle: 'managed', generation });
  });

  it('leaves the account that somebody asked for since as it was', async () => {
    await registering('one', 0, 'genomics');
    await registering('two', 20, 'genomics');
    expect(await retiring('late', 10)).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toMatchObject({ lifecycle: 'managed', generation: 1 });
  });
});

describe('A registration', () => {
  it('that comes again after a newer one changes nothing', async () => {
    await registering('one', 0, 'old');
    await registering('two', 0, 'new');
    expect(await registering('one', 0, 'old')).toMatchObject({ did: 'accepted' });
    expect(await record()).toMatchObject({ name: 'new', generation: 2 });
  });

  it('that is older and arrives second changes nothing, and says so', async () => {
    await registering('second', 4, 'new');
    expect(await registering('first', 0, 'old')).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toMatchObject({ name: 'new', generation: 1 });
  });

  it('does not undo what the command line assigned since', async () => {
    await registering('one', 0, 'genomics');
    const to = { name: 'special', version: 3 };
    const edit = (read: NonNullable<Awaited<ReturnType<typeof record>>>) => ({
      ...read,
      baseline: to,
      generation: read.generation + 1,
    });
    await editRecord(fake.main.table, MEMBER, edit, new Date('2026-11-20T10:00:30Z'));
    await registering('late', 20, 'genomics', 'analytics@3');
    expect(await record()).toMatchObject({ baseline: to });
  });

  it('does not bring back what was forgotten since', async () => {
    await registering('one', 0, 'genomics');
    const kept = await record();
    if (!kept) throw new Error('it was not registered');
    await forgetAccount(fake.main.table, kept, undefined, new Date('2026-11-20T10:01:00Z'));
    await registering('one', 0, 'genomics');
    await registering('late', 30, 'genomics');
    expect(await record()).toBeUndefined();
    expect(await registering('newer', 90, 'genomics')).toMatchObject({ did: 'accepted' });
  });
});

describe('An event about an account that Organizations does not know', () => {
  const looked = (minutes: number) => {
    const trigger = event('joined', 0, 'aws.organizations');
    const arrivedAt = new Date(Date.parse(trigger.time) + minutes * 60_000).toISOString();
    const incoming = { ...trigger, detail: {}, account: '1', arrivedAt, redelivered: false };
    return reviewAccount(incoming, { accountId: MEMBER, account: undefined, came: true }, deps());
  };
  it('is tried again until it is an hour old', async () => {
    await expect(looked(59)).rejects.toThrow('does not know account');
    expect(await looked(60)).toMatchObject({ rejection: { reason: 'NotInOrganization' } });
  });
});

describe('What a registration owes', () => {
  it('is sent once by the tick, where intake crashed and the command line edited the record since', async () => {
    await registering('one', 0, 'genomics');
    for (const paused of [true, false])
      await editRecord(fake.main.table, MEMBER, (read) => ({ ...read, paused }), new Date());
    const { main, put, sentTo } = fake;
    const tick = (now: string) => deliverOwed(new Date(now), { main, timeLeft: () => true });
    expect(await tick('2020-01-01T00:00:00Z')).toBe(0);
    expect(await tick('9999-12-31T00:00:00Z')).toBe(1);
    expect(await tick('9999-12-31T00:00:00Z')).toBe(0);
    expect(put).toMatchObject([{ detailType: 'AccountRegistered' }]);
    expect(sentTo('work.fifo')).toMatchObject([{ accountId: MEMBER }]);
    expect(await registering('one', 0, 'genomics')).toMatchObject({ did: 'ignored' });
  });
});
