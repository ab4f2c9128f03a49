import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Job, type Peer, type PeerFleet, runCommand } from './peer.ts';

const ROLE = 'OrganizationAccountAccessRole';
const ORGANIZATION = 'organization.yml';
const CIDR = '10.1.0.0/16';

/**
 * A stack in each account, with the types of resources of the baseline whose stacks the local runtime decides. As many stacks at once as
 * Orgkeeper works on accounts at the local runtime; by itself, org-formation takes one.
 */
export const orgFormation: Peer = {
  name: 'org-formation',
  commands: ['org-formation'],
  install: 'npm install --global aws-organization-formation',
  version: ['org-formation', '--version'],
  async prepare(fleet) {
    const { folder, region } = fleet;
    const init = ['init', ORGANIZATION, '--region', region, '--cross-account-role-name', ROLE];
    await runCommand(['org-formation', ...init], fleet);
    writeFileSync(join(folder, 'baseline.json'), JSON.stringify(templateOf(fleet)));
    const tasks = (name: string, ForceDeploy: boolean) => {
      const file = `${name}.yml`;
      writeFileSync(join(folder, file), stringify({ Baseline: { ...taskOf(fleet), ForceDeploy } }));
      return () =>
        runCommand(['org-formation', 'perform-tasks', file, '--organization-file', ORGANIZATION], fleet);
    };
    const changed = tasks('changed', false);
    const forced = tasks('forced', true);
    await changed();
    return [
      job('org-formation', 'compares the template with the one that it deployed last', false, changed),
      job('org-formation, ForceDeploy', 'has CloudFormation update each stack, unchanged', true, forced),
    ];
  },
};

function job(name: string, does: string, enters: boolean, run: () => Promise<string>): Job {
  return { name, does, enters, cidr: CIDR, run: async () => void (await run()) };
}

function membersIn(Region: string) {
  return { Account: '*', IncludeMasterAccount: false, Region };
}

function taskOf({ region }: PeerFleet): object {
  return {
    Type: 'update-stacks',
    StackName: 'org-formation-baseline',
    Template: './baseline.json',
    MaxConcurrentStacks: 80,
    DefaultOrganizationBinding: membersIn(region),
  };
}

function templateOf({ main, region }: PeerFleet): object {
  const parameter = (name: string, Value: object) => ({
    Type: 'AWS::SSM::Parameter',
    Properties: { Name: `/org-formation/${name}`, Type: 'String', Value },
  });
  return {
    AWSTemplateFormatVersion: '2010-09-09-OC',
    DefaultOrganizationBinding: membersIn(region),
    Resources: {
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: 'org-formation-execution',
          AssumeRolePolicyDocument: statement({
            Action: 'sts:AssumeRole',
            Principal: { AWS: `arn:aws:iam::${main}:root` },
            Condition: { StringEquals: { 'sts:ExternalId': 'bench' } },
          }),
          Policies: [
            {
              PolicyName: 'analytics',
              PolicyDocument: statement({ Action: ['ec2:*', 's3:*'], Resource: '*' }),
            },
          ],
        },
      },
      Vpc: {
        Type: 'AWS::EC2::VPC',
        Properties: { CidrBlock: CIDR, EnableDnsSupport: true, EnableDnsHostnames: true },
      },
      Subnet: {
        Type: 'AWS::EC2::Subnet',
        Properties: { VpcId: { Ref: 'Vpc' }, CidrBlock: '10.1.0.0/20' },
      },
      VpcId: parameter('vpc-id', { Ref: 'Vpc' }),
      SubnetId: parameter('subnet-id', { Ref: 'Subnet' }),
    },
  };
}

function statement(more: object): object {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...more }] };
}
