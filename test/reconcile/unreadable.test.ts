import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import { runPass } from '../../controllers/reconcile/pass.ts';
import type { PassDeps, PassOutcome } from '../../controllers/reconcile/pass-types.ts';
import { unreadableView } from '../../shared/account-view.ts';
import type { AccountStatus } from '../../shared/status.ts';
import { accountKey, getStatus, statusKey } from '../../shared/store/accounts.ts';
import { aConfig, aPass, aRecord, aStatus, MEMBER } from '../factories.ts';
import { memoryTable } from '../support/memory-table.ts';

type Item = Record<string, unknown>;
const SENT = new Date('2026-11-20T11:00:00Z');
const SWEEP = 'sweep-1';

/** One thing that differs, and whoever may write it. */
function aKind(writes: string[]): AnyKind {
  return {
    name: 'network',
    condition: 'Network',
    section: z.any(),
    permissions: { read: ['ec2:DescribeVpcs'], write: ['ec2:CreateVpc'] },
    resources: () => ['*'],
    wakeOn: [],
    outputNames: () => [],
    render: (section) => section,
    observe: async () => ({ state: 'absent' }),
    outputs: () => ({}),
    diff: () => ({
      differences: [{ kind: 'network', resource: 'vpc', path: '', action: 'created' }],
      blocked: [],
      foreign: [],
    }),
    apply: async () => void writes.push('network'),
    remove: async () => undefined,
  };
}

/** An account with these items, and what passes over it said and wrote. */
function account(...items: readonly Item[]) {
  const store = memoryTable();
  store.put(
    { ...aRecord(), ...accountKey(MEMBER) },
    { ...aStatus({ dueAt: SENT.toISOString() }), ...statusKey(MEMBER), due: 'due' },
    ...items,
  );
  const said: { detailType: string; detail: Item }[] = [];
  const entered: string[] = [];
  const writes: string[] = [];
  const eventBridge = {
    async send({ input }: { input: { Entries: { DetailType: string; Detail: string }[] } }) {
      for (const { DetailType, Detail } of input.Entries)
        said.push({ detailType: DetailType, detail: JSON.parse(Detail) });
      return { Entries: [] };
    },
  };
  const deps = {
    config: aConfig(),
    main: { table: store.table, bus: { eventBridge, name: 'orgkeeper' } },
    access: {
      enter: async ({ accountId }: { accountId: string }) => void entered.push(accountId),
      evict: () => undefined,
    },
    kinds: [aKind(writes)],
    loadBaseline: async () => ({ name: 'analytics', version: 3, sections: { network: {} } }),
    clients: () => ({}),
  } as unknown as PassDeps;
  const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-9' };
  return {
    store,
    said,
    entered,
    writes,
    pass: (given: { sweepId?: string } = {}): Promise<PassOutcome> =>
      runPass(
        {
          message: { accountId: MEMBER, cause, requestedAt: SENT.toISOString(), ...given },
          sentAt: SENT,
          until: new Date(Date.now() + 60_000),
          lastReceive: false,
        },
        deps,
      ),
    put: (item: Item) => store.put(item),
    item: (sk: string) => store.items('account#').find((item) => item.sk === sk),
  };
}

const brokenRecord = () => ({ ...aRecord(), ...accountKey(MEMBER), generation: undefined });
const brokenStatus = () => ({ ...aStatus(), ...statusKey(MEMBER), version: '7', due: 'due', dueAt: 'then' });

describe('a pass of an account', () => {
  it.each([
    ['record', brokenRecord(), 'desired of the table cannot be read: generation is missing'],
    ['status', brokenStatus(), 'status of the table cannot be read: version must be a number, not text'],
    ['block of addresses', { pk: `account#${MEMBER}`, sk: 'address' }, 'address of the table cannot be read'],
  ])('whose %s cannot be read looks at nothing, and says so once', async (_, item, problem) => {
    const one = account(item);
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

  it('leaves what cannot be read as it is, and takes the account out of those that are due', async () => {
    const one = account(brokenStatus());
    await one.pass();
    const { due: _, ...left } = brokenStatus();
    expect(one.item('status')).toEqual({ ...left, ready: false, unreadable: expect.any(String) });
  });

  it('is a pass like any other once that is corrected, and the account is announced as ready again', async () => {
    const one = account(brokenRecord());
    await one.pass();
    one.put({ ...aRecord(), ...accountKey(MEMBER) });
    expect(await one.pass()).toMatchObject({ did: 'passed', status: { ready: true } });
    expect(one.said.map(({ detailType }) => detailType)).toEqual([
      'AccountDegraded',
      'DriftCorrected',
      'AccountReady',
    ]);
    expect(one.item('status')).not.toHaveProperty('unreadable');
  });

  it('while it cannot be read what is paused writes nothing, and says which item to correct', async () => {
    const one = account({ pk: 'control', sk: 'fleet', fleetPaused: false });
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

  it('of a sweep that cannot be read writes nothing: its brake cannot be asked', async () => {
    const one = account({ pk: `sweep#${SWEEP}`, sk: 'progress', sweepId: SWEEP });
    Object.assign(one.store.table.documents, {
      send: brokenCounting(one.store.table.documents.send as never),
    });
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

/** Counting answers with the sweep as it stands. */
function brokenCounting(send: (command: { input: Item }) => Promise<unknown>) {
  return async (command: { input: Item }) => {
    if (String(command.input.UpdateExpression).startsWith('ADD drifted'))
      return { Attributes: { pk: `sweep#${SWEEP}`, sk: 'progress', sweepId: SWEEP } };
    return send(command);
  };
}

describe('what is seen of an account', () => {
  const now = new Date('2026-11-20T12:00:00Z');
  const item = { name: 'UnreadableItem', reason: 'UnreadableItem', message: 'No.', remedy: 'Correct it.' };

  it('whose status cannot be read: its record, and that', () => {
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

  it('whose record cannot be read: its id, and that', () => {
    const view = unreadableView(item as never, { accountId: MEMBER, now });
    expect(view).toMatchObject({ name: MEMBER, state: 'failed', ready: false });
    expect(view).not.toHaveProperty('mode');
  });
});
