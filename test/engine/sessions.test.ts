import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { RunDeps } from '../../controllers/engine/model.ts';
import { reconcile } from '../../controllers/engine/run.ts';
import type { AnyKind, Comparison } from '../../controllers/kinds/kind.ts';
import type { Session } from '../../shared/aws/access.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { memberServices } from '../../shared/aws/member-services.ts';
import { translateError } from '../../shared/aws/translate-error.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { AccessDenied } from '../../shared/domain/errors.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { systemClock } from '../kit/clock.ts';
import { aConfig, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { awsError } from '../kit/sdk.ts';

/** Which sessions a pass opens, when, and what they may do. */

const ROLE = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;

/** What a pass did, of an account in which these kinds differ. */
async function pass(
  differing: readonly string[],
  given: Partial<AccountRecord> = {},
  { before, fails }: { before?: AccountStatus; fails?: unknown } = {},
) {
  const did: string[] = [];
  const evicted: string[] = [];
  const names: string[] = [];
  const record = aRecord(given);
  const kind = (name: string): AnyKind => ({
    name,
    scope: 'global',
    section: z.any(),
    permissions: {
      read: [`ec2:Get-${name}`],
      write: [`ec2:Put-${name}`],
      resources: () => [`arn:${name}`],
    },
    ...(name === 'role' && {
      entryRole: {
        trustPath: 'trustPolicy',
        read: () => ({ arn: ROLE, trust: {} }),
        arnIn: () => undefined,
        putBack: async () => {},
        former: () => [],
      },
    }),
    outputNames: () => [`${name}.id`],
    render: (section) => section,
    observe: async () => {
      if (fails && name === 'network') throw fails;
      return { state: 'present', actual: {} };
    },
    outputs: () => ({}),
    made: () => ({}),
    diff: (): Comparison => ({
      differences: differing.includes(name)
        ? [{ kind: name, resource: name, path: 'x', desired: 1, actual: 2, action: 'updated' }]
        : [],
      blocked: [],
      unowned: [],
    }),
    apply: async () => void did.push(`apply ${name}`),
    remove: async () => {},
  });
  const { main, store } = fakeMain([
    { ...record, ...accountKey(MEMBER) },
    ...(before ? [{ ...before, ...statusKey(MEMBER) }] : []),
  ]);
  store.onCall = (_, input) => {
    const saved = JSON.stringify(input).match(/"admitted":(\{[^}]*\})/)?.[1];
    if (saved) did.push(`save ${Object.keys(JSON.parse(saved)).join(' ')}`);
  };
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
    evict: (accountId: string) => void evicted.push(accountId),
  };
  const kinds = ['role', 'network', 'parameters'].map(kind);
  const sections = { role: {}, network: { after: '${role.id}' }, parameters: { after: '${network.id}' } };
  const deps = {
    ...systemClock,
    config: aConfig(),
    kinds,
    access,
    main,
    clients: () => ({}) as MemberClients,
    loadBaseline: async () => ({ name: 'analytics', version: 3, sections }),
  } as unknown as RunDeps;
  const now = new Date();
  const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'e' };
  const message = { accountId: MEMBER, cause, requestedAt: now.toISOString() };
  const outcome = await reconcile(
    { message, sentAt: now, until: new Date('9999-12-31'), lastReceive: false },
    deps,
  );
  const status = outcome.did === 'ran' ? outcome.status : undefined;
  return { did, names: new Set(names), id: status?.lastPass?.id, status, evicted };
}

const READING = 'shared: ec2:Get-network,ec2:Get-parameters,ec2:Get-role on *';
const VERIFIED = ['try', 'try otherwise', 'try otherwise', 'save roleArn externalId at'];

describe('the sessions of a run', () => {
  it('are one, for reading, if nothing differs', async () => {
    const { did, names, id } = await pass([]);
    expect(did).toEqual([READING, ...VERIFIED]);
    expect([...names]).toEqual([id]);
  });

  it('are one more for each kind that writes, limited to its own resources', async () => {
    const { did, names, id } = await pass(['role', 'parameters']);
    expect(did).toEqual([
      READING,
      'own: ec2:Get-role on *; ec2:Put-role on arn:role',
      'apply role',
      'own: ec2:Get-parameters on *; ec2:Put-parameters on arn:parameters',
      'apply parameters',
      ...VERIFIED,
    ]);
    expect([...names]).toEqual([id]);
  });

  it('only read while the account is in mode observe; its role is verified all the same', async () => {
    expect((await pass(['role', 'network'], { mode: 'observe' })).did).toEqual([READING, ...VERIFIED]);
  });

  it('show that a changed role in use still admits the runner before anything is saved', async () => {
    const { did } = await pass(['role'], { executionRoleArn: ROLE, origin: 'invited' });
    expect(did.slice(2)).toEqual(['apply role', ...VERIFIED]);
  });
});

describe('a denial within a session', () => {
  const invited = { executionRoleArn: ROLE, origin: 'invited' } as const;
  const fails = new AccessDenied('ec2:DescribeVpcs: not authorized');
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  /** What is said of the network, of an account that has waited so long for IAM to show a change of its role. */
  const afterWaiting = async (seconds: number, given: Partial<AccountRecord> = invited) => {
    const waiting = { since: ago(seconds), attempts: 1, for: 'consistency' } as const;
    const { status, evicted } = await pass([], given, { before: aStatus({ waiting }), fails });
    const network = status?.conditions.find(({ type }) => type === 'Network');
    return { said: `${network?.status} ${network?.reason}`, result: status?.lastPass?.result, evicted };
  };

  it('may pass for two minutes after the role in use was changed, and counts as a failure then', async () => {
    const evicted = [MEMBER];
    expect(await afterWaiting(40)).toEqual({ said: 'Unknown AccessDenied', result: 'waiting', evicted });
    expect(await afterWaiting(130)).toEqual({ said: 'False AccessDenied', result: 'failed', evicted });
  });

  it('counts as a failure at once if the account is not entered by that role', async () => {
    expect(await afterWaiting(40, {})).toMatchObject({ said: 'False AccessDenied', result: 'failed' });
  });

  it('drops the session that was opened before the role was deleted and made again', async () => {
    const unknown = awsError(
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
    );
    const before = aStatus();
    const { evicted } = await pass([], invited, {
      before,
      fails: translateError('iam:GetRole', unknown, memberServices.iam),
    });
    expect(evicted).toEqual([MEMBER]);
    const suspended = awsError('OptInRequired');
    const other = await pass([], invited, {
      before,
      fails: translateError('ec2:DescribeVpcs', suspended, memberServices.ec2),
    });
    expect(other.evicted).toEqual([]);
  });
});
