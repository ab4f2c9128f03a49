import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { rememberBaselines } from '../../controllers/engine/desired-state.ts';
import type { RunDeps, RunOutcome } from '../../controllers/engine/model.ts';
import { reconcile } from '../../controllers/engine/run.ts';
import { withoutNames } from '../../controllers/kinds/comparison.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { interpolateDeep, namesIn } from '../../shared/domain/interpolate.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { WorkMessage } from '../../shared/domain/work.ts';
import { accountKey, getStatus } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { readExports } from '../../shared/store/exports.ts';
import { importersOf } from '../../shared/store/importers.ts';
import { systemClock } from '../kit/clock.ts';
import { aBaselineItem, aConfig, aRecord } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const EXPORTER = '111111111111';
const IMPORTER = '222222222222';
const SENT = new Date('2026-11-20T11:00:00Z');
const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-9' };
const arnIn = (accountId: string, name = 'reader') => `arn:aws:iam::${accountId}:role/${name}`;

/** Accounts in memory with two kinds: `door` makes a role, `guests` lists who may enter. */
function twoAccounts() {
  const main = fakeMain();
  const { store } = main;
  /** The role of each account, and the guests that were last written there. */
  const roles = new Map<string, string>();
  const guests = new Map<string, readonly string[]>();
  const door: AnyKind = {
    ...kindOf('door'),
    outputNames: () => ['door.arn'],
    observe: async (_, { account }) =>
      roles.has(account.accountId)
        ? { state: 'present', actual: roles.get(account.accountId) }
        : { state: 'absent' },
    outputs: (arn: string) => ({ 'door.arn': arn }),
    diff: (_, actual) => ({ differences: actual ? [] : [created('door')], blocked: [], unowned: [] }),
    apply: async (_, { account, record }) => {
      const arn = arnIn(account.accountId);
      roles.set(account.accountId, arn);
      record({ 'door.arn': arn });
    },
  };
  const list: AnyKind = {
    ...kindOf('guests'),
    observe: async (_, { account }) => ({ state: 'present', actual: guests.get(account.accountId) ?? [] }),
    diff: (wanted: readonly string[], actual: readonly string[]) => {
      const missing = wanted.flatMap(namesIn);
      if (missing.length > 0) {
        const difference = { ...created('guests'), action: 'reported' } as const;
        return {
          differences: [],
          blocked: [{ ...withoutNames('The list', missing), difference }],
          unowned: [],
        };
      }
      const same = JSON.stringify(wanted) === JSON.stringify(actual);
      return { differences: same ? [] : [created('guests')], blocked: [], unowned: [] };
    },
    apply: async ({ wanted }, { account }) => void guests.set(account.accountId, wanted),
  };
  const deps = {
    ...systemClock,
    config: aConfig(),
    main: main.main,
    access: { enter: async () => ({}), evict: () => undefined },
    kinds: [door, list],
    loadBaseline: rememberBaselines(({ name, version }: BaselineReference) =>
      getBaseline(store.table, name, version),
    ),
    clients: () => ({}),
  } as unknown as RunDeps;
  const publish = (name: string, document: object) =>
    store.put({ ...aBaselineItem({ name, version: 1 }), ...document });
  publish('exporting', { sections: { door: {} }, exports: { readers: '${door.arn}' } });
  publish('importing', { sections: { guests: ['${imports.readers}'] } });
  publish('neither', { sections: { guests: ['nobody'] } });
  publish('both', {
    sections: { door: {}, guests: ['${imports.readers}'] },
    exports: { readers: '${door.arn}' },
  });
  const keep = (accountId: string, baseline: string, more: Partial<AccountRecord> = {}) =>
    store.put({
      ...aRecord({ accountId, name: accountId, baseline: { name: baseline, version: 1 }, ...more }),
      ...accountKey(accountId),
    });
  const run = (accountId: string, more: Partial<WorkMessage> = {}): Promise<RunOutcome> =>
    reconcile(
      {
        message: { accountId, cause, requestedAt: SENT.toISOString(), ...more },
        sentAt: new Date(),
        until: new Date(Date.now() + 120_000),
        lastReceive: false,
      },
      deps,
    );
  /** The accounts that were sent a message since this was last called, and why. */
  const woken = () =>
    main.sent.splice(0).map(({ message }) => {
      const { accountId, cause } = WorkMessage.parse(message);
      return [accountId, cause.detailType] as const;
    });
  return { ...main, roles, guests, keep, run, woken, publish };
}

function kindOf(name: string): AnyKind {
  return {
    name,
    scope: 'global',
    section: z.any(),
    permissions: { read: ['iam:GetRole'], write: ['iam:CreateRole'] },
    outputNames: () => [],
    render: (section, lookup) => interpolateDeep(section, lookup),
    observe: async () => ({ state: 'absent' }),
    outputs: () => ({}),
    made: () => ({}),
    diff: () => ({ differences: [], blocked: [], unowned: [] }),
    apply: async () => undefined,
    remove: async () => undefined,
  };
}

function created(kind: string) {
  return { kind, resource: kind, path: '', action: 'created' } as const;
}

function statusOf(outcome: RunOutcome): AccountStatus {
  if (outcome.did !== 'ran') throw new Error(`the run was ${outcome.did}`);
  return outcome.status;
}

describe('exports of an account', () => {
  it('are saved with its status, and wake the accounts that import them', async () => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    world.keep(IMPORTER, 'importing');
    const waiting = statusOf(await world.run(IMPORTER));
    expect(waiting.conditions).toMatchObject([
      {
        type: 'Guests',
        reason: 'WaitingForOutputs',
        message: 'The list waits for ${imports.readers}, which no account exports.',
      },
    ]);
    expect(statusOf(await world.run(EXPORTER)).exports).toEqual({ readers: arnIn(EXPORTER) });
    expect(world.woken()).toEqual([[IMPORTER, 'Export']]);
    expect(statusOf(await world.run(IMPORTER)).ready).toBe(true);
    expect(world.guests.get(IMPORTER)).toEqual([arnIn(EXPORTER)]);
    expect((await getStatus(world.store.table, EXPORTER))?.waking).toBeUndefined();
  });

  it('wake nobody while they stay the same, so that accounts that import from each other come to rest', async () => {
    const world = twoAccounts();
    for (const accountId of [EXPORTER, IMPORTER]) world.keep(accountId, 'both');
    const queue = [EXPORTER, IMPORTER];
    let runs = 0;
    for (let next = queue.shift(); next; next = queue.shift()) {
      await world.run(next);
      queue.push(...world.woken().map(([accountId]) => accountId ?? ''));
      runs += 1;
      expect(runs).toBeLessThan(10);
    }
    for (const accountId of [EXPORTER, IMPORTER])
      expect(world.guests.get(accountId)).toEqual([arnIn(EXPORTER), arnIn(IMPORTER)]);
  });

  it('wake the importers when a value changes, and when it is gone', async () => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    world.keep(IMPORTER, 'importing');
    for (const accountId of [EXPORTER, IMPORTER]) await world.run(accountId);
    world.roles.set(EXPORTER, arnIn(EXPORTER, 'other'));
    await world.run(EXPORTER);
    expect(world.woken()).toEqual([[IMPORTER, 'Export']]);
    await world.run(IMPORTER);
    expect(world.guests.get(IMPORTER)).toEqual([arnIn(EXPORTER, 'other')]);
    world.keep(EXPORTER, 'neither', { generation: 4 });
    expect(statusOf(await world.run(EXPORTER)).exports).toBeUndefined();
    expect(world.woken()).toEqual([[IMPORTER, 'Export']]);
    expect(await readExports(world.store.table, ['readers'])).toEqual(new Map([['readers', []]]));
  });

  it.each([
    ['deleted', undefined],
    ['edited', { value: arnIn(EXPORTER, 'mine') }],
    ['broken', { value: 'not a value: *' }],
  ])(
    'come back with the next run after somebody has %s the item, and wake the importers',
    async (_, edit) => {
      const world = twoAccounts();
      world.keep(EXPORTER, 'exporting');
      world.keep(IMPORTER, 'importing');
      for (const accountId of [EXPORTER, IMPORTER]) await world.run(accountId);
      const key = { pk: 'export#readers', sk: `account#${EXPORTER}` };
      world.store.remove(key);
      if (edit) world.store.put({ ...key, schemaVersion: 1, name: 'readers', accountId: EXPORTER, ...edit });
      await world.run(EXPORTER);
      expect(world.woken()).toEqual([[IMPORTER, 'Export']]);
      expect(await readExports(world.store.table, ['readers'])).toEqual(
        new Map([['readers', [arnIn(EXPORTER)]]]),
      );
      await world.run(EXPORTER);
      expect(world.woken()).toEqual([]);
    },
  );

  it('leave an item that a newer version has written', async () => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    await world.run(EXPORTER);
    const newer = { pk: 'export#readers', sk: `account#${EXPORTER}`, schemaVersion: 3, value: 'newer' };
    world.store.put(newer);
    await world.run(EXPORTER);
    expect(world.store.items('export#')).toEqual([newer]);
  });

  it('wake importers in the name of the sweep whose run changed them, and of those that follow from it', async () => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    world.keep(IMPORTER, 'importing');
    await world.run(IMPORTER);
    const sweeps = () =>
      world.sent.splice(0).map(({ message }) => WorkMessage.parse(message).exportedInSweep);
    await world.run(EXPORTER, { sweepId: 'night' });
    expect(sweeps()).toEqual(['night']);
    world.roles.set(EXPORTER, arnIn(EXPORTER, 'other'));
    await world.run(EXPORTER, { exportedInSweep: 'night' });
    expect(sweeps()).toEqual(['night']);
    world.roles.set(EXPORTER, arnIn(EXPORTER));
    await world.run(EXPORTER);
    expect(sweeps()).toEqual([undefined]);
  });

  it.each([
    ['after its save', 'QueryCommand'],
    ['after it has sent them', 'UpdateCommand'],
  ])('send the messages again when a run is killed %s', async (_, killedAt) => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    world.keep(IMPORTER, 'importing');
    await world.run(IMPORTER);
    let hasSaved = false;
    world.store.onCall = (command, input) => {
      hasSaved ||= command === 'TransactWriteCommand' && JSON.stringify(input).includes('export#readers');
      if (hasSaved && command === killedAt) throw new Error('killed');
    };
    await expect(world.run(EXPORTER)).rejects.toThrow('killed');
    world.woken();
    expect(await getStatus(world.store.table, EXPORTER)).toMatchObject({ waking: ['readers'] });
    world.store.onCall = () => undefined;
    // The message of the run is delivered again, although the account is in its desired state.
    await world.run(EXPORTER);
    expect(world.woken()).toEqual([[IMPORTER, 'Export']]);
    expect((await getStatus(world.store.table, EXPORTER))?.waking).toBeUndefined();
  });

  it('are seen by an importer that reads while the exporter saves, or the exporter sees the importer', async () => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    world.keep(IMPORTER, 'importing');
    let isFirst = true;
    world.store.onCall = (command, input) => {
      const { KeyConditionExpression, ExpressionAttributeValues } = input as Record<
        string,
        Record<string, string>
      >;
      const isRead =
        KeyConditionExpression && String(ExpressionAttributeValues?.[':pk']).startsWith('export#');
      if (command !== 'QueryCommand' || !isRead || !isFirst) return;
      isFirst = false;
      expect(world.store.items('import#readers')).toMatchObject([{ accountId: IMPORTER }]);
    };
    await world.run(IMPORTER);
    expect(isFirst).toBe(false);
  });

  it.each([
    ['retired with its resources retained', 'retired'],
    ['found to have left the organization', 'departed'],
  ] as const)('are taken back when it is %s, though no run enters it', async (_, lifecycle) => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    world.keep(IMPORTER, 'importing');
    for (const accountId of [IMPORTER, EXPORTER, IMPORTER]) await world.run(accountId);
    world.woken();
    world.keep(EXPORTER, 'exporting', { lifecycle, generation: 4 });
    expect(await world.run(EXPORTER)).toMatchObject({ did: 'skipped' });
    expect(world.woken()).toEqual([[IMPORTER, 'Export']]);
    expect(await getStatus(world.store.table, EXPORTER)).not.toHaveProperty('exports');
    expect(world.store.items('export#')).toEqual([]);
    expect(statusOf(await world.run(IMPORTER)).conditions).toMatchObject([{ reason: 'WaitingForOutputs' }]);
    await world.run(EXPORTER);
    expect(world.woken()).toEqual([]);
  });

  it('are taken back at once when its resources are removed', async () => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    world.keep(IMPORTER, 'importing');
    for (const accountId of [IMPORTER, EXPORTER]) await world.run(accountId);
    world.woken();
    world.keep(EXPORTER, 'exporting', { lifecycle: 'retiring', generation: 4, mode: 'observe' });
    await world.run(EXPORTER);
    expect(world.woken()).toEqual([[IMPORTER, 'Export']]);
    expect(world.store.items('export#')).toEqual([]);
  });

  it('stay as they are while the baseline cannot be read', async () => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    await world.run(EXPORTER);
    world.keep(EXPORTER, 'unpublished', { generation: 4 });
    expect(statusOf(await world.run(EXPORTER)).exports).toEqual({ readers: arnIn(EXPORTER) });
  });

  it('are neither saved nor announced by a run that somebody else overtook', async () => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    world.keep(IMPORTER, 'importing');
    await world.run(IMPORTER);
    world.store.onCall = (command) => {
      if (command !== 'TransactWriteCommand') return;
      world.store.onCall = () => undefined;
      world.keep(EXPORTER, 'exporting', { lifecycle: 'retired', generation: 4 });
    };
    await expect(world.run(EXPORTER)).rejects.toThrow();
    expect(world.store.items('export#')).toEqual([]);
    expect(world.woken()).toEqual([]);
  });

  it.each([
    ['the role of another account', arnIn(IMPORTER), /belongs to account 222222222222/],
    ['a wildcard', 'arn:aws:iam::111111111111:role/*', /without wildcards/],
  ])('are refused where the value is %s, and the others are exported', async (_, arn, message) => {
    const world = twoAccounts();
    world.publish('exporting', {
      sections: { door: {} },
      exports: { readers: '${door.arn}', accounts: '${account.id}' },
    });
    world.keep(EXPORTER, 'exporting');
    world.roles.set(EXPORTER, arn);
    const status = statusOf(await world.run(EXPORTER));
    expect(status).toMatchObject({ exports: { accounts: EXPORTER }, ready: false });
    expect(status.exports).not.toHaveProperty('readers');
    expect(status.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Exports',
        reason: 'NotExportable',
        message: expect.stringMatching(message),
      }),
    );
  });

  it('of 300 accounts under one name are one list, and each of 300 importers gets one message', async () => {
    const world = twoAccounts();
    const ids = Array.from({ length: 300 }, (_, index) => String(300_000_000_000 + index));
    world.store.put(
      ...ids.map((accountId) => ({
        ...{ pk: 'export#readers', sk: `account#${accountId}` },
        ...{ schemaVersion: 1, name: 'readers', accountId, value: arnIn(accountId) },
      })),
      ...ids.map((accountId) => ({
        ...{ pk: 'import#readers', sk: `account#${accountId}` },
        ...{ schemaVersion: 1, name: 'readers', accountId },
      })),
    );
    world.keep(IMPORTER, 'importing');
    await world.run(IMPORTER);
    expect(world.guests.get(IMPORTER)).toEqual(ids.map((accountId) => arnIn(accountId)));
    world.keep(EXPORTER, 'exporting');
    await world.run(EXPORTER);
    expect(
      world
        .woken()
        .map(([accountId]) => accountId)
        .sort(),
    ).toEqual([IMPORTER, ...ids].sort());
  });

  it('that cannot be read take nothing away: the importer stays as it is, and says which item it is', async () => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    world.keep(IMPORTER, 'importing');
    for (const accountId of [EXPORTER, IMPORTER]) await world.run(accountId);
    world.store.put({ pk: 'export#readers', sk: `account#${EXPORTER}`, schemaVersion: 3, value: 'newer' });
    const status = statusOf(await world.run(IMPORTER));
    expect(world.guests.get(IMPORTER)).toEqual([arnIn(EXPORTER)]);
    expect(status).toMatchObject({ ready: false, imports: ['readers'] });
    expect(status.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Imports',
        status: 'False',
        reason: 'UnreadableItem',
        message: expect.stringContaining(`export#readers / account#${EXPORTER}`),
      }),
    );
    world.store.put({
      ...{ pk: 'export#readers', sk: `account#${EXPORTER}`, schemaVersion: 1 },
      ...{ name: 'readers', accountId: EXPORTER, value: arnIn(EXPORTER) },
    });
    expect(statusOf(await world.run(IMPORTER))).toMatchObject({ ready: true });
  });

  it('wake the importers that can be read, whatever other items there are', async () => {
    const world = twoAccounts();
    world.store.put({ pk: 'import#readers', sk: 'account#300000000000', schemaVersion: 1 });
    world.keep(IMPORTER, 'importing');
    await world.run(IMPORTER);
    expect(await importersOf(world.store.table, ['readers'])).toEqual([IMPORTER]);
  });
});

describe('imports of an account', () => {
  it('cost one query for each name and one read, exports one read, and nothing where the baseline has none', async () => {
    const world = twoAccounts();
    world.keep(IMPORTER, 'importing');
    world.keep(EXPORTER, 'exporting');
    for (const accountId of [EXPORTER, IMPORTER])
      for (let run = 0; run < 2; run += 1) await world.run(accountId);
    const calls = async (accountId: string) => {
      for (const name of Object.keys(world.store.calls)) delete world.store.calls[name];
      await world.run(accountId);
      return { ...world.store.calls };
    };
    expect(await calls(EXPORTER)).toEqual({ BatchGetCommand: 2, PutCommand: 1 });
    expect(await calls(IMPORTER)).toEqual({ BatchGetCommand: 2, QueryCommand: 1, PutCommand: 1 });
    world.keep(IMPORTER, 'neither', { generation: 4 });
    await world.run(IMPORTER);
    expect(await calls(IMPORTER)).toEqual({ BatchGetCommand: 1, PutCommand: 1 });
  });

  it.each([
    ['deleted', undefined],
    ['broken', { schemaVersion: 1, name: 'readers' }],
  ])('wake the account again after somebody has %s the item that says that it imports', async (_, item) => {
    const world = twoAccounts();
    world.keep(EXPORTER, 'exporting');
    world.keep(IMPORTER, 'importing');
    await world.run(IMPORTER);
    const key = { pk: 'import#readers', sk: `account#${IMPORTER}` };
    world.store.remove(key);
    if (item) world.store.put({ ...key, ...item });
    await world.run(IMPORTER);
    await world.run(EXPORTER);
    expect(world.woken()).toEqual([[IMPORTER, 'Export']]);
  });

  it('end with the section that names them: the account is woken no more', async () => {
    const world = twoAccounts();
    world.keep(IMPORTER, 'importing');
    await world.run(IMPORTER);
    expect(await importersOf(world.store.table, ['readers'])).toEqual([IMPORTER]);
    world.keep(IMPORTER, 'neither', { generation: 4 });
    expect(statusOf(await world.run(IMPORTER)).imports).toBeUndefined();
    expect(await importersOf(world.store.table, ['readers'])).toEqual([]);
  });
});
