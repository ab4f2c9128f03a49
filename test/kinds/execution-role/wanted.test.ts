import { describe, expect, test } from '@jest/globals';
import { ExecutionRoleSection, render } from '../../../controllers/kinds/execution-role/wanted.ts';
import { InvalidDesiredState } from '../../../shared/domain/errors.ts';

const Allow = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
const trustPolicy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '${main.runnerRole}' }, Action: 'sts:AssumeRole' }],
};
const valid = { name: 'orgkeeper-execution', trustPolicy };
const account = { accountId: '456789012345', partition: 'aws', region: 'eu-west-1', owner: '345678901234' };
const lookup = (name: string) =>
  name === 'main.runnerRole' ? 'arn:aws:iam::345678901234:role/r' : undefined;
const policy = (...Statement: unknown[]) => ({ Version: '2012-10-17', Statement });

describe('the name of an account in a role', () => {
  const named = (given: object) =>
    render(
      ExecutionRoleSection.parse({ ...valid, ...given }),
      (one) => (one === 'account.name' ? 'lab ${account.externalId}' : lookup(one)),
      { ...account, executionRolePattern: 'orgkeeper-*' },
    );

  test('is data, whatever it contains: no name is missing', () => {
    expect(named({ description: 'Of ${account.name}' }).description).toBe('Of lab ${account.externalId}');
  });

  test('cannot make a role name that Orgkeeper could not assume', () => {
    expect(() => named({ name: '${account.name}' })).toThrow(
      /does not match executionRolePattern orgkeeper-\*/,
    );
  });
});

describe('the values of a registration in a role', () => {
  const withValue = (bucket: string, wildcardsFrom: string[] = []) => {
    const inlinePolicies = { p: policy({ ...Allow, Resource: 'arn:aws:s3:::${values.bucket}/*' }) };
    const given = ExecutionRoleSection.parse({ ...valid, inlinePolicies, wildcardsFrom });
    return render(given, (name) => (name === 'values.bucket' ? bucket : lookup(name)), account);
  };

  test.each(['*', 'lab-?', '${aws:username}'])('cannot widen its policies: %s', (bucket) => {
    expect(() => withValue(bucket)).toThrow(InvalidDesiredState);
    expect(() => withValue(bucket)).toThrow(
      /inlinePolicies\.p\.Statement\[0\]\.Resource: \$\{values\.bucket\} has a .* would widen what the baseline grants/,
    );
    expect(withValue(bucket, ['values.bucket']).inlinePolicies.p).toMatchObject({
      Statement: [{ Resource: `arn:aws:s3:::${bucket}/*` }],
    });
  });

  test('fill in a policy if they are plain', () => {
    expect(withValue('lab').inlinePolicies.p).toMatchObject({
      Statement: [{ Resource: 'arn:aws:s3:::lab/*' }],
    });
  });

  test('cannot widen its path, nor be the name of the account', () => {
    const byName = (given: object) => () =>
      render(
        ExecutionRoleSection.parse({ ...valid, ...given }),
        (name) => (name === 'account.name' ? 'a*' : lookup(name)),
        account,
      );
    expect(byName({ path: '/${account.name}/' })).toThrow(/path: \$\{account\.name\} has a/);
    expect(byName({ description: 'of ${account.name}' })).not.toThrow();
  });
});

/** A deployment whose accounts have the quotas of new ones. */
const usual = { rolePolicyQuotas: { trustPolicyCharacters: 2_048, managedPolicies: 10 } };

describe('render of an execution role', () => {
  const rendered = (given: object, deployment: object = {}) =>
    render(ExecutionRoleSection.parse({ ...valid, ...given }), lookup, { ...account, ...deployment });
  const problemsOf = (given: object, deployment?: object) => {
    try {
      rendered(given, deployment);
    } catch (error) {
      if (error instanceof InvalidDesiredState) return error.problems;
    }
    return [];
  };

  test('fills in names, and tags the role with its owner', () => {
    expect(rendered({ path: '/kept/', tags: { by: '${main.runnerRole}' } })).toMatchObject({
      arn: 'arn:aws:iam::456789012345:role/kept/orgkeeper-execution',
      trustPolicy: { Statement: [{ Principal: { AWS: 'arn:aws:iam::345678901234:role/r' } }] },
      tags: { by: 'arn:aws:iam::345678901234:role/r', 'orgkeeper:owner': '345678901234' },
    });
  });

  test('refuses a name that is not known for the account, by its path', () => {
    expect(problemsOf({ tags: { team: '${values.team}' } })).toEqual([
      { path: 'executionRole.tags.team', message: '${values.team} is not known for this account' },
    ]);
  });

  test('refuses a name that Main may not assume, path included, if the deployment has a pattern', () => {
    const deployment = { executionRolePattern: 'orgkeeper-execution*' };
    expect(problemsOf({}, deployment)).toEqual([]);
    expect(problemsOf({ name: 'bad-name' })).toEqual([]);
    expect(problemsOf({ name: 'bad-name' }, deployment)).toEqual([
      {
        path: 'executionRole.name',
        message: expect.stringMatching(
          /^bad-name does not match executionRolePattern orgkeeper-execution\*.*rename the role in the baseline, or widen/,
        ),
      },
    ]);
    expect(problemsOf({ path: '/team/' }, deployment)).toMatchObject([
      { message: expect.stringMatching(/^team\/orgkeeper-execution does not match/) },
    ]);
    expect(problemsOf({ name: '${values.name}' }, deployment)).toMatchObject([
      { message: '${values.name} is not known for this account' },
    ]);
  });

  test('leaves the policy variables of IAM as they are', () => {
    const own = policy({
      ...Allow,
      Resource: "arn:aws:s3:::${aws:PrincipalTag/team, 'none'}/${aws:username}/${*}",
    });
    expect(rendered({ inlinePolicies: { own } }).inlinePolicies).toEqual({ own });
  });

  test('checks the section with the names filled in', () => {
    expect(problemsOf({ permissionsBoundary: '${main.runnerRole}' })).toMatchObject([
      { path: 'executionRole.permissionsBoundary' },
    ]);
  });

  test('counts the characters of a trust policy without whitespace', () => {
    const principals = (count: number) => ({
      trustPolicy: policy({
        Effect: 'Allow',
        Principal: {
          AWS: Array.from({ length: count }, (_, i) => `arn:aws:iam::345678901234:role/role-${1000 + i}`),
        },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:PrincipalTag/spaced': ' '.repeat(2_000) } },
      }),
    });
    expect(problemsOf(principals(40), usual)).toEqual([]);
    expect(problemsOf(principals(50), usual)).toMatchObject([{ path: 'executionRole.trustPolicy' }]);
  });

  test('counts all inline policies together', () => {
    const long = policy({ ...Allow, Resource: `arn:aws:s3:::${'x'.repeat(5_200)}` });
    expect(problemsOf({ inlinePolicies: { a: long } })).toEqual([]);
    expect(problemsOf({ inlinePolicies: { a: long, b: long } })).toMatchObject([
      { path: 'executionRole.inlinePolicies' },
    ]);
  });

  test('writes the values of conditions as text', () => {
    const Condition = {
      NumericLessThan: { 'aws:MultiFactorAuthAge': 3600 },
      Bool: { 'aws:SecureTransport': [true] },
    };
    expect(rendered({ inlinePolicies: { p: policy({ ...Allow, Condition }) } }).inlinePolicies.p).toEqual(
      policy({
        ...Allow,
        Condition: {
          NumericLessThan: { 'aws:MultiFactorAuthAge': '3600' },
          Bool: { 'aws:SecureTransport': ['true'] },
        },
      }),
    );
  });

  test.each([
    [
      "CloudFormation's variables",
      { inlinePolicies: { p: policy({ ...Allow, Resource: '${AWS::AccountId}' }) } },
    ],
    ['what is no key', { inlinePolicies: { p: policy({ ...Allow, Resource: '${a:}' }) } }],
    ["IAM's variables outside of policies", { description: '${aws:username}' }],
  ])('refuses %s', (_, given) => {
    expect(() => rendered(given)).toThrow(/is not known for this account/);
  });

  test('accepts a trust policy and managed policies up to the quotas', () => {
    const principals = Array.from(
      { length: 40 },
      (_, n) => `arn:aws:iam::345678901234:role/principal-number-${n}-of-many`,
    );
    const long = policy({ Effect: 'Allow', Principal: { AWS: principals }, Action: 'sts:AssumeRole' });
    const managedPolicies = Array.from({ length: 12 }, (_, n) => `arn:aws:iam::aws:policy/P${n}`);
    const given = { trustPolicy: long, managedPolicies };
    expect(() => rendered(given, usual)).toThrow(
      /may have 2048 characters.*rolePolicyQuotas.*may have 10 managed policies/,
    );
    const rolePolicyQuotas = { trustPolicyCharacters: 4_096, managedPolicies: 20 };
    expect(rendered(given, { rolePolicyQuotas })).toMatchObject({ managedPolicies });
  });
});
