import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { AnyKind, Comparison } from '../../controllers/kinds/kind.ts';
import { runPass } from '../../controllers/reconcile/pass.ts';
import type { PassDeps } from '../../controllers/reconcile/pass-types.ts';
import type { Session } from '../../shared/access.ts';
import type { AccountRecord } from '../../shared/account.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { AccessDenied } from '../../shared/errors.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import { aConfig, aRecord, MEMBER } from '../factories.ts';

/** Which sessions a pass opens, when, and what they may do. */

const ROLE = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;

/** What a pass did, of an account in which these kinds differ. */
async function pass(differing: readonly string[], given: Partial<AccountRecord> = {}) {
  const did: string[] = [];
  const names: string[] = [];
  const record = aRecord(given);
  const kind = (name: string): AnyKind => ({
    name,
    condition: name,
    section: z.any(),
    permissions: { read: [`${name}:Get`], write: [`${name}:Put`] },
    resources: () => [`arn:${name}`],
    ...(name === 'role' && {
      verifiesAccess: true,
      role: () => ({ arn: ROLE, trustPolicy: {} }),
    }),
    wakeOn: [],
    outputNames: () => [],
    render: (section) => section,
    observe: async () => ({ state: 'present', actual: {} }),
    outputs: () => ({}),
    diff: (): Comparison => ({
      differences: differing.includes(name)
        ? [{ kind: name, resource: name, path: 'x', desired: 1, actual: 2, action: 'updated' }]
        : [],
      blocked: [],
      foreign: [],
    }),
    apply: async () => void did.push(`apply ${name}`),
    remove: async () => {},
  });
  const documents = {
    async send({ constructor: { name }, input }: { constructor: { name: string }; input: object }) {
      if (name === 'BatchGetCommand') return { Responses: { t: [{ ...record, ...accountKey(MEMBER) }] } };
      const saved = JSON.stringify(input).match(/"admitted":(\{[^}]*\})/)?.[1];
      if (saved) did.push(`save ${Object.keys(JSON.parse(saved)).join(' ')}`);
      return {};
    },
  };
  const eventBridge = { send: async () => ({ Entries: [{}] }) };
  const access = {
    async enter(_: AccountRecord, { name, policy = '', own }: Session) {
      const { Statement } = JSON.parse(policy);
      const may = Statement.map(
        ({ Action, Resource }: Record<string, string[]>) => `${Action} on ${Resource}`,
      );
      did.push(`${own ? 'own' : 'shared'}: ${may.join('; ')}`);
      names.push(name);
      return {};
    },
    async tryRole(_: string, __: Session, externalId?: string) {
      did.push(externalId === record.externalId ? 'try' : 'try otherwise');
      if (externalId !== record.externalId) throw new AccessDenied('no');
    },
    evict: () => undefined,
  };
  const kinds = ['role', 'network', 'parameters'].map(kind);
  const sections = Object.fromEntries(kinds.map(({ name }) => [name, {}]));
  const deps = {
    config: aConfig(),
    kinds,
    access,
    main: { table: { documents, name: 't' }, bus: { eventBridge, name: 'orgkeeper' } },
    clients: () => ({}) as MemberClients,
    loadBaseline: async () => ({ name: 'analytics', version: 3, sections }),
  } as unknown as PassDeps;
  const now = new Date();
  const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'e' };
  const message = { accountId: MEMBER, cause, requestedAt: now.toISOString() };
  const outcome = await runPass({ message, sentAt: now, until: now, lastReceive: false }, deps);
  const id = outcome.did === 'passed' ? outcome.status.lastPass?.id : undefined;
  return { did, names: new Set(names), id };
}

const READING = 'shared: network:Get,parameters:Get,role:Get on *';
const VERIFIED = ['try', 'try otherwise', 'try otherwise', 'save roleArn externalId at'];

describe('the sessions of a pass', () => {
  it('are one, for reading, where nothing differs', async () => {
    const { did, names, id } = await pass([]);
    expect(did).toEqual([READING, ...VERIFIED]);
    expect([...names]).toEqual([id]);
  });

  it('are one more for each kind that has something to write, on its own things, when it writes', async () => {
    const { did, names, id } = await pass(['role', 'parameters']);
    expect(did).toEqual([
      READING,
      'own: role:Get on *; role:Put on arn:role',
      'apply role',
      'own: parameters:Get on *; parameters:Put on arn:parameters',
      'apply parameters',
      ...VERIFIED,
    ]);
    expect([...names]).toEqual([id]);
  });

  it('are for reading only while the account is observed; its role is tried all the same', async () => {
    expect((await pass(['role', 'network'], { mode: 'observe' })).did).toEqual([READING, ...VERIFIED]);
  });

  it('show that a changed role in use still admits the runner before anything is saved', async () => {
    const { did } = await pass(['role'], { executionRoleArn: ROLE, origin: 'invited' });
    expect(did.slice(2)).toEqual(['apply role', ...VERIFIED]);
  });
});
