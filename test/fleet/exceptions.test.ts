import { describe, expect, it } from '@jest/globals';
import { endException, requestException } from '../../controllers/fleet/exceptions.ts';
import { outcomeOf } from '../../controllers/fleet/outcome.ts';
import { retire } from '../../controllers/fleet/retire.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { Exception } from '../../shared/domain/exceptions.ts';
import { registered } from '../../shared/domain/records.ts';
import { parseRequest } from '../../shared/domain/requests.ts';
import { accountKey, getRecord, statusKey } from '../../shared/store/accounts.ts';
import { aBaselineItem, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const TIME = '2026-11-20T10:00:00.000Z';
const asked = {
  accountId: MEMBER,
  path: 'network:subnet.public.*',
  until: '2027-01-31T01:00:00+01:00',
  because: 'the vendor migrates',
};
const anException = (given: Partial<Exception> = {}): Exception => ({
  path: asked.path,
  until: '2026-12-01T00:00:00.000Z',
  because: 'a test',
  request: 'event-5',
  at: '2026-11-20T09:30:00.000Z',
  ...given,
});

interface Given {
  readonly record?: Partial<AccountRecord>;
  readonly id?: string;
  readonly time?: string;
}

function world({ record, id = 'event-9', time = TIME }: Given) {
  const before = aRecord(record);
  const { main, store } = fakeMain([
    { ...aBaselineItem(), sections: { network: {}, roles: {} } },
    { ...before, ...accountKey(MEMBER) },
    { ...aStatus(), ...statusKey(MEMBER) },
  ]);
  const cause = {
    ...{ source: 'orgkeeper.request', detailType: 'ExceptionRequested', id },
    ...{ sentBy: '345678901234', requestedBy: 'arn:aws:iam::345678901234:user/ana' },
  };
  return { before, main, store, trigger: { cause, time }, stored: () => getRecord(main.table, MEMBER) };
}

async function except(given: Given = {}, more: Partial<Parameters<typeof requestException>[0]> = {}) {
  const { before, main, trigger, stored } = world(given);
  const outcome = await requestException({ ...asked, ...more }, trigger, { main });
  return { outcome, before, record: await stored() };
}

async function end(path: string, given: Given = {}) {
  const { before, main, trigger, stored } = world(given);
  const outcome = await endException({ accountId: MEMBER, path }, trigger, { main });
  return { outcome, before, record: await stored() };
}

describe('A request for an exception', () => {
  it('adds it to the record, with who and why, and requests a run', async () => {
    const { outcome, before, record } = await except({}, { iKnow: true });
    expect(record).toMatchObject({ generation: before.generation + 1, changedBy: 'event-9' });
    expect(record?.exceptions).toEqual([
      {
        ...{ path: asked.path, until: '2027-01-31T00:00:00.000Z', because: asked.because, iKnow: true },
        ...{ request: 'event-9', at: TIME, sentBy: '345678901234' },
        requestedBy: 'arn:aws:iam::345678901234:user/ana',
      },
    ]);
    expect(outcome).toMatchObject({ did: 'accepted', announce: [], work: [{ accountId: MEMBER }] });
  });

  it('replaces the exception with its path, keeps the others, and drops those that ended more than a day ago', async () => {
    const other = anException({ path: 'roles:*' });
    const old = anException({ path: 'network:vpc.*', until: '2026-11-19T09:00:00.000Z' });
    const ended = anException({ path: 'network:old', endedAt: '2026-11-20T09:59:00.000Z' });
    const { record } = await except({ record: { exceptions: [anException(), other, old, ended] } });
    expect(record?.exceptions?.map(({ path, request }) => `${path} ${request}`)).toEqual([
      'roles:* event-5',
      'network:old event-5',
      'network:subnet.public.* event-9',
    ]);
  });

  it('changes nothing when its event comes again', async () => {
    const { outcome } = await except({ record: { changedBy: 'event-9', exceptions: [anException()] } });
    expect(outcome).toEqual({ did: 'ignored', why: 'this event was already followed' });
  });

  it('may be about an account that is only observed', async () => {
    expect((await except({ record: { mode: 'observe' } })).outcome.did).toBe('accepted');
  });

  it.each([
    ['a later request with its path', { exceptions: [anException({ at: '2026-11-20T10:05:00.000Z' })] }],
    ['a later registration of the account', { registeredAt: '2026-11-20T10:05:00.000Z' }],
  ])('is overtaken by %s', async (_, record) => {
    const { outcome, before, record: after } = await except({ record });
    expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason: 'Overtaken' } });
    expect(after).toEqual(before);
  });

  it.each([
    ['UnknownAccount', 'is not managed by Orgkeeper', {}, { lifecycle: 'unmanaged' }],
    ['AccountDeparted', 'cannot be entered', {}, { lifecycle: 'departed' }],
    ['AccountRetired', 'is retired: register it again', {}, { lifecycle: 'retired' }],
    [
      'UnknownKind',
      'names netwerk, which is no section of the baseline analytics@3: it has network, roles',
      { path: 'netwerk:*' },
      {},
    ],
    ['EndNotAllowed', 'is over: it must be later than 2026-11-20T10:00:00.000Z', { until: TIME }, {}],
    [
      'EndNotAllowed',
      'is more than a year ahead: it must be at most 2027-11-21T10:00:00.000Z',
      { until: '2027-11-21T10:00:01Z' },
      {},
    ],
    [
      'TooManyExceptions',
      'at most 50',
      {},
      { exceptions: Array.from({ length: 50 }, (_, at) => anException({ path: `network:subnet.${at}` })) },
    ],
  ] as const)('is refused as %s (%s), and nothing changes', async (reason, message, more, record) => {
    const { outcome, before, record: after } = await except({ record }, more);
    expect(outcome).toMatchObject({
      did: 'rejected',
      rejection: { reason, message: expect.stringContaining(message) },
    });
    expect(after).toEqual(before);
  });

  it('is refused for an account that was never registered', async () => {
    const { main, trigger } = world({});
    const outcome = await requestException({ ...asked, accountId: '999999999999' }, trigger, { main });
    expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason: 'UnknownAccount' } });
  });

  it.each([
    ['because', undefined],
    ['because', '   '],
    ['because', 'x'.repeat(257)],
    ['path', 'network'],
    ['path', 'network:'],
    ['path', 'Network:vpc.*'],
    ['path', `network:${'x'.repeat(257)}`],
    ['path', 'network:vpc\u0007'],
    ['until', '2027-01-31'],
    ['until', 'tomorrow'],
    ['iKnow', false],
  ])('is not valid with %s %j', (field, value) => {
    const parsed = parseRequest('ExceptionRequested', { ...asked, [field]: value });
    expect(parsed).toMatchObject({ problems: [{ path: `detail.${field}` }] });
  });
});

describe('A request for the end of an exception', () => {
  it('ends it, and requests a run, which corrects what it covered', async () => {
    const { outcome, record, before } = await end(asked.path, { record: { exceptions: [anException()] } });
    expect(record).toMatchObject({
      generation: before.generation + 1,
      exceptions: [{ ...anException(), endedAt: TIME }],
    });
    expect(outcome).toMatchObject({ did: 'accepted', work: [{ accountId: MEMBER }] });
  });

  it.each([
    ['its time is over', { until: '2026-11-20T09:59:59.000Z' }],
    ['another request has ended it', { endedAt: '2026-11-20T09:40:00.000Z' }],
  ])('changes nothing if %s', async (_, given) => {
    const { outcome } = await end(asked.path, { record: { exceptions: [anException(given)] } });
    expect(outcome).toEqual({ did: 'ignored', why: 'the exception has ended already' });
  });

  it.each([
    ['that the record does not have', []],
    ['that is over already', [anException({ until: '2026-11-20T09:59:59.000Z' })]],
    ['that holds', [anException()]],
  ])(
    'overtakes a request that arrives after it, for days, also of an exception %s',
    async (_, exceptions) => {
      const { main, trigger, stored } = world({ record: { exceptions } });
      await endException({ accountId: MEMBER, path: asked.path }, trigger, { main });
      const request = (id: string, time: string, path = asked.path) =>
        requestException({ ...asked, path }, { cause: { ...trigger.cause, id }, time }, { main });
      await request('event-10', '2026-11-23T10:00:00.000Z', 'roles:*');
      expect(await request('event-8', '2026-11-20T09:59:58.000Z')).toMatchObject({
        did: 'rejected',
        rejection: { reason: 'Overtaken' },
      });
      expect((await stored())?.exceptions?.filter(({ request }) => request === 'event-8')).toEqual([]);
      expect(await request('event-11', '2026-11-23T10:00:01.000Z')).toMatchObject({ did: 'accepted' });
    },
  );

  it('overtakes a request that has been read and not saved when it arrives', async () => {
    const { main, store, trigger, before, stored } = world({});
    store.onCall = (command) => {
      if (command !== 'TransactWriteCommand') return;
      const endedAt = '2026-11-20T10:00:01.000Z';
      store.put({ pk: `end#${MEMBER}`, sk: `exception#${asked.path}`, endedAt });
    };
    const outcome = await outcomeOf(() => requestException(asked, trigger, { main }));
    expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason: 'Overtaken' } });
    expect(await stored()).toEqual(before);
  });

  it('is refused if the account has no exception with that path, or a later one', async () => {
    const reason = async (given: Given, path = asked.path) => {
      const { outcome } = await end(path, given);
      return outcome.did === 'rejected' ? outcome.rejection.reason : outcome.did;
    };
    const exceptions = [anException({ at: '2026-11-20T10:05:00.000Z' })];
    expect(await reason({ record: { exceptions } }, 'network:*')).toBe('UnknownException');
    expect(await reason({})).toBe('UnknownException');
    expect(await reason({ record: { exceptions } })).toBe('Overtaken');
    expect(await reason({ record: { exceptions, lifecycle: 'retired' } })).toBe('AccountRetired');
  });
});

describe('The exceptions of an account', () => {
  it('stay when it is registered again', () => {
    const existing = aRecord({ exceptions: [anException()] });
    const record = registered(existing, {
      request: { accountId: MEMBER, name: 'genetics' },
      baseline: { name: 'analytics', version: 3 },
      described: undefined,
      named: true,
      changedBy: 'event-9',
      time: TIME,
    });
    expect(record).toMatchObject({ name: 'genetics', exceptions: [anException()] });
  });

  it.each(['retain', 'remove'] as const)('end when it is retired with resources %s', async (resources) => {
    const { main, trigger, stored } = world({ record: { exceptions: [anException()] } });
    expect(await retire({ accountId: MEMBER, resources }, trigger, { main })).toMatchObject({
      did: 'accepted',
    });
    expect(await stored()).not.toHaveProperty('exceptions');
  });
});
