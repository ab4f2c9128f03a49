import { describe, expect, it } from '@jest/globals';
import { releaseCluster, requestCluster } from '../../controllers/fleet/clusters.ts';
import { outcomeOf } from '../../controllers/fleet/outcome.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { clusterOutputs, clusterViews, type WantedCluster } from '../../shared/domain/clusters.ts';
import type { ClusterRequest } from '../../shared/domain/requests.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { accountKey, getRecord, statusKey } from '../../shared/store/accounts.ts';
import { aBaselineItem, aConfig, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const TIME = '2026-11-20T10:00:00.000Z';
const section = {
  most: 2,
  instanceTypes: ['m5.xlarge', 'm5.2xlarge'],
  longest: '24h',
  subnet: '${subnet.public.id}',
};
const asked = {
  accountId: MEMBER,
  name: 'nightly',
  instanceType: 'm5.xlarge',
  count: 3,
  release: 'emr-7.5.0',
  ttl: '8h',
  requester: '567890123456',
};
const cluster = (given: Partial<WantedCluster> = {}): WantedCluster => ({
  name: 'nightly',
  request: 'event-5',
  requester: '567890123456',
  region: 'eu-west-1',
  instanceType: 'm5.xlarge',
  count: 3,
  release: 'emr-7.5.0',
  requestedAt: '2026-11-20T09:30:00.000Z',
  until: '2026-11-20T17:30:00.000Z',
  ...given,
});
const outputs = (name: string, state: 'ready' | 'ended', request = 'event-5') =>
  Object.fromEntries(
    Object.entries(clusterOutputs(name, { request, id: 'j-1', state })).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    ),
  );

interface Given {
  readonly record?: Partial<AccountRecord> | undefined;
  readonly status?: Partial<AccountStatus>;
  readonly sections?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly time?: string;
  /** Time of a release of `nightly` that is remembered. */
  readonly released?: string;
}

function world({
  record,
  status,
  sections = { clusters: section },
  id = 'event-9',
  time = TIME,
  released,
}: Given) {
  const before = aRecord(record);
  const { main, store } = fakeMain([
    ...(released ? [{ pk: `end#${MEMBER}`, sk: 'cluster#nightly', endedAt: released }] : []),
    { ...aBaselineItem(), sections },
    { ...before, ...accountKey(MEMBER) },
    {
      ...aStatus({ home: { region: 'eu-west-1', baseline: { name: 'analytics', version: 3 } }, ...status }),
      ...statusKey(MEMBER),
    },
  ]);
  const trigger = { cause: { source: 'orgkeeper.request', detailType: 'Cluster', id }, time };
  const deps = { main, config: aConfig() };
  const stored = () => getRecord(main.table, MEMBER);
  return { before, store, trigger, deps, stored };
}

async function launch(given: Given = {}, more: Omit<Partial<ClusterRequest>, 'requester'> = {}) {
  const { before, trigger, deps, stored } = world(given);
  const outcome = await requestCluster({ ...asked, ...more }, trigger, deps);
  return { outcome, before, record: await stored() };
}

async function release(name: string, given: Given = {}) {
  const { before, trigger, deps, stored } = world(given);
  const outcome = await releaseCluster({ accountId: MEMBER, name }, trigger, deps);
  return { outcome, before, record: await stored() };
}

describe('A request for a cluster', () => {
  it('adds the cluster to the record, with the time of its end, and requests a run', async () => {
    const { outcome, before, record } = await launch({}, { idle: '90m' });
    expect(record).toMatchObject({
      clusters: [
        {
          ...{ name: 'nightly', request: 'event-9', requester: '567890123456', region: 'eu-west-1' },
          ...{ instanceType: 'm5.xlarge', count: 3, release: 'emr-7.5.0' },
          ...{ requestedAt: TIME, until: '2026-11-20T18:00:00.000Z', idleMinutes: 90 },
        },
      ],
      generation: before.generation + 1,
      changedBy: 'event-9',
    });
    expect(outcome).toMatchObject({ did: 'accepted', announce: [], work: [{ accountId: MEMBER }] });
  });

  it('leaves the order of the other requests of the account as it is', async () => {
    const changedAt = '2026-11-20T09:40:00.000Z';
    const { record } = await launch({ record: { changedAt } });
    expect(record?.changedAt).toBe(changedAt);
  });

  it('is followed although a request about the account itself is later', async () => {
    const { outcome } = await launch({ record: { changedAt: '2026-11-20T10:05:00.000Z' } });
    expect(outcome.did).toBe('accepted');
  });

  it('takes the region that it names, if the account has it', async () => {
    const { record } = await launch(
      { record: { regions: ['eu-west-1', 'us-east-1'] } },
      { region: 'us-east-1' },
    );
    expect(record?.clusters?.[0]?.region).toBe('us-east-1');
  });

  it('takes the name of a cluster that has ended, and room that such a cluster leaves', async () => {
    const clusters = [cluster(), cluster({ name: 'other', request: 'event-6' })];
    const { outcome, record } = await launch({
      record: { clusters },
      status: { outputs: outputs('nightly', 'ended') },
    });
    expect(outcome.did).toBe('accepted');
    expect(record?.clusters?.map(({ name, request }) => `${name} ${request}`)).toEqual([
      'other event-6',
      'nightly event-9',
    ]);
  });

  it('drops what ended more than a day ago from the record, and nothing that may still run', async () => {
    const old = { requestedAt: '2026-11-10T09:00:00.000Z', until: '2026-11-10T17:00:00.000Z' };
    const clusters = [
      cluster({ name: 'old', ...old }),
      cluster({ name: 'stuck', request: 'event-6', ...old }),
    ];
    const { record } = await launch({ record: { clusters }, status: { outputs: outputs('old', 'ended') } });
    expect(record?.clusters?.map(({ name }) => name)).toEqual(['stuck', 'nightly']);
  });

  it('changes nothing when the same event comes again', async () => {
    for (const record of [
      { changedBy: 'event-9' },
      { followed: ['event-9'] },
      { clusters: [cluster({ request: 'event-9' })] },
    ]) {
      const { outcome, before, record: after } = await launch({ record });
      expect([outcome.did, after?.generation]).toEqual(['ignored', before.generation]);
    }
  });

  const two = [cluster(), cluster({ name: 'other', request: 'event-6' })];
  it.each<[string, string, Given, Omit<Partial<ClusterRequest>, 'requester'>]>([
    ['NoClusters', 'detail.accountId', { sections: {} }, {}],
    ['NoClusters', 'detail.accountId', { record: { baseline: { name: 'none', version: 1 } } }, {}],
    ['InstanceTypeNotAllowed', 'detail.instanceType', {}, { instanceType: 'p5.48xlarge' }],
    ['TooLong', 'detail.ttl', {}, { ttl: '25h' }],
    ['TooLong', 'detail.ttl', {}, { ttl: '1441m' }],
    ['TooManyClusters', 'detail.name', { record: { clusters: two } }, { name: 'third' }],
    ['ClusterNameInUse', 'detail.name', { record: { clusters: [cluster()] } }, {}],
    ['ClusterNameInUse', 'detail.name', { record: { clusters: [cluster({ released: TIME })] } }, {}],
    [
      'ClusterNameInUse',
      'detail.name',
      { record: { clusters: [cluster()] }, status: { outputs: outputs('nightly', 'ended', 'earlier') } },
      {},
    ],
    ['RegionNotDesired', 'detail.region', {}, { region: 'us-east-1' }],
    ['UnknownAccount', 'detail.accountId', { record: { lifecycle: 'unmanaged' } }, {}],
    ['AccountDeparted', 'detail.accountId', { record: { lifecycle: 'departed' } }, {}],
    ['AccountRetired', 'detail.accountId', { record: { lifecycle: 'retired' } }, {}],
    ['AccountRetired', 'detail.accountId', { record: { lifecycle: 'retiring' } }, {}],
    ['ObservedOnly', 'detail.accountId', { record: { mode: 'observe' } }, {}],
    ['Overtaken', 'time', { record: { registeredAt: '2026-11-20T10:00:01.000Z' } }, {}],
    ['Overtaken', 'time', { released: '2026-11-20T10:00:01.000Z' }, {}],
  ])('is refused with %s at %s, and nothing changes', async (reason, path, given, more) => {
    const { outcome, before, record } = await launch(given, more);
    expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason, problems: [{ path }] } });
    expect(record?.generation).toBe(before.generation);
    expect(record?.clusters).toEqual(before.clusters);
  });

  it('is refused with every problem at once', async () => {
    const { outcome } = await launch({}, { instanceType: 'p5.48xlarge', ttl: '8760h' });
    const paths = outcome.did === 'rejected' ? outcome.rejection.problems.map(({ path }) => path) : [];
    expect(paths).toEqual(['detail.instanceType', 'detail.ttl']);
  });
});

describe('A request to release a cluster', () => {
  it('marks the cluster, and requests a run', async () => {
    const { outcome, before, record } = await release('nightly', { record: { clusters: [cluster()] } });
    expect(record).toMatchObject({
      clusters: [{ ...cluster(), released: TIME }],
      generation: before.generation + 1,
    });
    expect(outcome).toMatchObject({ did: 'accepted', announce: [], work: [{ accountId: MEMBER }] });
  });

  it.each<[string, Given]>([
    ['has been released', { record: { clusters: [cluster({ released: TIME })] } }],
    ['has ended', { record: { clusters: [cluster()] }, status: { outputs: outputs('nightly', 'ended') } }],
  ])('changes nothing of a cluster that %s', async (_, given) => {
    const { outcome, before, record } = await release('nightly', given);
    expect([outcome.did, record?.generation]).toEqual(['ignored', before.generation]);
  });

  it('overtakes the launch that arrives after it, and changes nothing in the record', async () => {
    const { before, trigger, deps, stored } = world({});
    const ask = () => releaseCluster({ accountId: MEMBER, name: 'nightly' }, trigger, deps);
    for (let time = 1; time <= 2; time += 1)
      expect(await ask()).toMatchObject({ did: 'rejected', rejection: { reason: 'UnknownCluster' } });
    expect(await stored()).toEqual(before);
    const launched = (id: string, time: string) =>
      requestCluster(asked, { ...trigger, cause: { ...trigger.cause, id }, time }, deps);
    expect(await launched('event-8', '2026-11-20T09:59:58.000Z')).toMatchObject({
      did: 'rejected',
      rejection: { reason: 'Overtaken' },
    });
    expect(await launched('event-10', '2026-11-20T10:00:05.000Z')).toMatchObject({ did: 'accepted' });
  });

  it('overtakes a launch of before it, also if the cluster of that name had ended by itself', async () => {
    const { trigger, deps } = world({
      record: { clusters: [cluster()] },
      status: { outputs: outputs('nightly', 'ended') },
    });
    await releaseCluster({ accountId: MEMBER, name: 'nightly' }, trigger, deps);
    const late = { ...trigger, cause: { ...trigger.cause, id: 'event-8' }, time: '2026-11-20T09:59:58.000Z' };
    expect(await requestCluster(asked, late, deps)).toMatchObject({ rejection: { reason: 'Overtaken' } });
  });

  it('overtakes a launch that has been read and not saved when it arrives', async () => {
    const { before, store, trigger, deps, stored } = world({});
    store.onCall = (command) => {
      if (command !== 'TransactWriteCommand') return;
      store.put({ pk: `end#${MEMBER}`, sk: 'cluster#nightly', endedAt: '2026-11-20T10:00:01.000Z' });
    };
    const outcome = await outcomeOf(() => requestCluster(asked, trigger, deps));
    expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason: 'Overtaken' } });
    expect(await stored()).toEqual(before);
  });

  it('is overtaken by a later launch of that name', async () => {
    const { outcome, record } = await release('nightly', {
      record: { clusters: [cluster({ requestedAt: '2026-11-20T10:00:02.000Z' })] },
    });
    expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason: 'Overtaken' } });
    expect(record?.clusters?.[0]).not.toHaveProperty('released');
  });
});

describe('The clusters of an account as users see them', () => {
  it('have the state that a run recorded of that very request', () => {
    const clusters = [cluster(), cluster({ name: 'again', request: 'event-7' })];
    const recorded = { ...outputs('nightly', 'ready'), ...outputs('again', 'ended', 'event-1') };
    const views = clusterViews(aRecord({ clusters }), aStatus({ outputs: recorded }));
    expect(views.map(({ name, state, clusterId }) => [name, state, clusterId])).toEqual([
      ['nightly', 'ready', 'j-1'],
      ['again', 'requested', undefined],
    ]);
  });

  it('have what was recorded in their region', () => {
    const clusters = [cluster({ region: 'us-east-1' })];
    const recorded = Object.fromEntries(
      Object.entries(outputs('nightly', 'ready')).map(([key, value]) => [`regions.us-east-1.${key}`, value]),
    );
    const home = { region: 'eu-west-1', baseline: { name: 'analytics', version: 3 } };
    const [view] = clusterViews(aRecord({ clusters }), aStatus({ home, outputs: recorded }));
    expect(view?.state).toBe('ready');
  });
});
