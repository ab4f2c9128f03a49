import { describe, expect, it } from '@jest/globals';
import { parsePolicy } from '../../shared/policy/index.ts';
import { MEMBER } from './factories.ts';
import { memberGrants, memberMisfits } from './member-permissions.ts';
import { staleReasons } from './permission-reasons.ts';
import type { JourneyRecord } from './permission-record.ts';
import { misfits } from './permissions.ts';

const MAIN = '345678901234';
const ROLE = `arn:aws:iam::${MAIN}:role/orgkeeper-IntakeRole`;
const TABLE = `arn:aws:dynamodb:eu-west-1:${MAIN}:table/orgkeeper`;

function document(...Statement: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

const READ = {
  Sid: 'Read',
  Effect: 'Allow',
  Action: ['dynamodb:GetItem', 'dynamodb:Query'],
  Resource: [TABLE, `${TABLE}/index/*`],
};

function record({
  uses,
  arn = ROLE,
  statements = [READ],
  ...more
}: {
  readonly uses: JourneyRecord['uses'];
  readonly arn?: string;
  readonly statements?: readonly object[];
} & Partial<JourneyRecord>): JourneyRecord {
  return {
    uses,
    granted: {
      [arn]: { identity: [{ name: 'orgkeeper', document: document(...statements) }], boundary: [] },
    },
    undecided: {},
    file: 'a.test.ts',
    main: MAIN,
    management: '210987654321',
    organizationId: 'o-abcdefghij',
    ...more,
  };
}

function use(action: string, resource: string, index = 0): JourneyRecord['uses'][number] {
  const by = [{ kind: 'identity', policy: 'orgkeeper', index }] as const;
  return { principal: ROLE, action, resource, context: {}, allowed: true, by };
}

function denied(action: string, resource: string): JourneyRecord['uses'][number] {
  const refusal = { explicit: false, by: 'identity' } as const;
  return { principal: ROLE, action, resource, context: {}, allowed: false, by: [], refusal };
}

const of = { principal: 'MAIN role/orgkeeper-IntakeRole', statement: 'Read' };

describe('The misfits of permissions', () => {
  it('are none if all permissions are used', () => {
    const uses = [use('dynamodb:GetItem', TABLE), use('dynamodb:Query', `${TABLE}/index/collection`)];
    expect(misfits([record({ uses })])).toEqual([]);
  });

  it('are actions and resources that no journey used', () => {
    const first = record({ uses: [use('dynamodb:GetItem', TABLE)] });
    expect(misfits([first])).toEqual([
      {
        ...of,
        is: 'granted and never used',
        what: 'arn:aws:dynamodb:eu-west-1:MAIN:table/orgkeeper/index/*',
      },
      { ...of, is: 'granted and never used', what: 'dynamodb:Query' },
    ]);
    const second = record({ uses: [use('dynamodb:Query', `${TABLE}/index/collection`)] });
    expect(misfits([first, second])).toEqual([]);
  });

  it('are wildcards if each use names its action or its resource', () => {
    const statements = [{ Sid: 'Read', Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' }];
    expect(misfits([record({ statements, uses: [use('dynamodb:GetItem', TABLE)] })])).toEqual([
      { ...of, is: 'wider than used', what: '*' },
      { ...of, is: 'wider than used', what: 'dynamodb:*' },
    ]);
  });

  it('are not the wildcard of a call without resources', () => {
    const statements = [
      { Sid: 'List', Effect: 'Allow', Action: 'organizations:ListAccounts', Resource: '*' },
    ];
    expect(misfits([record({ statements, uses: [use('organizations:ListAccounts', '*')] })])).toEqual([]);
  });

  it('are uses that no policy allowed, unless a test had removed the policy', () => {
    const all = [use('dynamodb:GetItem', TABLE), use('dynamodb:Query', `${TABLE}/index/collection`)];
    const uses = [...all, denied('dynamodb:PutItem', TABLE), denied('dynamodb:Query', TABLE)];
    expect(misfits([record({ uses })])).toEqual([
      {
        principal: of.principal,
        is: 'used and not granted',
        what: 'dynamodb:PutItem on arn:aws:dynamodb:eu-west-1:MAIN:table/orgkeeper',
      },
    ]);
  });

  it('are values of conditions that no use brought, and patterns where all uses brought the same', () => {
    const Condition = {
      StringEquals: { 'events:source': ['orgkeeper.request', 'orgkeeper.plan'] },
      ArnLike: { 'events:TargetArn': `arn:aws:sqs:*:${MAIN}:*` },
      StringNotEquals: { 'aws:PrincipalAccount': MAIN },
    };
    const statements = [{ ...READ, Action: ['events:PutEvents'], Resource: TABLE, Condition }];
    const put = (to: string) => ({
      ...use('events:PutEvents', TABLE),
      context: {
        'events:source': 'orgkeeper.request',
        'events:targetarn': [`arn:aws:sqs:eu-west-1:${MAIN}:${to}`],
      },
    });
    const unused = {
      ...of,
      is: 'granted and never used',
      what: 'StringEquals events:source: orgkeeper.plan',
    };
    expect(misfits([record({ statements, uses: [put('work')] })])).toEqual([
      unused,
      { ...of, is: 'wider than used', what: 'ArnLike events:TargetArn: arn:aws:sqs:*:MAIN:*' },
    ]);
    expect(misfits([record({ statements, uses: [put('work'), put('sweep')] })])).toEqual([unused]);
  });

  it('do not count roles that a test has made', () => {
    const arn = `arn:aws:iam::${MAIN}:role/orgkeeper-of-a-test`;
    expect(misfits([record({ uses: [], arn })])).toEqual([]);
  });

  it('do not count if Main is the management account', () => {
    expect(misfits([record({ uses: [], management: MAIN })])).toEqual([]);
  });
});

describe('A reason for a misfit', () => {
  const misfit = { ...of, is: 'granted and never used', what: 'dynamodb:Query' } as const;
  const reason = { principal: of.principal, what: misfit.what, because: 'nobody queries' };

  it('is stale once a journey uses the permission, or nobody grants it', () => {
    expect(staleReasons([misfit], [reason])).toEqual([]);
    expect(staleReasons([], [reason])).toEqual([reason]);
    expect(staleReasons([{ ...misfit, what: 'dynamodb:GetItem' }], [reason])).toEqual([reason]);
  });

  it('is not stale if only a failed call uses the permission', () => {
    expect(staleReasons([], [{ ...reason, sometimes: true }])).toEqual([]);
  });
});

describe('The misfits of permissions in members', () => {
  const ACCESS = 'arn:aws:iam::611111111111:role/OrganizationAccountAccessRole';
  const EXECUTION = 'arn:aws:iam::611111111111:role/orgkeeper-execution';
  const VPC = 'arn:aws:ec2:eu-west-1:611111111111:vpc/*';
  const sessions = 'MEMBER sessions of runs';
  const granted = VPC.replace('611111111111', MEMBER);
  const ofSessions = { principal: sessions, statement: 'Own' };
  const own = { Sid: 'Own', Effect: 'Allow', Action: 'ec2:CreateVpc', Resource: granted };
  const declared = ['ec2:CreateVpc', 'iam:CreateAccountAlias'];
  type Use = JourneyRecord['uses'][number];
  const did = (principal: string, action: string, kind: 'session' | 'identity', policy: string): Use => ({
    ...use(action, VPC),
    principal,
    by: [{ kind, policy, index: 0 }],
  });
  const was = (principal: string, action: string, by: 'session' | 'identity'): Use => ({
    ...denied(action, VPC),
    principal,
    refusal: { explicit: false, by },
  });
  const found = (uses: readonly Use[], statement: object = own) =>
    memberMisfits([record({ uses, arn: EXECUTION, statements: [own] })], {
      template: document(statement),
      declared,
    });

  it('are none where runs use what the template grants, by either role', () => {
    expect(found([did(ACCESS, 'ec2:CreateVpc', 'session', 'session')])).toEqual([]);
    expect(found([did(EXECUTION, 'ec2:CreateVpc', 'identity', 'orgkeeper')])).toEqual([]);
  });

  it('are actions that the template grants and no run used', () => {
    const unused = { ...ofSessions, is: 'granted and never used', what: 'ec2:CreateVpc' };
    expect(found([did(ACCESS, 'iam:CreateAccountAlias', 'session', 'session')])).toEqual([unused]);
    expect(found([did(EXECUTION, 'ec2:CreateVpc', 'identity', 'analytics')])).toEqual([unused]);
  });

  it('are resources and values of conditions that no run used, and what is wider than the uses', () => {
    const made = did(ACCESS, 'ec2:CreateVpc', 'session', 'session');
    const subnet = `arn:aws:ec2:eu-west-1:${MEMBER}:subnet/*`;
    const never = { ...ofSessions, is: 'granted and never used' };
    expect(found([made], { ...own, Resource: [granted, subnet] })).toEqual([
      { ...never, what: subnet.replace(MEMBER, 'MEMBER') },
    ]);
    expect(found([made], { ...own, Resource: subnet })).toEqual([{ ...never, what: 'ec2:CreateVpc' }]);
    const Condition = { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } };
    expect(found([made], { ...own, Condition })).toEqual([
      { ...never, what: 'StringEquals aws:RequestedRegion: us-east-1' },
    ]);
    expect(found([made], { ...own, Resource: '*' })).toEqual([
      { ...ofSessions, is: 'wider than used', what: '*' },
    ]);
  });

  it('are actions that a run used and no kind declares, or that its session does not have', () => {
    const made = did(ACCESS, 'ec2:CreateVpc', 'session', 'session');
    const lacks = (action: string) => ({
      principal: sessions,
      is: 'used and not granted',
      what: `${action} on arn:aws:ec2:eu-west-1:MEMBER:vpc/*`,
    });
    expect(found([made, did(ACCESS, 'ec2:DeleteVpc', 'session', 'session')])).toEqual([
      lacks('ec2:DeleteVpc'),
    ]);
    expect(found([made, was(ACCESS, 'ec2:DeleteVpc', 'session')])).toEqual([lacks('ec2:DeleteVpc')]);
    expect(found([made, was(EXECUTION, 'ec2:DeleteVpc', 'identity')])).toEqual([lacks('ec2:DeleteVpc')]);
  });

  it('are not what a test had taken away, nor what a role lacks that its owner made by hand', () => {
    const made = did(ACCESS, 'ec2:CreateVpc', 'session', 'session');
    expect(found([made, was(EXECUTION, 'ec2:CreateVpc', 'identity')])).toEqual([]);
    expect(found([made, was(`${EXECUTION}-by-hand`, 'ec2:DeleteVpc', 'identity')])).toEqual([]);
  });

  it('are told of what the member template of the shipped baseline has', () => {
    const { template, declared } = memberGrants();
    const { Statement } = parsePolicy(template);
    const granted = Statement.flatMap(({ Action = [] }) => Action);
    expect(granted).toEqual(expect.arrayContaining(['ec2:CreateVpc', 'iam:CreateRole', 'ssm:PutParameter']));
    expect(declared).toEqual(expect.arrayContaining([...granted, 'account:EnableRegion']));
    expect(declared).toContain('iam:CreateAccountAlias');
    expect(granted).not.toContain('iam:CreateAccountAlias');
    const [role] = Statement.filter(({ Action = [] }) => Action.includes('iam:CreateRole'));
    expect(role?.Resource).toEqual([`arn:aws:iam::${MEMBER}:role/orgkeeper-execution`]);
  });
});
