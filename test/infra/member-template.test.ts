import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { managedKinds, namesOf } from '../../controllers/engine/desired-state.ts';
import { type MemberTemplate, memberTemplate } from '../../controllers/fleet/member-template.ts';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import { ExecutionRoleSection } from '../../controllers/kinds/execution-role/wanted.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { kindAccount } from '../../controllers/kinds/kind-account.ts';
import type { BaselineDocument } from '../../shared/domain/baseline.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../kit/factories.ts';

jest.setTimeout(120_000);

const ROLE_ARN = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
const shipped = readFileSync('infra/baselines/analytics.yaml', 'utf8');
const config = aConfig();
const record = aRecord({ origin: 'invited' });

function baselineOf(text: string): BaselineDocument {
  const parsed = parseBaseline(text, kinds);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return { ...parsed.baseline, schemaVersion: 1, version: 3, text, publishedAt: '' };
}

const analytics = baselineOf(shipped);
const { roleArn, template } = memberTemplate({ record, baseline: analytics, kinds, config });

const bare = `
name: bare
executionRole:
  name: bare
  path: /orgkeeper-execution/
  description: Bare
  trustPolicy:
    Statement:
      - { Effect: Allow, Principal: { AWS: "\${main.runnerRole}" }, Action: sts:AssumeRole, Condition: { StringEquals: { sts:ExternalId: "\${account.externalId}" } } }
  inlinePolicies:
    home:
      Version: "2012-10-17"
      Statement: { Effect: Allow, Action: s3:GetObject, Resource: "arn:aws:s3:::\${account.id}/\${aws:username}/*" }
  managedPolicies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
`;
const roleOnly = baselineOf(bare);

/** What CloudFormation makes of the template with its defaults: every Ref and Fn::Sub resolved. */
function resolved({ Parameters, Resources }: MemberTemplate, overrides: Record<string, string> = {}) {
  const names: Record<string, string> = { 'AWS::AccountId': MEMBER, ...overrides };
  for (const [name, { Default }] of Object.entries(Parameters)) names[name] ??= Default;
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== 'object') return value;
    const item = value as Record<string, unknown>;
    if (typeof item.Ref === 'string') return names[item.Ref] ?? item;
    if (typeof item['Fn::Sub'] === 'string') {
      return item['Fn::Sub'].replaceAll(/\$\{(!?)([^}]*)\}/g, (_, kept, name) =>
        kept ? `\${${name}}` : (names[name] ?? name),
      );
    }
    return Object.fromEntries(Object.entries(item).map(([key, member]) => [key, walk(member)]));
  };
  return walk(Resources) as Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

/** The role that the template makes, as the kind would observe it. */
function asObserved(made: ReturnType<typeof resolved>) {
  const { ExecutionRole: role } = made;
  const { Path, RoleName } = role?.Properties ?? {};
  const tags = (role?.Properties.Tags ?? []) as { Key: string; Value: string }[];
  const policies = Object.values(made).flatMap(({ Type, Properties }) =>
    Type === 'AWS::IAM::Policy'
      ? [[String(Properties.PolicyName), encodeURIComponent(JSON.stringify(Properties.PolicyDocument))]]
      : [],
  );
  return {
    arn: `arn:aws:iam::${MEMBER}:role${Path}${RoleName}`,
    name: String(RoleName),
    path: String(Path),
    description: String(role?.Properties.Description ?? ''),
    maxSessionDuration: Number(role?.Properties.MaxSessionDuration),
    trustPolicy: encodeURIComponent(JSON.stringify(role?.Properties.AssumeRolePolicyDocument)),
    inlinePolicies: Object.fromEntries(policies),
    managedPolicies: (role?.Properties.ManagedPolicyArns ?? []) as string[],
    permissionsBoundary: undefined,
    tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
  };
}

describe('the member template', () => {
  test.each([
    ['analytics', analytics],
    ['a role with a path, a managed policy and a policy variable', roleOnly],
  ])('makes exactly the role that the kind wants afterwards: %s', (_, baseline) => {
    const member = memberTemplate({ record, baseline, kinds, config });
    const entered = { ...record, executionRoleArn: member.roleArn };
    const account = kindAccount(entered, config, managedKinds(baseline, kinds));
    const section = ExecutionRoleSection.parse(baseline.sections.executionRole);
    const wanted = executionRole.render(section, namesOf(entered, config, {}), account);
    const found = executionRole.diff(wanted, asObserved(resolved(member.template)));
    expect(found).toMatchObject({ differences: [], blocked: [], unowned: [] });
  });

  test('takes account, Main and ExternalId from its parameters', () => {
    const other = { 'AWS::AccountId': '111122223333', MainAccountId: '444455556666', ExternalId: 'other' };
    const text = JSON.stringify(resolved(template, other));
    expect(text).not.toMatch(new RegExp(`${MEMBER}|${MAIN}|${record.externalId}`));
    expect(text).toContain('arn:aws:iam::444455556666:role/orgkeeper-WorkflowLoopRunnerRole');
  });

  test('allows the role to manage itself, and nothing else in IAM', () => {
    const own = Object.values(resolved(template)).find(
      ({ Properties }) => Properties.PolicyName === 'orgkeeper',
    );
    const document = own?.Properties.PolicyDocument as
      | { Statement: { Action: string[]; Resource: string }[] }
      | undefined;
    const Statement = document?.Statement ?? [];
    const onRole = Statement.find(({ Resource }) => Resource === ROLE_ARN)?.Action;
    const { read, write } = executionRole.permissions;
    const ofPolicies = ['iam:GetPolicy', 'iam:GetPolicyVersion'];
    expect(onRole).toEqual([...read, ...write].filter((action) => !ofPolicies.includes(action)).sort());
    const elsewhere = Statement.find(({ Resource }) => Resource === '*')?.Action;
    expect(elsewhere?.filter((action) => action.startsWith('iam:'))).toEqual(ofPolicies);
    expect(elsewhere).toContain('ssm:PutParameter');
  });

  test('makes the network only if its owner chooses so, and then the network is ours', () => {
    expect(template.Parameters.MakeNetwork?.Default).toBe('no');
    const made = resolved(template);
    expect(made.Vpc).toMatchObject({ Condition: 'MakeNetwork', Properties: { CidrBlock: '10.0.0.0/16' } });
    expect(made.Subnet1).toMatchObject({ Condition: 'MakeNetwork' });
    expect(made.Subnet1?.Properties.Tags).toContainEqual({ Key: 'orgkeeper:owner', Value: MAIN });
    expect(made.Subnet1?.Properties.Tags).toContainEqual({ Key: 'orgkeeper:name', Value: 'subnet/public' });
    expect(memberTemplate({ record, baseline: roleOnly, kinds, config }).template).not.toHaveProperty(
      'Conditions',
    );
  });

  test.each([
    ['may ask whether a region is enabled', undefined, ['account:GetRegionOptStatus']],
    [
      'may enable regions where the baseline says so',
      true,
      ['account:GetRegionOptStatus', 'account:EnableRegion'],
    ],
  ] as const)('makes a role that %s', (_, enableRegions, actions) => {
    const regions = ['eu-central-1', 'af-south-1'] as const;
    const baseline = { ...analytics, regions, ...(enableRegions && { enableRegions }) };
    const { template } = memberTemplate({ record, baseline, kinds, config });
    const said = [...JSON.stringify(template).matchAll(/account:[A-Z]\w+/g)].map(([action]) => action);
    expect(said).toEqual(actions);
  });

  test('makes the network in the home region only, and one role for all regions', () => {
    const regions = ['eu-central-1', 'us-east-1'] as const;
    const both = memberTemplate({ record, baseline: { ...analytics, regions }, kinds, config });
    expect(both.region).toBe('eu-central-1');
    expect(both.template.Conditions?.MakeNetwork).toEqual({
      'Fn::And': [
        { 'Fn::Equals': [{ Ref: 'MakeNetwork' }, 'yes'] },
        { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] },
      ],
    });
    expect(both.template.Parameters.MakeNetwork?.Description).toMatch(
      /in eu-central-1.*those of us-east-1 itself/,
    );
    const rolesOf = ({ Resources }: MemberTemplate) =>
      Object.values(Resources).filter((one) => (one as { Type: string }).Type.startsWith('AWS::IAM::'));
    expect(rolesOf(both.template)).toEqual(rolesOf(template));
    expect(both.register).toBe(memberTemplate({ record, baseline: analytics, kinds, config }).register);
  });

  test('says in its outputs how the account is registered', () => {
    const named = memberTemplate({
      record: { ...record, name: "Gene's ${lab}" },
      baseline: analytics,
      kinds,
      config,
    });
    expect(named.template.Outputs.Register).toMatchObject({
      Value: {
        'Fn::Sub':
          "orgkeeper register ${AWS::AccountId} --name 'Gene'\\''s ${!lab}' " +
          '--execution-role-arn ${ExecutionRole.Arn} --external-id ${ExternalId} ' +
          `--baseline ${analytics.name}@${analytics.version}`,
      },
    });
    expect(named.register).toBe(
      `register ${MEMBER} --name 'Gene'\\''s \${lab}' --execution-role-arn ${named.roleArn} ` +
        `--external-id ${record.externalId} --baseline ${analytics.name}@${analytics.version}`,
    );
  });

  test.each([
    "Gene's",
    '$(id) `id` "x"',
    '-rf',
    '${AWS::AccountId}',
    '${!x} $',
    'a\nb',
    'x\u001b[2J',
    '; rm -rf ~ #',
  ])('registers an account by words that a shell reads as intended: %j', (name) => {
    const member = memberTemplate({ record: { ...record, name }, baseline: analytics, kinds, config });
    const [shown] = Object.values(
      resolved({ ...member.template, Resources: { Register: member.template.Outputs.Register } }),
    );
    const { Value } = shown as unknown as { Value: string };
    const filledIn = Value.replace('ExecutionRole.Arn', member.roleArn);
    for (const command of [filledIn.replace(/^orgkeeper /, ''), member.register]) {
      const { stdout } = spawnSync('bash', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' });
      expect(stdout.split('\0').slice(0, 4)).toEqual(['register', MEMBER, '--name', name]);
      expect(stdout.split('\0').slice(4, 6)).toEqual(['--execution-role-arn', member.roleArn]);
    }
  });

  test.each([
    ['the name', { name: 'x {{resolve:ssm-secure:/db/password}}' }, /^Outputs\.Register/],
    [
      'a value',
      { values: { note: '{{resolve:secretsmanager:db}}' } },
      /^Resources\.ExecutionRole\.Properties\.Desc/,
    ],
  ])(
    'is refused if CloudFormation would insert a secret of the account in place of %s',
    (_, given, where) => {
      const baseline = baselineOf(bare.replace('description: Bare', 'description: "${values.note}"'));
      const note = { values: { note: 'x' } };
      const make = () =>
        memberTemplate({ record: { ...record, ...note, ...given }, baseline, kinds, config });
      expect(make).toThrow(where);
    },
  );

  test.each(['Id', 'Main', 'AWS', 'arn', 'Account'])(
    'wants the same role whatever the ExternalId is: %s',
    (externalId) => {
      const member = memberTemplate({ record: { ...record, externalId }, baseline: roleOnly, kinds, config });
      const { ExecutionRole: role } = resolved(member.template);
      const { ExecutionRole: plain } = resolved(
        memberTemplate({ record, baseline: roleOnly, kinds, config }).template,
      );
      const asWritten = JSON.stringify(plain).replaceAll(record.externalId, externalId);
      expect(JSON.stringify(role)).toBe(asWritten);
    },
  );

  test('keeps the name of a role by which the account is already entered', () => {
    const executionRoleArn = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution-theirs`;
    const member = memberTemplate({
      record: { ...record, executionRoleArn },
      baseline: analytics,
      kinds,
      config,
    });
    expect(member.roleArn).toBe(executionRoleArn);
    expect(resolved(member.template).ExecutionRole?.Properties.RoleName).toBe('orgkeeper-execution-theirs');
    expect(roleArn).toBe(ROLE_ARN);
  });

  test('may have a condition on the organization of Main, beside the ExternalId', () => {
    const asking = 'sts:ExternalId: "${account.externalId}"';
    const text = bare.replace(asking, `${asking}, aws:PrincipalOrgID: "\${organization.id}"`);
    const { Resources } = memberTemplate({ record, baseline: baselineOf(text), kinds, config }).template;
    expect(JSON.stringify(Resources)).toContain(config.organizationId);
  });

  test('is refused if nobody could enter the account by its role, with a remedy', () => {
    const baseline = baselineOf(bare.replace('${main.runnerRole}', '${account.id}'));
    expect(() => memberTemplate({ record, baseline, kinds, config })).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /^The trust policy of baseline bare@3 does not admit .* could not be entered\.$/,
        ),
        remedy: expect.stringMatching(/^Let its trust policy name/),
      }),
    );
    const none = baselineOf('name: none\nparameters: [{ name: /x, value: y }]');
    expect(() => memberTemplate({ record, baseline: none, kinds, config })).toThrow(
      expect.objectContaining({ remedy: expect.stringMatching(/^Put `executionRole` into it/) }),
    );
  });

  test('is refused for a role that Main could not assume', () => {
    const narrow = aConfig({ executionRolePattern: 'other-*' });
    expect(() => memberTemplate({ record, baseline: analytics, kinds, config: narrow })).toThrow(
      /does not match executionRolePattern other-\*/,
    );
  });
});

const LINTER = 'cfn-lint';

describe('cfn-lint', () => {
  const installed = spawnSync(LINTER, ['--version']).status === 0;
  (installed ? test : test.skip)('finds nothing in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'member-'));
    const files = [template, memberTemplate({ record, baseline: roleOnly, kinds, config }).template].map(
      (one, index) => {
        const file = join(folder, `${index}.json`);
        writeFileSync(file, JSON.stringify(one));
        return file;
      },
    );
    const { status, stdout } = spawnSync(LINTER, ['--regions', 'eu-west-1', '--', ...files], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});
