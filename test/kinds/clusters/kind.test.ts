import { describe, expect, it } from '@jest/globals';
import { clusters } from '../../../controllers/kinds/clusters/kind.ts';
import { clusterOutputs, type KnownCluster } from '../../../shared/domain/clusters.ts';
import { InvalidDesiredState } from '../../../shared/domain/errors.ts';

const recorded = (name: string, known: KnownCluster) =>
  Object.fromEntries(
    Object.entries(clusterOutputs(name, known)).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    ),
  );
const one = (state: KnownCluster['state'], more: Partial<KnownCluster> = {}) =>
  recorded('nightly', { request: 'event-5', id: 'j-1', state, ...more });

describe('The announcements of clusters', () => {
  const ended = { state: 'ended', reason: 'Failed', message: 'as AWS says' } as const;
  it.each<[string, Record<string, string>, Record<string, string>, object[]]>([
    ['nothing when a cluster is launched', {}, one('starting'), []],
    [
      'ClusterReady once it takes work',
      one('starting'),
      one('ready'),
      [{ detailType: 'ClusterReady', detail: { cluster: 'nightly', clusterId: 'j-1' } }],
    ],
    ['nothing while it stays so', one('ready'), one('ready'), []],
    ['nothing while AWS terminates it', one('ready'), one('ending'), []],
    [
      'ClusterEnded with the reason',
      one('ending'),
      one('ended', ended),
      [
        {
          detailType: 'ClusterEnded',
          detail: { cluster: 'nightly', clusterId: 'j-1', reason: 'Failed', message: 'as AWS says' },
        },
      ],
    ],
    ['nothing once it is forgotten', one('ended', ended), {}, []],
    [
      'ClusterEnded when its account is retired',
      one('ready'),
      {},
      [{ detailType: 'ClusterEnded', detail: { cluster: 'nightly', clusterId: 'j-1', reason: 'Retired' } }],
    ],
    [
      'ClusterReady of a later cluster with its name',
      one('ended', ended),
      one('ready', { request: 'event-7', id: 'j-2' }),
      [{ detailType: 'ClusterReady', detail: { cluster: 'nightly', clusterId: 'j-2' } }],
    ],
    [
      'ClusterOrphaned once',
      {},
      { 'clusters.orphans.j-9': '2026-11-20T12:00:00.000Z' },
      [{ detailType: 'ClusterOrphaned', detail: { clusterId: 'j-9', since: '2026-11-20T12:00:00.000Z' } }],
    ],
    [
      'nothing of an orphan that is known',
      { 'clusters.orphans.j-9': 'x' },
      { 'clusters.orphans.j-9': 'x' },
      [],
    ],
  ])('are %s', (_, before, after, expected) => {
    expect(clusters.announcements?.(before, after)).toEqual(expected);
  });
});

describe('The section clusters', () => {
  const section = { most: 3, instanceTypes: ['m5.xlarge'], longest: '24h', subnet: '${subnet.public.id}' };
  const account = {
    ...{ accountId: '456789012345', partition: 'aws', region: 'eu-west-1', owner: '345678901234' },
  };
  const render = (more: object) =>
    clusters.render(clusters.section.parse({ ...section, ...more }), () => undefined, account);
  const policy = (Resource: string) => ({
    instancePolicy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource }] },
  });

  it.each([
    ['most', { most: 0 }],
    ['instanceTypes', { instanceTypes: [] }],
    ['longest', { longest: '0h' }],
    ['longest', { longest: 'forever' }],
    ['instancePolicy', { instancePolicy: { Statement: [] } }],
    ['idle', { idle: '1h' }],
  ])('is refused with a wrong %s: %j', (_, more) => {
    expect(clusters.section.safeParse({ ...section, ...more }).success).toBe(false);
  });

  it('lets no value of a registration into the policy of the instances', () => {
    expect(() => render(policy('arn:aws:s3:::${values.bucket}/*'))).toThrow(InvalidDesiredState);
    const { roles } = render(policy('arn:aws:s3:::acme-lake/${aws:PrincipalAccount}/*'));
    expect(JSON.stringify(roles.instances.policy)).toContain('${aws:PrincipalAccount}');
  });

  it('gives each region roles of its own, named analysis-… as the execution role may make them', () => {
    const names = ['eu-west-1', 'us-east-1'].map(
      (region) =>
        clusters.render(clusters.section.parse(section), () => undefined, { ...account, region }).roles,
    );
    expect(names.map(({ service }) => service.name)).toEqual([
      'analysis-clusters-service-eu-west-1',
      'analysis-clusters-service-us-east-1',
    ]);
    const longest = clusters.render(clusters.section.parse(section), () => undefined, {
      ...account,
      region: 'us-gov-northeast-1',
    }).roles;
    expect(longest.instances.name.length).toBeLessThanOrEqual(64);
  });
});
