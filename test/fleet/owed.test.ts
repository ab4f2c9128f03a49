import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from '@jest/globals';
import { deliverOwed, owedBy, saveOwing } from '../../controllers/fleet/owed.ts';
import { watch } from '../../shared/aws/watch.ts';
import { ServiceFault } from '../../shared/domain/errors.ts';
import { getRecord } from '../../shared/store/accounts.ts';
import { aRecord, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { answering, awsError, on } from '../kit/sdk.ts';

const cause = { source: 'orgkeeper.request', detailType: 'AccountRegistrationRequested', id: 'event-9' };
const trigger = { cause, time: '2026-11-20T10:00:00Z' };
const run = { accountId: MEMBER, cause, requestedAt: trigger.time };
const announced = (detailType: string) => ({
  detailType,
  detail: { accountId: MEMBER, name: 'genomics', baseline: { name: 'analytics', version: 3 }, cause },
});

describe('what a change of an account owes', () => {
  it.each([
    ['managed', [announced('AccountRegistered')], [run]],
    ['retiring', [], [run]],
    ['retired', [announced('AccountRetired')], [run]],
    ['departed', [], [run]],
    ['unmanaged', [], []],
  ] as const)('follows from its state: %s', (lifecycle, announce, work) => {
    expect(owedBy(aRecord({ lifecycle }), trigger)).toEqual({ announce, work });
  });

  it('counts the seconds until the account is ready from when it was requested', () => {
    const requestedAt = '2026-11-20T08:00:00Z';
    expect(owedBy(aRecord(), { ...trigger, requestedAt }).work).toEqual([{ ...run, requestedAt }]);
  });
});

describe('the tick that delivers what records owe', () => {
  it('continues with the others if a record cannot be read', async () => {
    const { main, put, store } = fakeMain();
    const records = ['111111111111', '222222222222'].map((accountId) => aRecord({ accountId }));
    for (const record of records) await saveOwing({ main }, record, undefined, owedBy(record, trigger));
    const [item] = store.items('account#111111111111');
    store.put({ ...item, generation: 'three' });
    const tick = () => deliverOwed(new Date('9999-12-31'), { main, timeLeft: () => true });
    expect(await tick()).toBe(1);
    expect(put.map(({ detail }) => detail.accountId)).toEqual(['222222222222']);
    expect((await getRecord(main.table, '222222222222'))?.owed).toBeUndefined();
    expect(await tick()).toBe(0);
  });

  it.each([
    ['AWS refuses the call of one', 'call', 'ValidationException', ['222222222222']],
    ['AWS refuses the event of one', 'entry', 'MalformedDetail', ['222222222222']],
    ['or with none, if AWS fails', 'call', 'InternalFailure', []],
  ])('continues with the others if %s', async (_, refused, code, delivered) => {
    const { main: fake } = fakeMain();
    const announced: string[] = [];
    const eventBridge = watch(
      answering(
        new EventBridgeClient({ region: 'eu-west-1' }),
        on(PutEventsCommand, ({ Entries = [] }) => {
          const [entry] = Entries;
          const { accountId } = JSON.parse(entry?.Detail ?? '');
          if (accountId === '111111111111') {
            if (refused === 'call') throw awsError(code);
            return { Entries: [{ ErrorCode: code, ErrorMessage: `AWS says ${code}` }] };
          }
          announced.push(accountId);
          return { Entries: [{ EventId: 'event-1' }] };
        }),
      ),
      { name: 'events' },
    );
    const main = { ...fake, bus: { ...fake.bus, eventBridge } };
    const records = ['111111111111', '222222222222'].map((accountId) => aRecord({ accountId }));
    for (const record of records) await saveOwing({ main }, record, undefined, owedBy(record, trigger));
    const tick = deliverOwed(new Date('9999-12-31'), { main, timeLeft: () => true });
    const error = await tick.catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(delivered.length > 0 ? AggregateError : ServiceFault);
    expect(error).toHaveProperty('message', expect.stringContaining(`AWS says ${code}`));
    if (delivered.length > 0)
      expect(error).toHaveProperty('message', expect.stringContaining('111111111111: '));
    expect(announced).toEqual(delivered);
    expect((await getRecord(main.table, '111111111111'))?.owed).toBeDefined();
  });
});
