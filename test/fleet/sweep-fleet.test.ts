import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskDeps } from '../../controllers/fleet/list-organization.ts';
import { requestSweep, sweepFleet } from '../../controllers/fleet/sweep-fleet.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import { deduplicationId, SweepMessage, WorkMessage } from '../../shared/domain/work.ts';
import { accountKey, saveRecord } from '../../shared/store/accounts.ts';
import { startTable, type TestTable } from '../kit/emulated-table.ts';
import { aConfig, aRecord } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { memoryTable } from '../kit/memory-table.ts';
import { answering, on } from '../kit/sdk.ts';

const ACCOUNTS = 600;
const id = (index: number) => String(100_000_000_000 + index);

let store: TestTable;
beforeAll(async () => {
  store = await startTable();
  const records = Array.from({ length: ACCOUNTS }, (_, index) =>
    aRecord({
      accountId: id(index),
      // Long enough that one Query does not take them all: a page of DynamoDB is 1 MB.
      values: { note: 'x'.repeat(4_000) },
      lifecycle: index % 100 === 0 ? 'departed' : index % 100 === 1 ? 'unmanaged' : 'managed',
      baseline: { name: index % 2 === 0 ? 'analytics' : 'web', version: 1 },
    }),
  );
  for (let start = 0; start < ACCOUNTS; start += 25) {
    const puts = records.slice(start, start + 25).map((record) => ({
      PutRequest: {
        Item: {
          ...record,
          ...accountKey(record.accountId),
          collection: 'account',
          collectionKey: record.accountId,
        },
      },
    }));
    await store.table.documents.send(new BatchWriteCommand({ RequestItems: { [store.table.name]: puts } }));
  }
}, 180_000);
afterAll(() => store?.stop());

/** Queues that keep what they are sent; `failAt` breaks the n-th batch of work. */
function queues(failAt = Number.POSITIVE_INFINITY) {
  const work: WorkMessage[] = [];
  const tasks: SweepMessage[] = [];
  let batches = 0;
  const sqs = answering(
    new SQSClient({ region: 'eu-west-1', md5: false }),
    on(SendMessageBatchCommand, ({ Entries = [] }) => {
      batches += 1;
      if (batches === failAt) throw new Error('SQS is gone');
      for (const { MessageBody = '' } of Entries) work.push(WorkMessage.parse(JSON.parse(MessageBody)));
      expect(Entries.length).toBeLessThanOrEqual(10);
      return {};
    }),
    on(SendMessageCommand, ({ MessageBody = '' }) => {
      tasks.push(SweepMessage.parse(JSON.parse(MessageBody)));
      return {};
    }),
  );
  const main: Main = {
    ...fakeMain().main,
    table: store.table,
    work: { sqs, url: 'work' },
    sweep: { sqs, url: 'sweep' },
  };
  const deps = (timeLeft: () => boolean): TaskDeps => ({
    config: aConfig(),
    main,
    organization: undefined as unknown as TaskDeps['organization'],
    timeLeft,
    until: new Date(),
    now: () => new Date(),
  });
  return { work, tasks, deps, heal: () => (failAt = Number.POSITIVE_INFINITY) };
}

const message = (sweepId: string, baseline?: string) => ({
  task: 'sweep' as const,
  sweepId,
  cause: { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: sweepId },
  requestedAt: '2026-11-20T02:00:00.000Z',
  ...(baseline && { baseline }),
});
const managed = Array.from({ length: ACCOUNTS }, (_, index) => index).filter((index) => index % 100 > 1);

describe('a sweep of a fleet with a record that cannot be read', () => {
  it('continues with the others, and requests a run that reports it, too', async () => {
    const { work, deps } = queues();
    const memory = memoryTable();
    const records = ['1', '2', '3'].map((each) => aRecord({ accountId: each.repeat(12) }));
    for (const record of records) await saveRecord(memory.table, record, undefined);
    const [, second] = memory.items('account#');
    memory.put({ ...second, generation: undefined });
    const main = { ...deps(() => true).main, table: memory.table };
    expect(await sweepFleet(message('sweep-5'), { ...deps(() => true), main })).toMatchObject({ runs: 3 });
    expect(work.map(({ accountId }) => accountId).toSorted()).toEqual(
      records.map(({ accountId }) => accountId),
    );
    expect(memory.items('sweep#')[0]).toMatchObject({ accounts: 2, cursor: '3'.repeat(12) });
  });
});

describe('a sweep of the whole fleet', () => {
  it('sends one run to each managed account, and passes the records that it read to the listing', async () => {
    const { work, tasks, deps } = queues();
    const { runs, records } = await sweepFleet(
      message('sweep-1'),
      deps(() => true),
    );
    expect(runs).toBe(managed.length);
    expect([...(records?.keys() ?? [])]).toEqual(Array.from({ length: ACCOUNTS }, (_, index) => id(index)));
    expect(work.map(({ accountId }) => accountId)).toEqual(managed.map(id));
    expect(new Set(work.map(deduplicationId)).size).toBe(managed.length);
    expect(tasks).toEqual([]);
  });

  it('of one baseline leaves the others', async () => {
    const { work, deps } = queues();
    await sweepFleet(
      message('sweep-2', 'web'),
      deps(() => true),
    );
    expect(work.map(({ accountId }) => accountId)).toEqual(
      managed.filter((index) => index % 2 === 1).map(id),
    );
  });

  it('that runs out of time sends itself a message for the rest, and leaves out no account', async () => {
    const { work, tasks, deps } = queues();
    const begun = await sweepFleet(
      message('sweep-3'),
      deps(() => false),
    );
    expect(begun.records).toBeUndefined();
    const first = work.length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(managed.length);
    expect(tasks).toContainEqual(message('sweep-3'));
    for (let turns = 0; turns < 20 && work.length < managed.length; turns += 1) {
      await sweepFleet(
        message('sweep-3'),
        deps(() => false),
      );
    }
    expect(work.map(({ accountId }) => accountId)).toEqual(managed.map(id));
    const last = await sweepFleet(
      message('sweep-3'),
      deps(() => false),
    );
    expect([last.runs, last.records?.size]).toEqual([0, ACCOUNTS]);
  });

  it('that crashes continues at the same page, under the same deduplication ids', async () => {
    const { work, deps, heal } = queues(45);
    await expect(
      sweepFleet(
        message('sweep-4'),
        deps(() => true),
      ),
    ).rejects.toThrow('SQS is gone');
    const crashed = work.length;
    heal();
    await sweepFleet(
      message('sweep-4'),
      deps(() => true),
    );
    expect(new Set(work.map(({ accountId }) => accountId))).toEqual(new Set(managed.map(id)));
    expect(new Set(work.map(deduplicationId)).size).toBe(managed.length);
    expect(work.length - managed.length).toBeLessThan(crashed);
  });
});

describe('a request for a sweep', () => {
  it('is refused if its baseline was never published, and nothing is swept', async () => {
    const { main, sent } = fakeMain([]);
    const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-1' };
    const time = '2026-11-20T11:00:00Z';
    const trigger = { cause, time, arrivedAt: time };
    expect(await requestSweep({ baseline: 'nonsense' }, trigger, { main })).toMatchObject({
      rejection: { reason: 'UnknownBaseline', problems: [{ path: 'detail.baseline' }] },
    });
    expect(sent).toEqual([]);
  });
});
