// What somebody writes by hand instead of Orgkeeper: enters each account and makes the reads of a healthy run, and nothing else. A
// worker of floor.ts, which has as many of them as the local runtime has environments.
import { parentPort, workerData } from 'node:worker_threads';
import {
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { DescribeParametersCommand, GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** One account as the script knows it. */
export interface ScriptedAccount {
  readonly id: string;
  readonly vpcId: string;
  readonly roleName: string;
  readonly policyName: string;
  readonly parameters: readonly string[];
  /** The session of an earlier sweep; without it, the script assumes the role. */
  readonly session: Session | undefined;
}

/** Where the script works, and as whom: as the administrator of the management account. */
export interface ScriptStart {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Credentials in an account. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

const { endpoint, region, credentials } = workerData as ScriptStart;
const requestHandler = new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 100 } });
const settings = { endpoint, region, requestHandler };
const sts = new STSClient({ ...settings, credentials });

async function enter(accountId: string): Promise<Session> {
  const RoleArn = `arn:aws:iam::${accountId}:role/OrganizationAccountAccessRole`;
  const { Credentials: given } = await sts.send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'bare-script' }),
  );
  return {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  };
}

async function read({ vpcId, roleName: RoleName, policyName, parameters }: ScriptedAccount, as: Session) {
  const own = { ...settings, credentials: as };
  const iam = new IAMClient(own);
  const ec2 = new EC2Client(own);
  const ssm = new SSMClient(own);
  const tagging = new ResourceGroupsTaggingAPIClient(own);
  const Filters = [{ Name: 'vpc-id', Values: [vpcId] }];
  const Names = [...parameters];
  await Promise.all([
    iam.send(new GetRoleCommand({ RoleName })),
    iam.send(new ListRolePoliciesCommand({ RoleName })),
    iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
    iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: policyName })),
    ec2.send(new DescribeVpcsCommand({})),
    ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute: 'enableDnsSupport' })),
    ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute: 'enableDnsHostnames' })),
    ec2.send(new DescribeInternetGatewaysCommand({})),
    ec2.send(new DescribeSubnetsCommand({ Filters })),
    ec2.send(new DescribeRouteTablesCommand({ Filters })),
    ec2.send(new DescribeVpcEndpointsCommand({ Filters })),
    ssm.send(new GetParametersCommand({ Names })),
    ssm.send(
      new DescribeParametersCommand({
        ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: Names }],
        MaxResults: 50,
      }),
    ),
    tagging.send(
      new GetResourcesCommand({
        TagFilters: [{ Key: 'orgkeeper:name' }],
        ResourceTypeFilters: ['ssm:parameter'],
        ResourcesPerPage: 100,
      }),
    ),
  ]);
}

parentPort?.on('message', async (accounts: readonly ScriptedAccount[]) => {
  const sessions = await Promise.all(
    accounts.map(async (account) => {
      const session = account.session ?? (await enter(account.id));
      await read(account, session);
      return session;
    }),
  );
  parentPort?.postMessage(sessions);
});
