import { z } from 'zod';
import type { RunDeps, RunOutcome, RunRequest } from '../../controllers/engine/model.ts';
import { reconcile } from '../../controllers/engine/run.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import type { MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import type { BaselineReference } from '../../shared/domain/account.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { systemClock } from '../kit/clock.ts';
import { aBaselineItem, aConfig, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import type { MemoryTable } from '../kit/memory-table.ts';

type Item = Record<string, unknown>;
/** Makes one call into the account, as a client of the SDK would. */
export type Call = (action: string, writes: boolean) => void;

/** When the messages of these tests were sent. */
export const SENT = new Date('2026-11-20T11:00:00Z');

/** An account in memory, and what passes over it said and wrote. */
export interface SmallAccount {
  readonly store: MemoryTable;
  readonly said: { readonly detailType: string; readonly detail: Item }[];
  /** Names of the kinds that were written, in order. */
  readonly writes: string[];
  readonly entered: string[];
  pass(given?: Partial<RunRequest> & { sweepId?: string }): Promise<RunOutcome>;
  item(sk: string): Item | undefined;
}

/**
 * An account with these items beside its record and a status, in which every kind differs until it is written.
 * @param applying what writing a kind does, by its name; those named here are the kinds
 */
export function smallAccount(
  items: readonly Item[] = [],
  applying: Readonly<Record<string, (call: Call, account: SmallAccount) => void | Promise<void>>> = {
    network: () => undefined,
  },
): SmallAccount {
  const { main, store, put: said } = fakeMain();
  const names = Object.keys(applying);
  // Each names an output of the one before, so that they are written one after the other.
  const sections = Object.fromEntries(
    names.map((name, at) => [name, at > 0 ? { after: `\${${names[at - 1]}.id}` } : {}]),
  );
  store.put(
    { ...aBaselineItem(), sections },
    { ...aRecord(), ...accountKey(MEMBER) },
    { ...aStatus({ dueAt: SENT.toISOString() }), ...statusKey(MEMBER), due: 'due' },
    ...items,
  );
  const entered: string[] = [];
  const writes: string[] = [];
  const kinds = Object.entries(applying).map(
    ([name, apply]): AnyKind => ({
      name,
      scope: 'global',
      section: z.any(),
      permissions: { read: ['ec2:DescribeVpcs'], write: ['ec2:CreateVpc'] },
      exceptions: { fields: { '': 'freely' } },
      outputNames: () => [`${name}.id`],
      render: (section) => section,
      observe: async (_, { clients }) => {
        callOf(clients)('ec2:DescribeVpcs', false);
        return { state: 'absent' };
      },
      outputs: () => ({}),
      made: () => ({}),
      diff: () => ({
        differences: [{ kind: name, resource: name, path: '', action: 'created' }],
        blocked: [],
        unowned: [],
      }),
      apply: async (_, { clients }) => {
        const call = callOf(clients);
        call('ec2:CreateVpc', true);
        writes.push(name);
        await apply(call, account);
      },
      remove: async (_, { clients }) => {
        writes.push(`-${name}`);
        await apply(callOf(clients), account);
      },
    }),
  );
  const deps = {
    ...systemClock,
    config: aConfig(),
    main,
    access: {
      enter: async ({ accountId }: { accountId: string }) => void entered.push(accountId),
      evict: () => undefined,
    },
    kinds,
    loadBaseline: ({ name, version }: BaselineReference) => getBaseline(store.table, name, version),
    clients: ({ onCall }: MemberClientsOptions) => ({
      call: (command: string, writes: boolean) => onCall?.({ command, writes }),
    }),
  } as unknown as RunDeps;
  const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-9' };
  const account: SmallAccount = {
    store,
    said,
    entered,
    writes,
    pass: ({ sweepId, ...given } = {}) =>
      reconcile(
        {
          message: {
            accountId: MEMBER,
            cause,
            requestedAt: SENT.toISOString(),
            ...(sweepId && { sweepId }),
          },
          sentAt: SENT,
          until: new Date(Date.now() + 120_000),
          lastReceive: false,
          ...given,
        },
        deps,
      ),
    item: (sk) => store.items('account#').find((item) => item.sk === sk),
  };
  return account;
}

function callOf(clients: unknown): Call {
  return (clients as { call: Call }).call;
}
