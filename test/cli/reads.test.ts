import { beforeEach, describe, expect, it } from '@jest/globals';
import { accountKey } from '../../shared/store/accounts.ts';
import { addressBook } from '../../shared/store/addresses.ts';
import { startSweep } from '../../shared/store/controls.ts';
import { saveStatus } from '../../shared/store/statuses.ts';
import { captured } from '../kit/captured.ts';
import { useMainInMemory } from '../kit/cli-in-memory.ts';
import { aPass, aRecord, aStatus } from '../kit/factories.ts';
import { type FakeMain, fakeMain } from '../kit/fake-main.ts';

let fake: FakeMain;
await useMainInMemory(() => fake);
const { run } = await import('../../cli/program.ts');

const FLEET = 300;
const idOf = (at: number) => String(100_000_000_000 + at);
const [DRIFTED, CORRECTED] = [idOf(7), idOf(250)];
const TIME = '2026-11-20T02:00:00.000Z';

/** Saves a record as it is stored, and a status as a run does, with a line of history if the run found something. */
async function ran(
  accountId: string,
  result: 'unchanged' | 'corrected' | 'drifted',
  version = 1,
): Promise<void> {
  const record = aRecord({ accountId });
  fake.store.put({ ...record, ...accountKey(accountId), collection: 'account', collectionKey: accountId });
  const lastPass = aPass({ id: `pass-${accountId}`, startedAt: TIME, result });
  const status = aStatus({ accountId, version, lastPass });
  const found = result === 'unchanged' ? {} : { inHistory: true };
  await saveStatus(fake.main.table, status, { passId: lastPass.id, now: new Date(TIME), record, ...found });
}

beforeEach(async () => {
  fake = fakeMain();
  for (let at = 0; at < FLEET; at++) await ran(idOf(at), 'unchanged');
  await ran(DRIFTED, 'drifted', 2);
  await ran(CORRECTED, 'corrected', 2);
  const { table } = fake.main;
  await startSweep(table, { sweepId: 'night-1', accounts: FLEET, startedAt: TIME });
  const book = addressBook(table);
  await book.savePools({ version: 0, pools: [{ name: 'main', cidr: '10.0.0.0/8', prefix: 20 }] });
  const block = { pool: 'main', cidr: '10.0.0.0/20', accountId: DRIFTED, since: TIME };
  await book.take({ accountId: DRIFTED, version: 0, blocks: [] }, block);
});

/** What a command reads: how often it queries the records of the fleet, and how many items it gets by key. */
async function readsOf(...argv: string[]): Promise<{ fleet: number; keys: number; stdout: string }> {
  let [fleet, keys] = [0, 0];
  fake.store.onCall = (command, input) => {
    const {
      ExpressionAttributeValues = {},
      IndexName,
      RequestItems = {},
    } = input as {
      readonly IndexName?: string;
      readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
      readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly unknown[] }>>;
    };
    const values = Object.values(ExpressionAttributeValues);
    if (IndexName === 'collection' && values.includes('account')) fleet += 1;
    if (command === 'ScanCommand') fleet += 1;
    keys += Object.values(RequestItems).reduce((sum, { Keys }) => sum + Keys.length, 0);
  };
  const { code, stdout } = await captured(() => run(argv));
  fake.store.onCall = () => undefined;
  expect(code).toBe(0);
  return { fleet, keys, stdout };
}

describe('a command that lists a few of many accounts', () => {
  it.each([
    [['history', '--json'], 2],
    [['history', DRIFTED, '--json'], 1],
    [['addresses', '--json'], 1],
    [['accounts', '--drifted', '--json'], 4],
    [['sweeps', '--json'], 0],
    [['rejected', '--json'], 0],
  ])('%j reads an index, never the fleet, and gets by key only what it shows', async (argv, keys) => {
    const { stdout, ...reads } = await readsOf(...argv);
    expect(reads).toEqual({ fleet: 0, keys });
    if (argv[0] !== 'rejected') expect(JSON.parse(stdout)).not.toEqual([]);
  });

  it('is no match for one that filters by what no index has, which reads the fleet', async () => {
    expect(await readsOf('accounts', '--reason', 'InUse', '--json')).toMatchObject({ keys: FLEET });
    expect((await readsOf('accounts', '--json')).fleet).toBeGreaterThan(0);
  });
});

describe('accounts --drifted', () => {
  const ids = (json: string) =>
    (JSON.parse(json) as { accountId: string }[]).map(({ accountId }) => accountId);

  it('lists the accounts whose last run found differences, corrected or not, by id', async () => {
    expect(ids((await readsOf('accounts', '--drifted', '--json')).stdout)).toEqual([DRIFTED, CORRECTED]);
  });

  it('lists an account no more after a run that found nothing', async () => {
    await ran(DRIFTED, 'unchanged', 3);
    expect(ids((await readsOf('accounts', '--drifted', '--json')).stdout)).toEqual([CORRECTED]);
  });

  it('lists an account whose status an earlier version wrote after its next run', async () => {
    for (const item of fake.store.items(`account#${DRIFTED}`)) {
      const { differing: _, ...earlier } = item;
      fake.store.put(earlier);
    }
    expect(ids((await readsOf('accounts', '--drifted', '--json')).stdout)).toEqual([CORRECTED]);
    await ran(DRIFTED, 'drifted', 3);
    expect(ids((await readsOf('accounts', '--drifted', '--json')).stdout)).toEqual([DRIFTED, CORRECTED]);
  });

  it('says how many there are, without counting the others', async () => {
    const { stderr } = await captured(() => run(['accounts', '--drifted', '--not-ready']));
    expect(stderr).toBe('0 of 2 accounts whose last run found differences; 2 ready, 0 not.\n');
  });
});
