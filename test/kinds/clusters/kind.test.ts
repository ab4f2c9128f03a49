import { describe, expect, it } from '@jest/globals';
import { clusters } from '../../../controllers/kinds/clusters/kind.ts';
import { clusterOutputs, type KnownCluster } from '../../../shared/domain/clusters.ts';
import { AccessDenied, InvalidDesiredState } from '../../../shared/domain/errors.ts';

const recorded = (name: string, known: KnownCluster) =>
  Object.fromEntries(
    Object.entries(clusterOutputs(name, known)).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    ),
  );
const NO_ROLES = { service: undefined, instances: undefined, policy: undefined, profile: undefined };
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

  it('says of a cluster that runs beyond quotas which became stricter that it does, and ends none', () => {
    const cluster = {
      ...{ name: 'nightly', request: 'event-5', requester: 'ana', region: 'eu-west-1', count: 3 },
      ...{ instanceType: 'm5.4xlarge', release: 'emr-7.5.0', requestedAt: '2026-11-20T09:00:00.000Z' },
      until: '2026-11-20T17:00:00.000Z',
    };
    const wanted = clusters.render(clusters.section.parse(section), () => 'subnet-1', {
      ...account,
      clusters: [cluster],
    });
    const seen = { id: 'j-1', state: 'ready', failed: false, tags: {} } as const;
    const actual = {
      ...({ fates: [{ is: 'keep', cluster, seen }], orphans: [], known: {} } as const),
      ...{ roles: NO_ROLES, now: new Date() },
    };
    const { note, differences } = clusters.diff(wanted, actual);
    expect(note).toBe(
      'Clusters: nightly is ready until 2026-11-20T17:00:00.000Z (The baseline now allows m5.xlarge, not m5.4xlarge).',
    );
    expect(differences.filter(({ path, desired }) => path === '' && desired === undefined)).toEqual([]);
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

describe('The roles of clusters', () => {
  const section = clusters.section.parse({
    ...{ most: 3, instanceTypes: ['m5.xlarge'], longest: '24h', subnet: 'subnet-1' },
    permissionsBoundary: 'arn:aws:iam::456789012345:policy/limit',
  });
  const cluster = {
    ...{ name: 'nightly', request: 'event-5', requester: 'ana', region: 'eu-west-1', count: 3 },
    ...{ instanceType: 'm5.xlarge', release: 'emr-7.5.0', requestedAt: '2026-11-20T09:00:00.000Z' },
    until: '2026-11-20T17:00:00.000Z',
  };
  const wanted = clusters.render(section, () => undefined, {
    ...{ accountId: '456789012345', partition: 'aws', region: 'eu-west-1', owner: '345678901234' },
    clusters: [cluster],
  });
  const { service, instances } = wanted.roles;
  /** By an execution role that may not list policies. */
  const asMade = ({ tags, trust, boundary }: typeof service) => ({
    ...{ tags, boundary, trust: encodeURIComponent(JSON.stringify(trust)), policies: undefined },
  });
  const emrs = 'arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceRole';
  const listed = {
    service: { ...asMade(service), policies: { attached: [emrs], inline: [] } },
    instances: { ...asMade(instances), policies: { attached: [], inline: ['orgkeeper-clusters'] } },
  };
  const policy = encodeURIComponent(JSON.stringify(instances.policy));
  const healthy = {
    ...{ service: asMade(service), instances: asMade(instances), policy, profile: [instances.name] },
  };
  const seen = { id: 'j-1', state: 'ready', failed: false, tags: {} } as const;
  const compared = (given: Partial<typeof healthy> | object, is: 'keep' | 'ending' = 'keep') => {
    const actual = { fates: [{ is, cluster, seen }], orphans: [], known: {}, now: new Date() } as const;
    const all = clusters.diff(wanted, { ...actual, roles: { ...healthy, ...given } });
    const ofRoles = all.differences.filter(({ resource }) => resource.startsWith('role '));
    return { ...all, ofRoles: ofRoles.map(({ path, action }) => `${action} ${path}`) };
  };

  it('differ in nothing as Orgkeeper makes them', () => {
    expect(compared({})).toMatchObject({ ofRoles: [], blocked: [], warnings: [] });
  });

  it.each([
    [
      'was changed',
      { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
      'updated',
    ],
    ['was deleted', undefined, 'created'],
  ])('have the policy of the instances corrected if it %s by hand', (_, document, action) => {
    const found = document && encodeURIComponent(JSON.stringify(document));
    expect(compared({ policy: found }).ofRoles).toEqual([`${action} inlinePolicies.orgkeeper-clusters`]);
  });

  it.each([
    ['trustPolicy', { trust: encodeURIComponent('{"Version":"2012-10-17","Statement":[]}') }],
    ['permissionsBoundary', { boundary: undefined }],
  ])(
    'have their %s named if it was changed by hand, which the execution role may not undo',
    (path, changed) => {
      const { blocked, ofRoles } = compared({ service: { ...asMade(service), ...changed } });
      expect(ofRoles).toEqual([]);
      expect(blocked).toMatchObject([
        {
          reason: 'NeedsReplacement',
          difference: { resource: `role ${service.name}`, path, action: 'reported' },
        },
      ]);
      expect(blocked[0]?.message).toMatch(/change it back; or delete the role/);
    },
  );

  describe('of which an execution role with wider permissions lists the policies', () => {
    const other = 'arn:aws:iam::aws:policy/AdministratorAccess';
    const widened = (of: keyof typeof listed, more: object) => ({
      ...listed,
      [of]: { ...listed[of], ...more },
    });

    it('differ in nothing as Orgkeeper makes them, and keep the tags of others', () => {
      const tags = { ...service.tags, team: 'genomics' };
      expect(compared(widened('service', { tags }))).toMatchObject({
        ofRoles: [],
        blocked: [],
        warnings: [],
      });
    });

    it.each([
      ['attached', widened('instances', { policies: { attached: [other], inline: ['orgkeeper-clusters'] } })],
      ['detached', widened('service', { policies: { attached: [], inline: [] } })],
      ['put', widened('service', { policies: { attached: [emrs], inline: ['mine'] } })],
      ['trust', widened('service', { trust: encodeURIComponent('{"Version":"2012-10-17","Statement":[]}') })],
      ['boundary', widened('instances', { boundary: undefined })],
    ])('have a change by hand corrected: %s', (what, roles) => {
      const { ofRoles, blocked } = compared(roles);
      expect(blocked).toEqual([]);
      expect({ what, ofRoles }).toEqual({
        what,
        ofRoles: [
          {
            attached: `removed managedPolicies.${other}`,
            detached: `created managedPolicies.${emrs}`,
            put: 'removed inlinePolicies.mine',
            trust: 'updated trustPolicy',
            boundary: 'created permissionsBoundary',
          }[what],
        ],
      });
    });
  });

  it('have a warning instead if the policy of the instances cannot be read', () => {
    const { ofRoles, warnings } = compared({ policy: new AccessDenied('denied') });
    expect(ofRoles).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(/^Unseen: .* \(iam:GetRolePolicy\), so changes by hand are not seen$/),
    ]);
  });

  it('are let alone while the last cluster ends', () => {
    const changed = { policy: undefined, service: { ...asMade(service), boundary: undefined } };
    expect(compared(changed, 'ending')).toMatchObject({ ofRoles: [], blocked: [], warnings: [] });
  });
});
