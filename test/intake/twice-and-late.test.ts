import { beforeEach, describe, expect, it } from '@jest/globals';
import { editRecord } from '../../cli/fleet.ts';
import type { FleetDeps, Trigger } from '../../controllers/fleet/outcome.ts';
import { deliverOwed } from '../../controllers/fleet/owed.ts';
import { register } from '../../controllers/fleet/register.ts';
import { retire } from '../../controllers/fleet/retire.ts';
import { reviewAccount } from '../../controllers/intake/review-account.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { withBaseline } from '../../shared/domain/records.ts';
import { accountKey, forgetAccount, getRecord, saveRecord, statusKey } from '../../shared/store/accounts.ts';
import { aBaselineItem, aConfig, anOrganizationAccount, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
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
const switching = (id: string, second: number, mode: 'enforce' | 'observe') =>
  register({ accountId: MEMBER, name: 'genomics', mode }, anOrganizationAccount(), event(id, second), deps());
const retiring = (id: string, second: number) =>
  retire({ accountId: MEMBER, resources: 'remove' }, event(id, second), deps());
/** `baseline assign`, as the command line saves it at so many seconds past ten. */
const assigning = (name: string, second: number) => {
  const { time } = event('assigned', second);
  const edit = (read: AccountRecord) => withBaseline(read, { name, version: 3 }, time);
  return { now: new Date(time), edit };
};
const record = () => getRecord(fake.main.table, MEMBER);

describe('A retirement that is repeated', () => {
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

  it('leaves an account for which a later request came unchanged', async () => {
    await registering('one', 0, 'genomics');
    await registering('two', 20, 'genomics');
    expect(await retiring('late', 10)).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toMatchObject({ lifecycle: 'managed', generation: 1 });
  });
});

describe('A retirement that arrives before an older registration', () => {
  it('is refused, and the registration then counts as overtaken', async () => {
    expect(await retiring('second', 10)).toMatchObject({ rejection: { reason: 'UnknownAccount' } });
    expect(await registering('first', 0, 'genomics')).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toBeUndefined();
  });

  it('does not prevent a later registration', async () => {
    await retiring('first', 0);
    expect(await registering('second', 10, 'genomics')).toMatchObject({ did: 'accepted' });
  });

  it('is refused again if it is repeated, and moves no time', async () => {
    await retiring('second', 10);
    expect(await retiring('second', 10)).toMatchObject({ rejection: { reason: 'UnknownAccount' } });
    expect(await registering('third', 20, 'genomics')).toMatchObject({ did: 'accepted' });
  });

  it('finds the registration that is saved at the same time', async () => {
    let registered: Promise<unknown> | undefined;
    fake.store.onCall = (command) => {
      if (command !== 'TransactWriteCommand' || registered) return;
      registered = registering('first', 0, 'genomics');
      throw new Conflict('the registration comes first');
    };
    await expect(retiring('second', 10)).rejects.toThrow(Conflict);
    await registered;
    expect(await retiring('second', 10)).toMatchObject({ did: 'accepted' });
    expect(await record()).toMatchObject({ lifecycle: 'retiring' });
  });

  it('prevents a registration from being saved that read before it', async () => {
    let remembered: Promise<unknown> | undefined;
    fake.store.onCall = (command, input) => {
      const isTrace = command === 'GetCommand' && JSON.stringify(input).includes('forgotten');
      if (isTrace && !remembered) remembered = Promise.resolve().then(() => retiring('second', 10));
    };
    await expect(registering('first', 0, 'genomics')).rejects.toThrow(Conflict);
    await remembered;
    expect(await registering('first', 0, 'genomics')).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toBeUndefined();
  });
});

describe('A retirement that arrives before an older registration of an account that is only observed', () => {
  beforeEach(async () => {
    await switching('observed', 0, 'observe');
    expect(await retiring('gone', 20)).toMatchObject({ rejection: { reason: 'ObservedOnly' } });
    expect(await record()).toMatchObject({ lifecycle: 'managed', generation: 1 });
  });

  it('is followed once the registration says enforce, and names itself as the cause', async () => {
    expect(await switching('enforced', 10, 'enforce')).toMatchObject({
      did: 'accepted',
      announce: [],
      work: [{ cause: { detailType: 'AccountRetirementRequested', id: 'gone' } }],
    });
    const ending = { lifecycle: 'retiring', mode: 'enforce', generation: 3, changedBy: 'gone' };
    expect(await record()).toMatchObject(ending);
    await switching('enforced', 10, 'enforce');
    await retiring('gone', 20);
    expect(await record()).toMatchObject(ending);
  });

  it('is not followed if the registration says observe, or is later, or a baseline was assigned since', async () => {
    await switching('still observed', 10, 'observe');
    expect(await record()).toMatchObject({ lifecycle: 'managed', mode: 'observe' });
    const { now, edit } = assigning('special', 30);
    await editRecord(fake.main.table, MEMBER, edit, now);
    await switching('enforced', 15, 'enforce');
    expect(await record()).toMatchObject({ lifecycle: 'managed', mode: 'enforce' });
    await switching('later', 40, 'enforce');
    expect(await record()).toMatchObject({ lifecycle: 'managed', mode: 'enforce' });
  });

  it('is not lost if the registration was read before it was refused', async () => {
    const before = await record();
    await retiring('gone again', 25);
    if (!before) throw new Error('the account has a record');
    const edit = { ...before, mode: 'enforce' as const, generation: 2 };
    expect(await saveRecord(fake.main.table, edit, before)).toBe(false);
  });
});

describe('A registration that arrives after a later retirement', () => {
  beforeEach(async () => {
    await switching('enforced', 0, 'enforce');
    await retiring('gone', 30);
  });

  it('and says observe ends the removal, also where the account was enforced between the two', async () => {
    expect(await switching('enforced again', 5, 'enforce')).toMatchObject({
      rejection: { reason: 'Overtaken' },
    });
    expect(await record()).toMatchObject({ lifecycle: 'retiring' });
    await switching('observed', 10, 'observe');
    expect(await record()).toMatchObject({ lifecycle: 'managed', mode: 'observe' });
    await switching('enforced once more', 20, 'enforce');
    expect(await record()).toMatchObject({ lifecycle: 'retiring', mode: 'enforce' });
  });

  it('and says observe is overtaken by one that is later and came before it', async () => {
    await switching('enforced again', 20, 'enforce');
    expect(await switching('observed', 10, 'observe')).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toMatchObject({ lifecycle: 'retiring' });
  });
});

describe('A retirement', () => {
  it('from before the account joined is overtaken by its joining', async () => {
    fake.store.put({
      ...aRecord({ requestedAt: event('joined', 10).time, changedBy: 'joined' }),
      ...accountKey(MEMBER),
    });
    expect(await retiring('early', 0)).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toMatchObject({ lifecycle: 'managed' });
  });

  it('of an account that is known only by its joining is followed', async () => {
    fake.store.put({
      ...aRecord({
        requestedAt: event('joined', 0).time,
        // The listing found it a minute later.
        registeredAt: event('listing', 60).time,
        changedBy: 'joined',
      }),
      ...accountKey(MEMBER),
    });
    expect(await retiring('late', 10)).toMatchObject({ did: 'accepted' });
  });

  it('of an account that is only shown makes an older registration overtaken', async () => {
    fake.store.put({
      ...aRecord({ lifecycle: 'unmanaged', registeredAt: event('seen', 0).time }),
      ...accountKey(MEMBER),
    });
    expect(await retiring('second', 10)).toMatchObject({ rejection: { reason: 'UnknownAccount' } });
    expect(await registering('first', 5, 'genomics')).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toMatchObject({ lifecycle: 'unmanaged' });
  });

  it('of an account that is not known yet prevents its onboarding', async () => {
    await retiring('second', 10);
    const joined = { ...anOrganizationAccount(), joinedAt: event('joined', 0).time };
    const incoming = {
      ...event('joined', 0, 'aws.organizations'),
      detail: {},
      account: '',
      redelivered: false,
    };
    const review = { accountId: MEMBER, account: joined, came: true };
    await reviewAccount({ ...incoming, arrivedAt: incoming.time }, review, deps());
    expect((await record())?.lifecycle).not.toBe('managed');
  });
});

describe('A registration', () => {
  it('that is older than an assigned baseline is followed, except for its baseline', async () => {
    await registering('one', 0, 'genomics', 'analytics');
    const { now, edit } = assigning('special', 20);
    await editRecord(fake.main.table, MEMBER, edit, now);
    expect(await registering('late', 10, 'proteomics', 'analytics')).toMatchObject({ did: 'accepted' });
    expect(await record()).toMatchObject({ name: 'proteomics', baseline: { name: 'special' } });
    expect(await registering('later still', 5, 'old', 'analytics')).toMatchObject({
      rejection: { reason: 'Overtaken' },
    });
    expect(await registering('newest', 30, 'newest', 'analytics')).toMatchObject({ did: 'accepted' });
    expect(await record()).toMatchObject({ name: 'newest', baseline: { name: 'analytics' } });
  });

  it("that is older than the assignment of the account's former baseline leaves the baseline", async () => {
    await registering('one', 0, 'genomics', 'analytics');
    const { now, edit } = assigning('analytics', 20);
    await editRecord(fake.main.table, MEMBER, edit, now);
    expect(await registering('late', 10, 'proteomics', 'special')).toMatchObject({ did: 'accepted' });
    expect(await record()).toMatchObject({ name: 'proteomics', baseline: { name: 'analytics' } });
  });

  it('that is older than a second retirement of a retired account does not undo it', async () => {
    await registering('one', 0, 'genomics');
    await retiring('first', 10);
    const { generation = 0 } = (await record()) ?? {};
    const status = { ...aStatus({ observedGeneration: generation, retired: true }), ...statusKey(MEMBER) };
    fake.store.put(status);
    expect(await retiring('second', 30)).toMatchObject({ did: 'ignored' });
    expect(await registering('late', 20, 'genomics')).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toMatchObject({ lifecycle: 'retiring' });
  });

  it('that is repeated after a newer one changes nothing', async () => {
    await registering('one', 0, 'old');
    await registering('two', 0, 'new');
    expect(await registering('one', 0, 'old')).toMatchObject({ did: 'accepted' });
    expect(await record()).toMatchObject({ name: 'new', generation: 2 });
  });

  it('that is older and arrives second changes nothing, and is answered', async () => {
    await registering('second', 4, 'new');
    expect(await registering('first', 0, 'old')).toMatchObject({ rejection: { reason: 'Overtaken' } });
    expect(await record()).toMatchObject({ name: 'new', generation: 1 });
  });

  it('does not undo a later assignment by the command line', async () => {
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

  it('does not undo a later forgetting of the account', async () => {
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
  it('is retried until it is an hour old', async () => {
    await expect(looked(59)).rejects.toThrow('does not know account');
    expect(await looked(60)).toMatchObject({ rejection: { reason: 'NotInOrganization' } });
  });
});

describe('The messages that a registration owes', () => {
  it('are sent once by the tick, if intake crashed and the command line edited the record since', async () => {
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
