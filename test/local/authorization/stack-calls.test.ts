import * as cfn from '@aws-sdk/client-cloudformation';
import { describe, expect, it } from '@jest/globals';
import { memberTemplate } from '../../../controllers/fleet/member-template.ts';
import { kinds } from '../../../controllers/kinds/index.ts';
import { checksOf } from '../../../local/gateway/authorization/checks.ts';
import type { ResourceReader } from '../../../local/gateway/authorization/reader.ts';
import { aConfig, aRecord } from '../../kit/factories.ts';
import { shippedBaseline } from '../../kit/shipped-baseline.ts';
import { ACCOUNT, clients, recorded } from './recorded.ts';

/** An account in which nothing is there yet. */
const reader: ResourceReader = {
  named: async () => undefined,
  organization: async () => undefined,
  organizationPolicy: async () => '',
  tags: async () => ({}),
  association: async () => undefined,
};
const { template } = memberTemplate({
  record: aRecord({ accountId: ACCOUNT }),
  baseline: shippedBaseline(),
  kinds,
  config: aConfig(),
});

async function checks(body: object, more: Partial<cfn.CreateStackCommandInput> = {}) {
  const input = { StackName: 'member', TemplateBody: JSON.stringify(body), ...more };
  return checksOf(await recorded(clients.cloudformation, new cfn.CreateStackCommand(input)), reader);
}
const told = (all: Awaited<ReturnType<typeof checks>>) =>
  all.slice(1).map(({ action, resource }) => `${action} ${resource.replace(`:${ACCOUNT}:`, ':ACCOUNT:')}`);
const ROLE = 'arn:aws:iam::ACCOUNT:role/orgkeeper-execution';
const inEc2 = (rest: string) => `arn:aws:ec2:eu-west-1:ACCOUNT:${rest}`;
const OF_ROLE = [
  `iam:CreateRole ${ROLE}`,
  `iam:TagRole ${ROLE}`,
  `iam:GetRole ${ROLE}`,
  `iam:PutRolePolicy ${ROLE}`,
  `iam:PutRolePolicy ${ROLE}`,
];

describe('What CloudFormation does for whoever creates a stack', () => {
  it('makes the role and its policies', async () => {
    expect(told(await checks(template))).toEqual(OF_ROLE);
  });

  it('makes VPC and subnets where a parameter says so, in the home region only', async () => {
    const Parameters = [{ ParameterKey: 'MakeNetwork', ParameterValue: 'yes' }];
    const made = told(await checks(template, { Parameters }));
    expect(made.slice(OF_ROLE.length)).toEqual([
      `ec2:CreateVpc ${inEc2('vpc/*')}`,
      `ec2:CreateTags ${inEc2('vpc/*')}`,
      'ec2:DescribeVpcs *',
      `ec2:ModifyVpcAttribute ${inEc2('vpc/vpc-0')}`,
      'ec2:DescribeAvailabilityZones *',
      `ec2:CreateSubnet ${inEc2('subnet/*')}`,
      `ec2:CreateSubnet ${inEc2('vpc/vpc-0')}`,
      `ec2:CreateTags ${inEc2('subnet/*')}`,
      'ec2:DescribeSubnets *',
      `ec2:ModifySubnetAttribute ${inEc2('subnet/subnet-0')}`,
    ]);
    const elsewhere = {
      ...template,
      Conditions: { MakeNetwork: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] } },
    };
    expect(told(await checks(elsewhere, { Parameters }))).toEqual(OF_ROLE);
  });

  it('is done in the name of the caller, by way of CloudFormation', async () => {
    const [own, ...made] = await checks(template);
    expect(own).toMatchObject({
      action: 'cloudformation:CreateStack',
      context: { 'aws:ViaAWSService': 'false' },
    });
    for (const check of made) {
      expect(check.context).toMatchObject({
        'aws:ViaAWSService': 'true',
        'aws:CalledVia': ['cloudformation.amazonaws.com'],
      });
      expect(check).not.toHaveProperty('roleArn');
    }
  });

  it('is done by the service role where the stack names one, which the caller must be allowed to pass', async () => {
    const RoleARN = `arn:aws:iam::${ACCOUNT}:role/deploys`;
    const [own, passed, ...made] = await checks(template, { RoleARN });
    expect([own?.action, passed?.action]).toEqual(['cloudformation:CreateStack', 'iam:PassRole']);
    expect([own, passed].map((check) => check?.roleArn)).toEqual([undefined, undefined]);
    expect(new Set(made.map(({ roleArn }) => roleArn))).toEqual(new Set([RoleARN]));
    expect(made[0]?.context).toMatchObject({ 'aws:ViaAWSService': 'false' });
  });

  it('makes a role without a name under the name of the stack, with its policies', async () => {
    const Resources = {
      Role: { Type: 'AWS::IAM::Role', Properties: {} },
      Policy: { Type: 'AWS::IAM::Policy', Properties: { PolicyName: 'own', Roles: [{ Ref: 'Role' }] } },
    };
    const role = 'arn:aws:iam::ACCOUNT:role/member-Role-*';
    expect(told(await checks({ Resources }))).toEqual([
      `iam:CreateRole ${role}`,
      `iam:GetRole ${role}`,
      `iam:PutRolePolicy ${role}`,
    ]);
  });

  it('makes a role at the path of the template, and attaches what it names', async () => {
    const Properties = {
      RoleName: { 'Fn::Sub': '${AWS::StackName}-${Suffix}' },
      Path: '/team/',
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
      Policies: [{ PolicyName: 'own', PolicyDocument: {} }],
    };
    const body = {
      Parameters: { Suffix: { Default: 'app' } },
      Resources: { Role: { Type: 'AWS::IAM::Role', Properties } },
    };
    const role = 'arn:aws:iam::ACCOUNT:role/team/member-app';
    expect(told(await checks(body))).toEqual([
      `iam:CreateRole ${role}`,
      `iam:PutRolePolicy ${role}`,
      `iam:AttachRolePolicy ${role}`,
      `iam:GetRole ${role}`,
    ]);
  });
});
