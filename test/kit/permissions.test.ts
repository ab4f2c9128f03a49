import { describe, expect, it } from '@jest/globals';
import { type JourneyRecord, misfits } from './permissions.ts';

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
  it('are none where all that is granted is used', () => {
    const uses = [use('dynamodb:GetItem', TABLE), use('dynamodb:Query', `${TABLE}/index/collection`)];
    expect(misfits([record({ uses })])).toEqual([]);
  });

  it('are actions and resources that nothing used, in whatever journey', () => {
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

  it('are wildcards where each use names its action, or its resource', () => {
    const statements = [{ Sid: 'Read', Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' }];
    expect(misfits([record({ statements, uses: [use('dynamodb:GetItem', TABLE)] })])).toEqual([
      { ...of, is: 'wider than used', what: '*' },
      { ...of, is: 'wider than used', what: 'dynamodb:*' },
    ]);
  });

  it('are not the wildcard of a call that names no resource', () => {
    const statements = [
      { Sid: 'List', Effect: 'Allow', Action: 'organizations:ListAccounts', Resource: '*' },
    ];
    expect(misfits([record({ statements, uses: [use('organizations:ListAccounts', '*')] })])).toEqual([]);
  });

  it('are uses that no policy allowed, unless a test had taken the policy away', () => {
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

  it('do not count roles that a test has made', () => {
    const arn = `arn:aws:iam::${MAIN}:role/orgkeeper-of-a-test`;
    expect(misfits([record({ uses: [], arn })])).toEqual([]);
  });

  it('do not count where Main is the management account', () => {
    expect(misfits([record({ uses: [], management: MAIN })])).toEqual([]);
  });
});
