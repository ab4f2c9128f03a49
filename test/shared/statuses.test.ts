import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Conflict } from '../../shared/domain/errors.ts';
import { accountKey, forgetAccount, loadAccount, saveRecord } from '../../shared/store/accounts.ts';
import { dropStatus, saveStatus, takeLease } from '../../shared/store/statuses.ts';
import { startTable, type TestTable } from '../kit/emulated-table.ts';
import { aRecord, aStatus, MEMBER } from '../kit/factories.ts';

let store: TestTable;
beforeAll(async () => {
  store = await startTable();
}, 90_000);
afterAll(() => store?.stop());
beforeEach(async () => {
  await store.reset();
  await saveRecord(store.table, aRecord(), undefined);
});

const now = new Date('2026-11-20T10:00:00Z');
const until = new Date('2026-11-20T10:02:00Z');
const lease = (passId: string, readVersion: number, at = now) =>
  takeLease(store.table, { accountId: MEMBER, passId, until, now: at, readVersion, record: aRecord() });
const save = (passId: string, version: number, at = now) =>
  saveStatus(store.table, aStatus({ version }), { passId, now: at, record: aRecord() });

describe('The lease of an account', () => {
  it('belongs to one run until it saves', async () => {
    await lease('a', 0);
    await expect(lease('b', 0)).rejects.toThrow(Conflict);
    await expect(save('b', 1)).rejects.toThrow(Conflict);
    await save('a', 1);
    await lease('b', 1);
  });

  it('records, from the first one on, where a run writes, until a status does', async () => {
    const home = { region: 'us-west-2', baseline: { name: 'analytics', version: 3 } };
    const first = { accountId: MEMBER, until, readVersion: 0, record: aRecord() };
    await takeLease(store.table, { ...first, passId: 'a', now, home });
    const later = { ...home, region: 'eu-west-1' };
    const at = new Date('2026-11-20T10:02:01Z');
    await takeLease(store.table, { ...first, passId: 'b', now: at, home: later });
    expect(await loadAccount(store.table, MEMBER)).toMatchObject({ begun: home });
    await save('b', 1, at);
    expect((await loadAccount(store.table, MEMBER)).begun).toBeUndefined();
  });

  it('records where a run may make resources, until a run saves that it knows them', async () => {
    const baseline = { name: 'analytics', version: 3 };
    const making = [{ region: 'us-west-2', baseline }];
    const first = { accountId: MEMBER, until, record: aRecord(), now };
    await takeLease(store.table, { ...first, passId: 'a', readVersion: 0, making });
    expect(await loadAccount(store.table, MEMBER)).toMatchObject({ making });
    await save('a', 1);
    expect((await loadAccount(store.table, MEMBER)).making).toBeUndefined();
    await takeLease(store.table, { ...first, passId: 'b', readVersion: 1, making });
    expect((await loadAccount(store.table, MEMBER)).status).toMatchObject({ version: 1, making });
  });

  it('is not lost to its own save if the answer was lost and the save is repeated', async () => {
    await lease('pass-1', 0);
    await save('pass-1', 1);
    await save('pass-1', 1);
    await save('pass-1', 2);
    await save('pass-1', 2);
    await expect(save('other', 2)).rejects.toThrow(Conflict);
  });

  it('ends with the time of a run that crashed', async () => {
    await lease('a', 0);
    await lease('b', 0, new Date('2026-11-20T10:02:01Z'));
  });

  it('is refused to a run that has read an outdated status', async () => {
    await save('a', 1);
    await expect(lease('b', 0)).rejects.toThrow(Conflict);
    await expect(save('b', 1)).rejects.toThrow(Conflict);
  });

  it.each([
    [
      'retired',
      async () => saveRecord(store.table, aRecord({ lifecycle: 'retired', generation: 4 }), aRecord()),
    ],
    ['forgotten', async () => forgetAccount(store.table, aRecord(), undefined, now)],
  ])('is refused in an account that is %s during its first run, and no status is saved', async (_, end) => {
    await lease('a', 0);
    await end();
    await expect(save('a', 1)).rejects.toThrow(Conflict);
    await expect(lease('a', 0)).rejects.toThrow(Conflict);
    expect((await loadAccount(store.table, MEMBER)).status).toBeUndefined();
  });

  it('ends when the account is forgotten, and its status is not saved again', async () => {
    await save('a', 1);
    await forgetAccount(store.table, aRecord(), undefined, now);
    await expect(lease('b', 1)).rejects.toThrow(Conflict);
    await expect(save('b', 2)).rejects.toThrow(Conflict);
    expect((await loadAccount(store.table, MEMBER)).status).toBeUndefined();
  });
});

describe('A status without a record', () => {
  const orphan = async () => {
    await save('a', 1);
    const { documents, name } = store.table;
    await documents.send(new DeleteCommand({ TableName: name, Key: accountKey(MEMBER) }));
  };

  it('is deleted, so that nothing is due any more', async () => {
    await orphan();
    await dropStatus(store.table, aStatus({ version: 1 }));
    expect((await loadAccount(store.table, MEMBER)).status).toBeUndefined();
  });

  it('stays if somebody has registered the account meanwhile', async () => {
    await orphan();
    await saveRecord(store.table, aRecord(), undefined);
    await dropStatus(store.table, aStatus({ version: 1 }));
    expect((await loadAccount(store.table, MEMBER)).status).toBeDefined();
  });

  it('stays if a run has saved another one meanwhile', async () => {
    await save('a', 1);
    await save('b', 2);
    const { documents, name } = store.table;
    await documents.send(new DeleteCommand({ TableName: name, Key: accountKey(MEMBER) }));
    await dropStatus(store.table, aStatus({ version: 1 }));
    expect((await loadAccount(store.table, MEMBER)).status).toMatchObject({ version: 2 });
  });
});
