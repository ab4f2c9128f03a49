import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { RunDeps, RunOutcome } from '../../controllers/engine/model.ts';
import { reconcile } from '../../controllers/engine/run.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import type { Session } from '../../shared/aws/access.ts';
import type { MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { AccessDenied } from '../../shared/domain/errors.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { aBaselineItem, aConfig, aRecord, aTrust, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const ROLE = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
const EXTERNAL_ID = aRecord().externalId;
const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-9' };

/** An account with an execution role, and with jobs that are managed through it. Who did what, and as whom, is in `done`. */
function account(given: Partial<AccountRecord> = {}) {
  const { main, store } = fakeMain();
  const done: string[] = [];
  let time = Date.now();
  const clock = {
    now: () => new Date(time),
    pause: async (milliseconds: number) => {
      time += milliseconds;
    },
  };
  const world = { admits: true, jobs: false };
  const as = (clients: unknown) => (clients as { who: string }).who;
  const base: Omit<AnyKind, 'name' | 'scope' | 'permissions'> = {
    section: z.any(),
    outputNames: () => [],
    render: (section) => section,
    observe: async () => ({ state: 'absent' }),
    outputs: () => ({}),
    made: () => ({}),
    diff: () => ({ differences: [], blocked: [], unowned: [] }),
    apply: async () => undefined,
    remove: async () => undefined,
  };
  const actual = { arn: ROLE, trust: aTrust(EXTERNAL_ID) };
  const role: AnyKind = {
    ...base,
    name: 'executionRole',
    scope: 'global',
    permissions: { read: ['iam:GetRole'], write: ['iam:CreateRole'] },
    entryRole: {
      trustPath: 'trustPolicy',
      read: () => actual,
      arnIn: (recorded) => recorded['role.arn'],
      putBack: async () => undefined,
      former: () => [],
    },
    observe: async (_, { clients }) => {
      done.push(`executionRole observed by ${as(clients)}`);
      return { state: 'present', actual };
    },
    outputs: () => ({ 'role.arn': ROLE }),
    remove: async () => void done.push('executionRole removed'),
  };
  const jobs: AnyKind = {
    ...base,
    name: 'jobs',
    scope: 'regional',
    entersBy: 'executionRole',
    permissions: { read: ['iam:GetRole'], write: ['iam:CreateRole'] },
    observe: async (_, { clients }) => {
      done.push(`jobs observed by ${as(clients)}`);
      return world.jobs ? { state: 'present', actual: {} } : { state: 'absent' };
    },
    diff: (_, there) => {
      const difference = { kind: 'jobs', resource: 'job', path: '', action: 'created' } as const;
      return { differences: there ? [] : [difference], blocked: [], unowned: [] };
    },
    apply: async (_, { clients }) => {
      done.push(`jobs written by ${as(clients)}`);
      world.jobs = true;
    },
    remove: async (_, { clients }) => void done.push(`jobs removed by ${as(clients)}`),
  };
  const keep = (more: Partial<AccountRecord>) =>
    store.put({ ...aRecord({ ...given, ...more }), ...accountKey(MEMBER) });
  store.put({ ...aBaselineItem(), sections: { executionRole: {}, jobs: {} } });
  keep({});
  const deps = {
    ...clock,
    config: aConfig(),
    main,
    access: {
      enter: async ({ executionRoleArn, externalId }: AccountRecord, { policy }: Session) => ({
        who: executionRoleArn ? `the execution role with ${externalId}` : 'the access role',
        policy,
      }),
      tryRole: async (_: string, __: Session, externalId?: string) => {
        if (!world.admits || externalId !== EXTERNAL_ID) throw new AccessDenied('no');
      },
      evict: () => undefined,
    },
    kinds: [role, jobs],
    loadBaseline: ({ name, version }: BaselineReference) => getBaseline(store.table, name, version),
    clients: ({ credentials }: MemberClientsOptions) =>
      typeof credentials === 'function' ? credentials(credentialsOf) : credentials,
  } as unknown as RunDeps;
  const run = async (): Promise<Extract<RunOutcome, { did: 'ran' }>> => {
    done.splice(0);
    const outcome = await reconcile(
      {
        message: { accountId: MEMBER, cause, requestedAt: new Date().toISOString() },
        sentAt: new Date(),
        until: new Date(Date.now() + 120_000),
        lastReceive: false,
      },
      deps,
    );
    if (outcome.did !== 'ran') throw new Error(`the run was ${outcome.did}`);
    return outcome;
  };
  return { world, done, run, keep };
}

/** The service that both kinds read from. */
const credentialsOf = 'iam';

describe('a kind that enters by the execution role', () => {
  it('waits until a run has verified the role, and is then managed with the ExternalId', async () => {
    const { run, done } = account();
    const { status, next } = await run();
    expect(done).toEqual(['executionRole observed by the access role']);
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Jobs', status: 'False', reason: 'Settling' }),
    );
    expect(next).toEqual({ is: 'after', seconds: 5 });
    await run();
    expect(done.toSorted()).toEqual([
      'executionRole observed by the access role',
      `jobs observed by the execution role with ${EXTERNAL_ID}`,
      `jobs written by the execution role with ${EXTERNAL_ID}`,
    ]);
    expect((await run()).status.ready).toBe(true);
  });

  it('is not touched by another role while the execution role does not admit the runner', async () => {
    const { world, run, done } = account();
    world.admits = false;
    await run();
    await run();
    expect(done).toEqual(['executionRole observed by the access role']);
  });

  it('is removed by the execution role, before that role', async () => {
    const { run, done, keep } = account();
    await run();
    await run();
    keep({ lifecycle: 'retiring', generation: 4 });
    await run();
    expect(done).toEqual([`jobs removed by the execution role with ${EXTERNAL_ID}`, 'executionRole removed']);
  });

  it('waits for nothing in an account that is entered by its execution role anyway', async () => {
    const { run, done } = account({ origin: 'invited', executionRoleArn: ROLE });
    await run();
    expect(done).toContain(`jobs written by the execution role with ${EXTERNAL_ID}`);
  });
});
