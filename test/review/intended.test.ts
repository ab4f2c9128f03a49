import { describe, expect, it } from '@jest/globals';
import { managedKinds } from '../../controllers/engine/desired-state.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import type { AccountAccess } from '../../controllers/review/account-access.ts';
import { findingsOf } from '../../controllers/review/findings.ts';
import { intendedAccess } from '../../controllers/review/intended.ts';
import { aConfig, aRecord, MEMBER } from '../kit/factories.ts';

const OWNER = '567890123456';
const ELSEWHERE = `arn:aws:iam::${OWNER}:role/lake`;
const MANAGED = 'arn:aws:iam::aws:policy/AdministratorAccess';
const statement = (Statement: object) => ({ Version: '2012-10-17', Statement });
const trust = (AWS: string, Condition: object = {}) =>
  statement({ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole', Condition });
const everything = statement({ Effect: 'Allow', Action: '*', Resource: '*' });
const assume = statement({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: [ELSEWHERE] });

const sections = {
  roles: {
    reader: { trustPolicy: trust(OWNER), path: '/lake/' },
    boss: { trustPolicy: trust(OWNER), managedPolicies: [MANAGED] },
  },
  assumeGrants: [{ group: 'people', assume: [ELSEWHERE] }],
  bucketAccess: [{ name: 'Readers', bucket: 'lake-1', roles: [ELSEWHERE], access: 'read' }],
};
const arn = (name: string) => `arn:aws:iam::${MEMBER}:${name}`;

/** The account as the baseline makes it, with a path that only the account knows. */
const asMade: AccountAccess = {
  accountId: MEMBER,
  partition: 'aws',
  roles: [
    { arn: arn('role/lake/reader'), trust: trust(`arn:aws:iam::${OWNER}:root`), policies: [] },
    { arn: arn('role/boss'), trust: trust(OWNER), policies: [everything] },
  ],
  users: [],
  groups: [{ arn: arn('group/staff/people'), policies: [assume] }],
  buckets: [
    {
      name: 'lake-1',
      policy: statement([
        {
          Sid: 'OrgkeeperReadersBucket',
          Effect: 'Allow',
          Principal: { AWS: ELSEWHERE },
          Action: ['s3:ListBucket', 's3:GetBucketLocation'],
          Resource: 'arn:aws:s3:::lake-1',
        },
        {
          Sid: 'OrgkeeperReadersObjects',
          Effect: 'Allow',
          Principal: { AWS: ELSEWHERE },
          Action: 's3:GetObject',
          Resource: 'arn:aws:s3:::lake-1/*',
        },
        // Of others, who hold nobody back who comes by TLS.
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: ['arn:aws:s3:::lake-1', 'arn:aws:s3:::lake-1/*'],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ]),
    },
  ],
};

/** Subjects and kinds of findings of the account that its baseline does not intend. */
function unintended(access: AccountAccess, more: object = {}): string[] {
  const config = aConfig();
  const managed = managedKinds(
    { name: 'lake', version: 1, sections: { ...sections, ...more } } as never,
    kinds,
  );
  const desired = { managed, regions: ['eu-west-1'] as const, enableRegions: false };
  const around = {
    organizationId: config.organizationId,
    isMember: () => true,
    now: new Date('2026-11-28T00:00:00Z'),
    unusedDays: 90,
  };
  const read = { access, managed: new Map([[MANAGED, everything]]) };
  const record = aRecord();
  const wanted = intendedAccess({ record, status: undefined, desired: desired as never, config }, read);
  const ids = new Set(findingsOf(wanted, around).findings.map(({ id }) => id));
  return findingsOf(access, around)
    .findings.filter(({ id }) => !ids.has(id))
    .map(({ kind, subject }) => `${kind} ${subject}`);
}

describe('intendedAccess', () => {
  it('is all that roles, assumeGrants and bucketAccess make', () => {
    expect(
      findingsOf(asMade, { ...aConfig(), isMember: () => true, now: new Date(), unusedDays: 90 }).findings,
    ).toHaveLength(6);
    expect(unintended(asMade)).toEqual([]);
  });

  it('is not a trust that somebody widened, nor a permission that was added', () => {
    const widened = asMade.roles.map((role) => ({ ...role, trust: trust('*'), policies: [everything] }));
    expect(unintended({ ...asMade, roles: widened })).toEqual([
      `RoleTrust ${arn('role/boss')}`,
      `RoleTrust ${arn('role/lake/reader')}`,
      `Administrator ${arn('role/lake/reader')}`,
    ]);
  });

  it('is the roles of clusters, as EMR and its instances assume them', () => {
    const clusters = { most: 3, instanceTypes: ['m5.xlarge'], longest: '24h', subnet: 'subnet-1' };
    const role = (use: string, Service: string) => ({
      arn: arn(`role/analysis-clusters-${use}-eu-west-1`),
      trust: {
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' },
      },
      policies: [],
    });
    const roles = [
      ...asMade.roles,
      role('service', 'elasticmapreduce.amazonaws.com'),
      role('instances', 'ec2.amazonaws.com'),
    ];
    expect(unintended({ ...asMade, roles }, { clusters })).toEqual([]);
    expect(unintended({ ...asMade, roles })).toHaveLength(2);
  });

  it('is not the same grant on another group, nor to another bucket', () => {
    const groups = [{ arn: arn('group/others'), policies: [assume] }];
    const buckets = asMade.buckets.map((bucket) => ({ ...bucket, name: 'lake-2' }));
    expect(unintended({ ...asMade, groups, buckets })).toEqual([
      'BucketAccess arn:aws:s3:::lake-2',
      'BucketAccess arn:aws:s3:::lake-2',
      `AssumesElsewhere ${arn('group/others')}`,
    ]);
  });
});
