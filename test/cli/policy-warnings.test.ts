import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { policyWarnings } from '../../cli/policy-warnings.ts';

const BASELINES = join(import.meta.dirname, '../../infra/baselines');

/** Warnings of a baseline with these statements in one inline policy. */
function warnings(...statements: object[]) {
  return policyWarnings(
    `name: small\nexecutionRole: { inlinePolicies: { app: { Statement: ${JSON.stringify(statements)} } } }\n`,
  );
}

const messages = async (statement: object) => (await warnings(statement)).map(({ message }) => message);
const allow = (Action: string | string[], Resource = '*') => ({ Effect: 'Allow', Action, Resource });
const when = (Condition: object, Action: string | string[] = 'iam:CreateRole') => ({
  ...allow(Action),
  Condition,
});

describe('policyWarnings', () => {
  it('has no warnings for the baselines that come with Orgkeeper', async () => {
    const files = readdirSync(BASELINES).filter((file) => file.endsWith('.yaml'));
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      expect({ file, warnings: await policyWarnings(readFileSync(join(BASELINES, file), 'utf8')) }).toEqual({
        file,
        warnings: [],
      });
    }
  });

  it('names the place of each warning, with its line', async () => {
    const text = `name: small
executionRole:
  trustPolicy:
    Statement: { Effect: Allow, Action: sts:AssumeRol, Principal: "*" }
  inlinePolicies:
    app:
      Statement:
        - Effect: Allow
          Action:
            - s3:GetObject
            - s3:GetObjct
          Resource: "*"
`;
    expect(await policyWarnings(text)).toEqual([
      {
        path: 'executionRole.trustPolicy.Statement.Action',
        line: 4,
        message: 'AWS has no action sts:AssumeRol; did you mean sts:AssumeRole?',
      },
      {
        path: 'executionRole.inlinePolicies.app.Statement[0].Action[1]',
        line: 11,
        message: 'AWS has no action s3:GetObjct; did you mean s3:GetObject?',
      },
    ]);
  });

  it.each([
    [allow('iam:PutTheFlag'), 'AWS has no action iam:PutTheFlag'],
    [allow('iamm:CreateRole'), 'AWS has no service whose actions begin with iamm:'],
    [allow('ec2:Destroy*'), 'AWS has no action that ec2:Destroy* is about'],
    [
      { Effect: 'Deny', NotAction: 'iam:CreatRole', Resource: '*' },
      'AWS has no action iam:CreatRole; did you mean iam:CreateRole?',
    ],
    [
      allow('ec2:DescribeVpcs', 'arn:aws:ec2:*:*:vpc/*'),
      'ec2:DescribeVpcs has no resource: only a statement with Resource "*" is about it',
    ],
    [when({ StringEquals: { 'iam:PassedTo': 'a' } }), 'AWS has no condition key iam:PassedTo'],
    [when({ StringEquals: { 'aws:PrincipleArn': 'a' } }), 'AWS has no condition key aws:PrincipleArn'],
    [
      when({ StringEquals: { 'iam:PassedToService': 'a' } }),
      'no action of the statement has the condition key iam:PassedToService',
    ],
  ])('warns of %j', async (statement, message) => {
    expect(await messages(statement)).toEqual([message]);
  });

  it.each([
    ['an action in another case', allow('IAM:createrole')],
    ['a pattern that some action fits', allow(['iam:Get*', 'ec2:*', '*', 'iam:?etRole'])],
    ['a name to be filled in', allow('${main.action}')],
    ['a list whose resource is everything', allow('ec2:DescribeVpcs')],
    ['a condition key of the action', when({ ArnLike: { 'iam:PermissionsBoundary': 'a' } })],
    [
      'a condition key of one of its actions',
      when({ StringEquals: { 'iam:PassedToService': 'a' } }, ['iam:CreateRole', 'iam:Pass*']),
    ],
    [
      'a condition key with a name of its own',
      when({ StringEquals: { 'ec2:ResourceTag/team': 'a' } }, 'ec2:DeleteVpc'),
    ],
    [
      'a global condition key',
      when({ StringEquals: { 'aws:PrincipalTag/team': 'a', 'AWS:RequestedRegion': 'b' } }),
    ],
    [
      'the key of an identity provider',
      when({ StringEquals: { 'token.actions.githubusercontent.com:sub': 'a' } }),
    ],
    ['a key beside a pattern of every service', when({ StringEquals: { 'iam:PassedToService': 'a' } }, '*')],
  ])('has no warnings for %s', async (_, statement) => {
    expect(await messages(statement)).toEqual([]);
  });
});
