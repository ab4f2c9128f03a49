import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { isCircuitBreakerOpen, suspension } from '../../controllers/engine/gate.ts';
import type { Run, RunDeps } from '../../controllers/engine/model.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import { brakeTrips, RUNNING } from '../../shared/domain/control.ts';
import { getSweep, startSweep } from '../../shared/store/controls.ts';
import { systemClock } from '../kit/clock.ts';
import { startTable, type TestTable } from '../kit/emulated-table.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { answering, on } from '../kit/sdk.ts';

describe('brakeTrips', () => {
  it.each([
    ['holds at more than 20 % and more than 10', 50, 11, true],
    ['lets a fifth pass', 100, 20, false],
    ['holds above a fifth', 100, 21, true],
    ['lets ten pass, however few there are', 10, 10, false],
  ])('%s', (_, accounts, drifted, trips) => {
    expect(brakeTrips({ accounts, drifted })).toBe(trips);
  });
});

describe('a sweep in which too many accounts differ', () => {
  const id = (index: number) => String(100_000_000_000 + index);
  const said: unknown[] = [];
  let busFails = false;
  let store: TestTable;
  let main: Main;
  beforeAll(async () => {
    store = await startTable();
    const eventBridge = answering(
      new EventBridgeClient({ region: 'eu-west-1' }),
      on(PutEventsCommand, ({ Entries = [] }) => {
        if (busFails) throw new Error('the bus is away');
        said.push(...Entries.map(({ DetailType }) => DetailType));
        return { Entries: Entries.map(() => ({ EventId: 'e' })) };
      }),
    );
    main = { ...fakeMain().main, table: store.table, bus: { eventBridge, name: 'orgkeeper' } };
  }, 90_000);
  afterAll(() => store?.stop());
  beforeEach(async () => {
    said.length = 0;
    busFails = false;
    await store.reset();
    await startSweep(store.table, { sweepId: 's', accounts: 20, startedAt: '2020-01-01T00:00:00.000Z' });
    for (let index = 0; index < 10; index++)
      expect(await isCircuitBreakerOpen(main, 's', id(index))).toBe(false);
  });

  it('stops, and announces SweepStopped once', async () => {
    expect(await isCircuitBreakerOpen(main, 's', id(10))).toBe(true);
    expect(await isCircuitBreakerOpen(main, 's', id(10))).toBe(true);
    expect(await isCircuitBreakerOpen(main, 's', id(11))).toBe(true);
    expect(said).toEqual(['SweepStopped']);
  });

  it('counts no more accounts once it has stopped, since each count writes the names of all that were counted', async () => {
    for (const index of [10, 11, 12]) expect(await isCircuitBreakerOpen(main, 's', id(index))).toBe(true);
    expect(await getSweep(store.table, 's')).toMatchObject({ drifted: 11, stopped: true });
  });

  it('announces SweepStopped when the run that stopped it is repeated, if the bus did not answer the first time', async () => {
    busFails = true;
    await expect(isCircuitBreakerOpen(main, 's', id(10))).rejects.toThrow('the bus is away');
    busFails = false;
    expect(await isCircuitBreakerOpen(main, 's', id(11))).toBe(true);
    expect(said).toEqual([]);
    expect(await isCircuitBreakerOpen(main, 's', id(10))).toBe(true);
    expect(said).toEqual(['SweepStopped']);
  });

  it.each([
    [
      'an account that was ever ready',
      { ready: false, readySince: '2020-01-01T00:00:00.000Z' },
      'SweepStopped',
    ],
    ['no account that is not ready yet', { ready: false }, undefined],
    ['no new account', undefined, undefined],
  ])('leaves the differences of %s', async (_, before, hold) => {
    await isCircuitBreakerOpen(main, 's', id(10));
    expect(await suspendedBy({ sweepId: 's' }, before)).toBe(hold);
  });

  const suspendedBy = (message: object, before: object | undefined, accountId = id(12)) => {
    const run = { record: { accountId }, control: RUNNING, request: { message }, before };
    return suspension(run as unknown as Run, { ...systemClock, main } as unknown as RunDeps);
  };
  const ready = { ready: true, readySince: '2020-01-01T00:00:00.000Z' };

  it('is not stopped by accounts that only import what one of its accounts exports', async () => {
    for (let index = 20; index < 40; index++)
      expect(await suspendedBy({ exportedInSweep: 's' }, ready, id(index))).toBeUndefined();
    expect(said).toEqual([]);
    expect(await isCircuitBreakerOpen(main, 's', id(10))).toBe(true);
  });

  it('leaves the differences of accounts that import from it, too, once it has stopped', async () => {
    await isCircuitBreakerOpen(main, 's', id(10));
    expect(await suspendedBy({ exportedInSweep: 's' }, ready)).toBe('SweepStopped');
    expect(await suspendedBy({ exportedInSweep: 's' }, undefined)).toBeUndefined();
    expect(await suspendedBy({ exportedInSweep: 'another' }, ready)).toBeUndefined();
    expect(await suspendedBy({}, ready)).toBeUndefined();
  });

  it('does not expire while it runs if its event has an old time', async () => {
    const Key = { pk: 'sweep#s', sk: 'progress' };
    const { Item } = await store.table.documents.send(new GetCommand({ TableName: store.table.name, Key }));
    expect(Item?.expiresAt).toBeGreaterThan(Date.now() / 1000);
  });
});
