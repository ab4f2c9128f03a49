import { describe, expect, test } from '@jest/globals';
import { parseBaseline } from '../../../controllers/kinds/baseline.ts';
import { entryOf } from '../../../controllers/kinds/kind-account.ts';
import { roles } from '../../../controllers/kinds/roles/kind.ts';
import { RolesSection, render } from '../../../controllers/kinds/roles/section.ts';
import { aConfig, aRecord, MEMBER } from '../../kit/factories.ts';
import { memberAccount } from '../../kit/kind-context.ts';

const trusting = (...AWS: string[]) => ({
  Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
});
const allow = (Resource: string) => ({
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource }],
});
const CONSUMER = 'arn:aws:iam::999999999999:role/consumer';
const reader = { trustPolicy: trusting(CONSUMER) };

/** The roles of a section, with the values of these names. */
const rendered = (section: object, values: Record<string, string> = {}, account = memberAccount) =>
  render(RolesSection.parse(section), (name) => values[name], account).roles;
const problemsOf = (...given: Parameters<typeof rendered>) =>
  rendered(...given).flatMap(({ problems }) => problems);

describe('the section roles', () => {
  test('names a role by its key unless it says another name, and tags it as ours', () => {
    const [first, second] = rendered(
      {
        reader,
        writer: { ...reader, name: '${account.name}-writer', path: '/lake/', tags: { team: 'data' } },
      },
      { 'account.name': 'acme' },
    );
    expect(first).toMatchObject({
      name: 'reader',
      arn: `arn:aws:iam::${MEMBER}:role/reader`,
      instanceProfile: false,
      tags: { 'orgkeeper:owner': memberAccount.owner, 'orgkeeper:name': 'roles.reader' },
    });
    expect(second).toMatchObject({
      name: 'acme-writer',
      arn: `arn:aws:iam::${MEMBER}:role/lake/acme-writer`,
      tags: { team: 'data', 'orgkeeper:name': 'roles.writer' },
    });
  });

  test.each([
    ['a key that is no name of an output', { 'a.b': reader }, 'a.b'],
    ['a name that IAM rejects', { reader: { ...reader, name: 'a reader' } }, 'reader.name'],
    ['a misspelt field', { reader: { ...reader, trust: {} } }, 'reader'],
    ['no trust policy', { reader: {} }, 'reader.trustPolicy'],
    [
      'the inline policy of assumeGrants',
      { reader: { ...reader, inlinePolicies: { 'orgkeeper-assume': allow('*') } } },
      'reader.inlinePolicies.orgkeeper-assume',
    ],
    [
      'more roles than an account may have here',
      Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`role-${at}`, reader])),
      '',
    ],
  ])('rejects %s, with its path', (_, section, path) => {
    const { error } = RolesSection.safeParse(section);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toContain(path);
  });

  test.each([
    [
      'an ARN of another partition in the trust policy',
      { reader: { trustPolicy: trusting('arn:aws-cn:iam::999999999999:role/x') } },
      {},
      'roles.reader.trustPolicy.Statement[0].Principal.AWS[0]',
      /in the partition aws-cn, and the account is in aws: write arn:\$\{partition\}/,
    ],
    [
      'a managed policy of another partition',
      { reader: { ...reader, managedPolicies: ['arn:aws-us-gov:iam::aws:policy/ReadOnlyAccess'] } },
      {},
      'roles.reader.managedPolicies[0]',
      /partition aws-us-gov/,
    ],
    [
      'two roles of one name, in whatever case',
      { reader, other: { ...reader, name: 'READER' } },
      {},
      'roles.other.name',
      /roles\.reader has the name reader, too/,
    ],
    [
      'a name that IAM rejects once it is filled in',
      { reader: { ...reader, name: '${values.name}' } },
      { 'values.name': 'a reader' },
      'roles.reader.name',
      /letters, digits/,
    ],
    [
      'a value with a wildcard in a policy',
      { reader: { ...reader, inlinePolicies: { lake: allow('arn:aws:s3:::${values.bucket}') } } },
      { 'values.bucket': '*' },
      'roles.reader.inlinePolicies.lake.Statement[0].Resource',
      /would widen.*list values\.bucket in roles\.reader\.wildcardsFrom/,
    ],
    [
      'more inline policies than IAM takes',
      { reader: { ...reader, inlinePolicies: { lake: allow(`arn:aws:s3:::${'x'.repeat(10_240)}`) } } },
      {},
      'roles.reader.inlinePolicies',
      /10240 characters/,
    ],
    [
      "the account's execution role",
      { reader: { ...reader, name: 'orgkeeper-execution' } },
      { 'role.name': 'orgkeeper-execution' },
      'roles.reader.name',
      /describe it in the section executionRole/,
    ],
  ])('has %s as a problem of that role, and of no other', (_, section, values, path, message) => {
    const all = rendered({ ...section, unconcerned: { trustPolicy: trusting('123456789012') } }, values);
    expect(all.flatMap(({ problems }) => problems)).toEqual([
      { path, message: expect.stringMatching(message) },
    ]);
    expect(roles.parts?.problems({ roles: all })).toHaveLength(1);
  });

  test('has the role by which the account is entered as a problem', () => {
    const roleArn = `arn:aws:iam::${MEMBER}:role/theirs/their-door`;
    const entry = entryOf(aRecord({ executionRoleArn: roleArn }), aConfig(), []);
    expect(problemsOf({ 'their-door': reader }, {}, { ...memberAccount, ...(entry && { entry }) })).toEqual([
      { path: 'roles.their-door.name', message: expect.stringMatching(/execution role/) },
    ]);
  });

  test('leaves the policy variables of IAM to IAM, and waits for every other name', () => {
    const waiting = (text: string) =>
      rendered({ reader: { ...reader, inlinePolicies: { lake: allow(text) } } })[0]?.waitsFor;
    expect(waiting('arn:aws:s3:::lake/${aws:username}/*')).toEqual([]);
    expect(waiting('arn:aws:s3:::${vpc.id}')).toEqual(['vpc.id']);
  });
});

describe('a baseline with roles', () => {
  const text = (arn: string) =>
    [
      'name: readers',
      'roles:',
      '  reader:',
      '    trustPolicy:',
      `      Statement: { Effect: Allow, Principal: { AWS: ["${arn}"] }, Action: "sts:AssumeRole" }`,
    ].join('\n');

  test.each([
    ['aws', 'arn:aws:iam::999999999999:role/x', undefined],
    ['aws-cn', 'arn:aws-cn:iam::999999999999:role/x', undefined],
    ['aws-us-gov', 'arn:${partition}:iam::999999999999:role/x', undefined],
    ['aws-cn', '${imports.consumers}', undefined],
    [
      'aws-cn',
      'arn:aws:iam::999999999999:role/x',
      { path: 'roles.reader.trustPolicy.Statement.Principal.AWS[0]', line: 5 },
    ],
  ])('for accounts of the partition %s may trust %s, or has a problem: %j', (partition, arn, problem) => {
    const found = parseBaseline(text(arn), [roles], { partition });
    if (!problem) expect(found).toHaveProperty('baseline');
    else expect(found).toMatchObject({ problems: [problem] });
  });
});

describe('a trust in what another account exports', () => {
  const imported = '${imports.consumers}';
  const trustOf = (section: object, values = {}) => {
    const [role] = rendered({ reader: section }, values);
    return { trust: role?.trustPolicy, missing: role?.missing, deniesAll: role?.deniesAll };
  };
  const Denied = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' };

  test('admits whoever is known, and names the import that nobody exports', () => {
    expect(trustOf({ trustPolicy: trusting(CONSUMER, imported) })).toEqual({
      trust: trusting(CONSUMER),
      missing: ['imports.consumers'],
      deniesAll: false,
    });
  });

  test('admits nobody where the import is all that it names', () => {
    expect(trustOf({ trustPolicy: trusting(imported) })).toEqual({
      trust: { Statement: [Denied] },
      missing: ['imports.consumers'],
      deniesAll: true,
    });
  });

  test('keeps the other types of principals of the statement', () => {
    const [statement] = trusting(imported).Statement;
    const Principal = { ...statement?.Principal, Service: 'ec2.amazonaws.com' };
    const { trust } = trustOf({ trustPolicy: { Statement: [{ ...statement, Principal }] } });
    expect(trust).toEqual({ Statement: [{ ...statement, Principal: { Service: 'ec2.amazonaws.com' } }] });
  });

  test.each([
    ['a Deny', { Effect: 'Deny', Principal: { AWS: [imported] }, Action: 'sts:AssumeRole' }],
    ['NotPrincipal', { Effect: 'Allow', NotPrincipal: { AWS: [imported] }, Action: 'sts:AssumeRole' }],
  ])('waits as a whole where leaving it out of %s would admit more', (_, statement) => {
    const trustPolicy = { Statement: [...trusting(CONSUMER).Statement, statement] };
    expect(rendered({ reader: { trustPolicy } })[0]).toMatchObject({
      waitsFor: ['imports.consumers'],
      missing: [],
    });
  });
});
