import * as cfn from '@aws-sdk/client-cloudformation';
import { describe, expect, it } from '@jest/globals';
import { memberTemplate } from '../../../controllers/fleet/member-template.ts';
import { kinds } from '../../../controllers/kinds/index.ts';
import { adaptTemplate } from '../../../local/adapt-template.ts';
import { checksOf } from '../../../local/gateway/authorization/checks.ts';
import type { ResourceReader, StandingStack } from '../../../local/gateway/authorization/reader.ts';
import { UnknownAuthorization } from '../../../local/gateway/authorization/unknown.ts';
import { templates } from '../../infra/support.ts';
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
  stack: async () => undefined,
};
const { template } = memberTemplate({
  record: aRecord({ accountId: ACCOUNT }),
  baseline: shippedBaseline(),
  kinds,
  config: aConfig(),
});

/** What is checked of a change of the stack that has this template now. */
async function changing(
  command: cfn.UpdateStackCommand | cfn.DeleteStackCommand,
  body: object,
  more: Partial<StandingStack> = {},
) {
  const stack = { template: JSON.stringify(body), parameters: [], ...more };
  return checksOf(await recorded(clients.cloudformation, command), { ...reader, stack: async () => stack });
}
const updating = (body: object, before: object, more: Partial<StandingStack> = {}) =>
  changing(
    new cfn.UpdateStackCommand({ StackName: 'member', TemplateBody: JSON.stringify(body) }),
    before,
    more,
  );
const deleting = (before: object, more: Partial<StandingStack> = {}) =>
  changing(new cfn.DeleteStackCommand({ StackName: 'member' }), before, more);

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

describe('A template of a stack', () => {
  it('is followed in YAML, with the short forms of its functions', async () => {
    const TemplateBody = [
      'Parameters: { Suffix: { Type: String, Default: app } }',
      'Conditions: { Makes: !Equals [!Ref Suffix, app] }',
      'Resources:',
      '  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: !Sub "told-${Suffix}" } }',
      '  Queue: { Type: AWS::SQS::Queue, Condition: Makes, Properties: { QueueName: !Join ["-", [to, !Ref Suffix]] } }',
      '  Rule:',
      '    Type: AWS::Events::Rule',
      '    Properties: { Name: hear, Targets: [{ Id: a, Arn: !GetAtt Queue.Arn }, { Id: b, Arn: !Ref Topic }] }',
    ].join('\n');
    const command = new cfn.CreateStackCommand({ StackName: 'member', TemplateBody });
    expect(told(await checksOf(await recorded(clients.cloudformation, command), reader))).toEqual([
      'sns:CreateTopic arn:aws:sns:eu-west-1:ACCOUNT:told-app',
      'sqs:CreateQueue arn:aws:sqs:eu-west-1:ACCOUNT:to-app',
      'events:PutRule arn:aws:events:eu-west-1:ACCOUNT:rule/hear',
      'events:PutTargets arn:aws:events:eu-west-1:ACCOUNT:rule/hear',
    ]);
  });

  it.each(Object.entries(templates()))(
    'is followed for each resource of our stack %s',
    async (_, Resources) => {
      const { Resources: adapted } = adaptTemplate({ Resources: Resources as never });
      const types = new Set(Object.values(adapted).map(({ Type }) => Type));
      expect(types.size).toBeGreaterThan(0);
      const made = await checks({ Resources: adapted });
      expect(made.length).toBeGreaterThan(types.size);
      expect(told(await updating({ Resources: adapted }, { Resources: adapted }))).toEqual([]);
      // The policy of a key decides about it, and no template has its id.
      const { KMS, ...rest } = Object.groupBy(Object.entries(adapted), ([, { Type }]) =>
        Type === 'AWS::KMS::Key' ? 'KMS' : 'rest',
      );
      const deletes = deleting({ Resources: Object.fromEntries(rest.rest ?? []) });
      expect(
        told(await deletes).every((one) => /:(Delete|Remove|Detach|Describe|Set|Unsubscribe)/.test(one)),
      ).toBe(true);
      if (KMS) await expect(deleting({ Resources: adapted })).rejects.toThrow(/its key is not decided/);
    },
  );

  it.each([
    [
      'a type that the gateway does not know',
      { Type: 'AWS::Glue::Job', Properties: {} },
      /AWS::Glue::Job is not decided/,
    ],
    [
      'a policy of a role whose name cannot be known',
      { Type: 'AWS::IAM::Policy', Properties: { PolicyName: 'p', Roles: [{ 'Fn::ImportValue': 'x' }] } },
      /\{"Fn::ImportValue":"x"\} is in a stack is not known before/,
    ],
    [
      'a table that is encrypted with a key',
      {
        Type: 'AWS::DynamoDB::Table',
        Properties: { TableName: 't', SSESpecification: { SSEEnabled: true, KMSMasterKeyId: 'alias/a' } },
      },
      /Who may use the key "alias\/a" of dynamodb is not decided/,
    ],
    [
      'a setting of a bucket that the gateway does not know',
      { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'b', NotificationConfiguration: {} } },
      /given its NotificationConfiguration is not decided/,
    ],
  ])('is refused as undecided if it has %s', async (_, Resource, message) => {
    await expect(checks({ Resources: { Resource } })).rejects.toThrow(message);
    await expect(checks({ Resources: { Resource } })).rejects.toBeInstanceOf(UnknownAuthorization);
  });
});

describe('What CloudFormation does for whoever deletes a stack', () => {
  const parameters = [{ ParameterKey: 'MakeNetwork', ParameterValue: 'yes' }];

  it('removes the role, its policies and the network', async () => {
    expect(told(await deleting(template, { parameters }))).toEqual([
      `iam:DeleteRole ${ROLE}`,
      `iam:DeleteRolePolicy ${ROLE}`,
      `iam:DeleteRolePolicy ${ROLE}`,
      `ec2:DeleteVpc ${inEc2('vpc/vpc-0')}`,
      'ec2:DescribeVpcs *',
      `ec2:DeleteSubnet ${inEc2('subnet/subnet-0')}`,
      'ec2:DescribeSubnets *',
    ]);
  });

  it('leaves what its template retains', async () => {
    const Role = { Type: 'AWS::IAM::Role', DeletionPolicy: 'Retain', Properties: { RoleName: 'kept' } };
    expect(told(await deleting({ Resources: { Role } }))).toEqual([]);
  });

  it('is done by the service role that made the stack, without passing it again', async () => {
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/deploys`;
    const [own, ...removed] = await deleting(template, { roleArn });
    expect(own).toMatchObject({ action: 'cloudformation:DeleteStack' });
    expect(removed.map((check) => check.roleArn)).toEqual(removed.map(() => roleArn));
    expect(removed.map(({ action }) => action)).toContain('iam:DeleteRole');
  });
});

describe('What CloudFormation does for whoever updates a stack', () => {
  const role = (Properties: object) => ({ Resources: { Role: { Type: 'AWS::IAM::Role', Properties } } });
  const one = {
    RoleName: 'one',
    Description: 'one',
    AssumeRolePolicyDocument: {},
    ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    Policies: [{ PolicyName: 'own', PolicyDocument: {} }],
    Tags: [{ Key: 'team', Value: 'genomics' }],
  };
  const ONE = 'arn:aws:iam::ACCOUNT:role/one';

  it('is nothing where the template says the same', async () => {
    expect(told(await updating(role(one), role(one)))).toEqual([]);
  });

  it.each([
    ['a trust', { AssumeRolePolicyDocument: { Version: 'x' } }, [`iam:UpdateAssumeRolePolicy ${ONE}`]],
    ['a description', { Description: 'two' }, [`iam:UpdateRole ${ONE}`]],
    ['a managed policy', { ManagedPolicyArns: [] }, [`iam:DetachRolePolicy ${ONE}`]],
    ['a policy that is dropped', { Policies: [] }, [`iam:DeleteRolePolicy ${ONE}`]],
    [
      'a boundary',
      { PermissionsBoundary: 'arn:aws:iam::aws:policy/X' },
      [`iam:PutRolePermissionsBoundary ${ONE}`],
    ],
    ['tags', { Tags: [{ Key: 'unit', Value: 'x' }] }, [`iam:TagRole ${ONE}`, `iam:UntagRole ${ONE}`]],
  ])('changes of a role only what differs: %s', async (_, change, expected) => {
    expect(told(await updating(role({ ...one, ...change }), role(one)))).toEqual(expected);
  });

  it('makes another role, and removes the former one, where the name differs', async () => {
    const [TWO, bare] = ['arn:aws:iam::ACCOUNT:role/two', { RoleName: 'one' }];
    expect(told(await updating(role({ RoleName: 'two' }), role(bare)))).toEqual([
      `iam:CreateRole ${TWO}`,
      `iam:GetRole ${TWO}`,
      `iam:DeleteRole ${ONE}`,
    ]);
  });

  it('makes what is new, and removes what the template has no more', async () => {
    const Vpc = { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } };
    expect(told(await updating({ Resources: { Vpc } }, role({ RoleName: 'one' })))).toEqual([
      `ec2:CreateVpc ${inEc2('vpc/*')}`,
      'ec2:DescribeVpcs *',
      `ec2:ModifyVpcAttribute ${inEc2('vpc/vpc-0')}`,
      `iam:DeleteRole ${ONE}`,
    ]);
  });

  it('follows the previous template and the previous values of parameters where the call says so', async () => {
    const body = {
      Parameters: { Name: {}, Text: {} },
      ...role({ RoleName: { Ref: 'Name' }, Description: { Ref: 'Text' } }),
    };
    const parameters = [
      { ParameterKey: 'Name', ParameterValue: 'one' },
      { ParameterKey: 'Text', ParameterValue: 'before' },
    ];
    const command = new cfn.UpdateStackCommand({
      StackName: 'member',
      UsePreviousTemplate: true,
      Parameters: [
        { ParameterKey: 'Name', UsePreviousValue: true },
        { ParameterKey: 'Text', ParameterValue: 'after' },
      ],
    });
    expect(told(await changing(command, body, { parameters }))).toEqual([`iam:UpdateRole ${ONE}`]);
  });
});
