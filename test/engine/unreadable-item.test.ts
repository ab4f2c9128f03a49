import { describe, expect, it } from '@jest/globals';
import { unreadableView } from '../../shared/domain/account-view.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { accountKey, getStatus, statusKey } from '../../shared/store/accounts.ts';
import { aBaselineItem, aPass, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { smallAccount } from './small-account.ts';

const SWEEP = 'sweep-1';

const brokenRecord = () => ({ ...aRecord(), ...accountKey(MEMBER), generation: undefined });
const brokenStatus = () => ({ ...aStatus(), ...statusKey(MEMBER), version: '7', due: 'due', dueAt: 'then' });

describe('a run of an account', () => {
  it.each([
    ['record', brokenRecord(), 'desired of the table cannot be read: generation is missing'],
    ['status', brokenStatus(), 'status of the table cannot be read: version must be a number, not text'],
    ['block of addresses', { pk: `account#${MEMBER}`, sk: 'address' }, 'address of the table cannot be read'],
  ])('observes nothing if its %s cannot be read, and announces that once', async (_, item, problem) => {
    const one = smallAccount([item]);
    expect(await one.pass()).toMatchObject({ did: 'stopped' });
    expect(await one.pass()).toMatchObject({ did: 'stopped' });
    expect(one.entered).toEqual([]);
    expect(one.said).toEqual([
      {
        detailType: 'AccountDegraded',
        detail: {
          accountId: MEMBER,
          reason: 'UnreadableItem',
          message: expect.stringContaining(`The item account#${MEMBER} / ${problem}`),
          cause: { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-9' },
        },
      },
    ]);
  });

  it('leaves an item that cannot be read as it is, and makes the account no longer due', async () => {
    const one = smallAccount([brokenStatus()]);
    await one.pass();
    const { due: _, ...left } = brokenStatus();
    expect(one.item('status')).toEqual({ ...left, ready: false, unreadable: expect.any(String) });
  });

  it('works as usual once the item is corrected, and announces the account as ready again', async () => {
    const one = smallAccount([brokenRecord()]);
    await one.pass();
    one.store.put({ ...aRecord(), ...accountKey(MEMBER) });
    expect(await one.pass()).toMatchObject({ did: 'ran', status: { ready: true } });
    expect(one.said.map(({ detailType }) => detailType)).toEqual([
      'AccountDegraded',
      'DriftCorrected',
      'AccountReady',
    ]);
    expect(one.item('status')).not.toHaveProperty('unreadable');
  });

  it('writes nothing while the item that says what is paused cannot be read, and names the item', async () => {
    const one = smallAccount([{ pk: 'control', sk: 'fleet', fleetPaused: false }]);
    await one.pass();
    expect(one.writes).toEqual([]);
    expect((await getStatus(one.store.table, MEMBER))?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Network',
        status: 'False',
        reason: 'Paused',
        message:
          '1 difference is left as found: writing counts as paused. The item control / fleet of the table cannot be ' +
          'read: pausedBaselines is missing. Correct it in the table, or restore it from a backup.',
      }),
    );
  });

  it('says so if its baseline cannot be read, and leaves the account as it is', async () => {
    const one = smallAccount([{ ...aBaselineItem(), sections: undefined }]);
    expect(await one.pass()).toMatchObject({ did: 'ran', status: { ready: false } });
    expect(one.entered).toEqual([]);
    const problem =
      'The item baseline#analytics / version#000000003 of the table cannot be read: sections is missing.';
    expect(one.said).toMatchObject([
      {
        detailType: 'AccountDegraded',
        detail: { reason: 'UnreadableItem', message: expect.stringContaining(problem) },
      },
    ]);
    const status = await getStatus(one.store.table, MEMBER);
    expect(status?.conditions).toMatchObject([
      { type: 'Baseline', status: 'False', reason: 'UnreadableItem' },
    ]);
    expect(status).not.toHaveProperty('dueAt');
  });

  it('writes nothing for a sweep whose item cannot be read: the circuit breaker is unknown', async () => {
    const one = smallAccount([{ pk: `sweep#${SWEEP}`, sk: 'progress', sweepId: SWEEP }]);
    await one.pass({ sweepId: SWEEP });
    expect(one.writes).toEqual([]);
    const status = (await getStatus(one.store.table, MEMBER)) as AccountStatus;
    expect(status.conditions[0]?.message).toContain(`sweep#${SWEEP} / progress of the table cannot be read`);
    expect(status.lastPass).toMatchObject({
      ...aPass(),
      result: 'drifted',
      id: expect.any(String),
      startedAt: expect.any(String),
      finishedAt: expect.any(String),
      cause: expect.anything(),
      differences: [expect.anything()],
      calls: expect.anything(),
    });
  });
});

describe('the view of an account', () => {
  const now = new Date('2026-11-20T12:00:00Z');
  const item = { name: 'UnreadableItem', reason: 'UnreadableItem', message: 'No.', remedy: 'Correct it.' };

  it('shows the record, and the problem of a status that cannot be read', () => {
    const view = unreadableView(item as never, { accountId: MEMBER, record: aRecord(), now });
    expect(view).toMatchObject({ name: 'genomics', state: 'failed', ready: false, origin: 'created' });
    expect(view.conditions).toEqual([
      {
        type: 'Items',
        status: 'False',
        reason: 'UnreadableItem',
        message: 'No. Correct it.',
        changedAt: now.toISOString(),
      },
    ]);
  });

  it('shows the id, and the problem of a record that cannot be read', () => {
    const view = unreadableView(item as never, { accountId: MEMBER, now });
    expect(view).toMatchObject({ name: MEMBER, state: 'failed', ready: false });
    expect(view).not.toHaveProperty('mode');
  });
});
