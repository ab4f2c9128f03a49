import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as account from '@aws-sdk/client-account';
import * as cfn from '@aws-sdk/client-cloudformation';
import * as trail from '@aws-sdk/client-cloudtrail';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  GetItemCommand,
  GetResourcePolicyCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as ec2 from '@aws-sdk/client-ec2';
import * as emr from '@aws-sdk/client-emr';
import * as events from '@aws-sdk/client-eventbridge';
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import * as lambda from '@aws-sdk/client-lambda';
import * as organizations from '@aws-sdk/client-organizations';
import * as tagging from '@aws-sdk/client-resource-groups-tagging-api';
import * as s3 from '@aws-sdk/client-s3';
import * as s3control from '@aws-sdk/client-s3-control';
import * as scheduler from '@aws-sdk/client-scheduler';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import * as ssm from '@aws-sdk/client-ssm';
import * as sts from '@aws-sdk/client-sts';
import * as dynamodb from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { checksOf, withResourceTags } from '../../../local/gateway/authorization/checks.ts';
import type { ResourceReader } from '../../../local/gateway/authorization/reader.ts';
import { UnknownAuthorization } from '../../../local/gateway/authorization/unknown.ts';
import { ACCOUNT, clients, recorded } from './recorded.ts';

const NOW = new Date('2026-11-20T10:00:00Z');
const MANAGEMENT = '999999999999';
const BOUNDARY = `arn:aws:iam::${ACCOUNT}:policy/limit`;
const reader: ResourceReader = {
  named: async (kind, owner, name) =>
    name === 'absent'
      ? undefined
      : { arn: `arn:aws:iam::${owner}:${kind}/deep/${name}`, boundaryArn: BOUNDARY },
  organization: async () => ({ id: 'o-abc', managementAccountId: MANAGEMENT }),
  organizationPolicy: async (_, id) =>
    `arn:aws:organizations::${MANAGEMENT}:policy/o-abc/service_control_policy/${id}`,
  tags: async (resource) => (resource.includes('vpc-1') || resource === ROLE ? { team: 'data' } : {}),
  association: async () => ({ routeTableId: 'rtb-1', subnetId: 'subnet-1' }),
  stack: async () => undefined,
};

const arn = (service: string, rest: string) => `arn:aws:${service}:eu-west-1:${ACCOUNT}:${rest}`;
const EC2 = (rest: string) => arn('ec2', rest);
const ROLE = `arn:aws:iam::${ACCOUNT}:role/deep/app`;
const ORG = `arn:aws:organizations::${MANAGEMENT}`;
const MEMBER = '444455556666';
const QUEUE = arn('sqs', 'work.fifo');
const QueueUrl = `http://127.0.0.1:9/${ACCOUNT}/work.fifo`;
const Tags = [{ Key: 'team', Value: 'data' }];
const TagSpecifications = (ResourceType: ec2.ResourceType) => [{ ResourceType, Tags }];
const table = (name = 'accounts') => arn('dynamodb', `table/${name}`);
const TableName = 'accounts';
const Key = { PK: 'a' };
const policy = { PolicyDocument: '{}' };
const batch = (entries: object[]) => ({ QueueUrl, Entries: entries as never });

type Row = readonly [command: object, ...checks: string[]];
type Client = keyof typeof clients;

/** Calls, and what AWS checks: `action resource`; a permission besides the call's own begins with a plus. */
const CALLS: Readonly<Partial<Record<Client, readonly Row[]>>> = {
  account: [
    [
      new account.EnableRegionCommand({ RegionName: 'ap-east-1' }),
      `account:EnableRegion arn:aws:account::${ACCOUNT}:account`,
    ],
    [
      new account.GetRegionOptStatusCommand({ RegionName: 'ap-east-1' }),
      `account:GetRegionOptStatus arn:aws:account::${ACCOUNT}:account`,
    ],
    [
      new account.GetRegionOptStatusCommand({ RegionName: 'ap-east-1', AccountId: MEMBER }),
      `account:GetRegionOptStatus arn:aws:account::${MANAGEMENT}:account/o-abc/${MEMBER}`,
    ],
  ],
  cloudformation: [
    [
      new cfn.CreateStackCommand({ StackName: 'net' }),
      `cloudformation:CreateStack ${arn('cloudformation', 'stack/net/*')}`,
    ],
    [
      new cfn.CreateStackCommand({ StackName: 'net', RoleARN: ROLE, Tags }),
      `cloudformation:CreateStack ${arn('cloudformation', 'stack/net/*')}`,
      `+iam:PassRole ${ROLE}`,
      `+cloudformation:TagResource ${arn('cloudformation', 'stack/net/*')}`,
    ],
    [
      new cfn.DeleteStackCommand({ StackName: 'net', RoleARN: ROLE }),
      `cloudformation:DeleteStack ${arn('cloudformation', 'stack/net/*')}`,
      `+iam:PassRole ${ROLE}`,
    ],
    [
      new cfn.UpdateStackCommand({ StackName: 'net', RoleARN: ROLE }),
      `cloudformation:UpdateStack ${arn('cloudformation', 'stack/net/*')}`,
      `+iam:PassRole ${ROLE}`,
    ],
    [new cfn.DescribeStacksCommand({}), 'cloudformation:DescribeStacks *'],
    [
      new cfn.DescribeStacksCommand({ StackName: arn('cloudformation', 'stack/net/1-2') }),
      `cloudformation:DescribeStacks ${arn('cloudformation', 'stack/net/1-2')}`,
    ],
    [
      new cfn.GetTemplateCommand({ StackName: 'net' }),
      `cloudformation:GetTemplate ${arn('cloudformation', 'stack/net/*')}`,
    ],
    [
      new cfn.ListStackResourcesCommand({ StackName: 'net' }),
      `cloudformation:ListStackResources ${arn('cloudformation', 'stack/net/*')}`,
    ],
  ],
  cloudtrail: [
    [
      new trail.PutEventSelectorsCommand({ TrailName: 'all' }),
      `cloudtrail:PutEventSelectors ${arn('cloudtrail', 'trail/all')}`,
    ],
    [
      new trail.StopLoggingCommand({ Name: 'all' }),
      `cloudtrail:StopLogging ${arn('cloudtrail', 'trail/all')}`,
    ],
    [
      new trail.CreateTrailCommand({ Name: 'all', S3BucketName: 'b', TagsList: Tags }),
      `cloudtrail:CreateTrail ${arn('cloudtrail', 'trail/all')}`,
      `+cloudtrail:AddTags ${arn('cloudtrail', 'trail/all')}`,
    ],
    [new trail.DescribeTrailsCommand({}), 'cloudtrail:DescribeTrails *'],
    [
      new trail.GetEventSelectorsCommand({ TrailName: 'all' }),
      `cloudtrail:GetEventSelectors ${arn('cloudtrail', 'trail/all')}`,
    ],
    [
      new trail.GetTrailStatusCommand({ Name: arn('cloudtrail', 'trail/all') }),
      `cloudtrail:GetTrailStatus ${arn('cloudtrail', 'trail/all')}`,
    ],
    [
      new trail.StartLoggingCommand({ Name: 'all' }),
      `cloudtrail:StartLogging ${arn('cloudtrail', 'trail/all')}`,
    ],
  ],
  dynamodb: [
    [new ListTablesCommand({}), 'dynamodb:ListTables *'],
    [new ListTagsOfResourceCommand({ ResourceArn: table() }), `dynamodb:ListTagsOfResource ${table()}`],
    [new dynamodb.ScanCommand({ TableName }), `dynamodb:Scan ${table()}`],
    [
      new CreateTableCommand({ TableName, KeySchema: [], AttributeDefinitions: [], Tags }),
      `dynamodb:CreateTable ${table()}`,
      `+dynamodb:TagResource ${table()}`,
    ],
    [new DeleteTableCommand({ TableName }), `dynamodb:DeleteTable ${table()}`],
    [new GetResourcePolicyCommand({ ResourceArn: table() }), `dynamodb:GetResourcePolicy ${table()}`],
    [new GetItemCommand({ TableName: table(), Key: { PK: { S: 'a' } } }), `dynamodb:GetItem ${table()}`],
    [new PutItemCommand({ TableName, Item: { PK: { S: 'a' } } }), `dynamodb:PutItem ${table()}`],
    [new UpdateItemCommand({ TableName, Key: { PK: { S: 'a' } } }), `dynamodb:UpdateItem ${table()}`],
    [
      new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: { PK: { S: 'a' } } } }] }),
      `dynamodb:PutItem ${table()}`,
    ],
    [new DeleteItemCommand({ TableName, Key: { PK: { S: 'a' } } }), `dynamodb:DeleteItem ${table()}`],
    [new dynamodb.GetCommand({ TableName, Key }), `dynamodb:GetItem ${table()}`],
    [new dynamodb.PutCommand({ TableName, Item: Key }), `dynamodb:PutItem ${table()}`],
    [new dynamodb.UpdateCommand({ TableName, Key }), `dynamodb:UpdateItem ${table()}`],
    [new dynamodb.DeleteCommand({ TableName, Key }), `dynamodb:DeleteItem ${table()}`],
    [new dynamodb.QueryCommand({ TableName }), `dynamodb:Query ${table()}`],
    [
      new dynamodb.QueryCommand({ TableName, IndexName: 'byUnit' }),
      `dynamodb:Query ${table('accounts/index/byUnit')}`,
    ],
    [
      new dynamodb.BatchGetCommand({ RequestItems: { accounts: { Keys: [Key] }, others: { Keys: [Key] } } }),
      `dynamodb:BatchGetItem ${table()}`,
      `dynamodb:BatchGetItem ${table('others')}`,
    ],
    [
      new dynamodb.BatchWriteCommand({ RequestItems: { accounts: [{ PutRequest: { Item: Key } }] } }),
      `dynamodb:BatchWriteItem ${table()}`,
    ],
    [
      new dynamodb.TransactGetCommand({ TransactItems: [{ Get: { TableName, Key } }] }),
      `dynamodb:GetItem ${table()}`,
    ],
    [
      new dynamodb.TransactWriteCommand({
        TransactItems: [
          { Put: { TableName, Item: Key } },
          { Put: { TableName, Item: { PK: 'b' } } },
          { Delete: { TableName, Key } },
          { Update: { TableName, Key, UpdateExpression: 'SET a = b' } },
          { ConditionCheck: { TableName: 'others', Key, ConditionExpression: 'a = b' } },
        ],
      }),
      `dynamodb:PutItem ${table()}`,
      `dynamodb:DeleteItem ${table()}`,
      `dynamodb:UpdateItem ${table()}`,
      `dynamodb:ConditionCheckItem ${table('others')}`,
    ],
  ],
  ec2: [
    [
      new ec2.CreateTagsCommand({ Resources: ['acl-1', 'eigw-1', 'pcx-1', 'pl-1', 'sg-1'], Tags }),
      `ec2:CreateTags ${EC2('egress-only-internet-gateway/eigw-1')}`,
      `ec2:CreateTags ${EC2('network-acl/acl-1')}`,
      `ec2:CreateTags ${EC2('prefix-list/pl-1')}`,
      `ec2:CreateTags ${EC2('security-group/sg-1')}`,
      `ec2:CreateTags ${EC2('vpc-peering-connection/pcx-1')}`,
    ],
    [new ec2.DescribeTagsCommand({}), 'ec2:DescribeTags *'],
    [
      new ec2.AssociateVpcCidrBlockCommand({ VpcId: 'vpc-1', CidrBlock: '10.1.0.0/16' }),
      `ec2:AssociateVpcCidrBlock ${EC2('vpc/vpc-1')}`,
    ],
    [new ec2.CreateVpnGatewayCommand({ Type: 'ipsec.1' }), `ec2:CreateVpnGateway ${EC2('vpn-gateway/*')}`],
    [
      new ec2.AttachVpnGatewayCommand({ VpcId: 'vpc-1', VpnGatewayId: 'vgw-1' }),
      `ec2:AttachVpnGateway ${EC2('vpc/vpc-1')}`,
      `ec2:AttachVpnGateway ${EC2('vpn-gateway/vgw-1')}`,
    ],
    [
      new ec2.CreateSecurityGroupCommand({ VpcId: 'vpc-1', GroupName: 'g', Description: 'd' }),
      `ec2:CreateSecurityGroup ${EC2('security-group/*')}`,
      `ec2:CreateSecurityGroup ${EC2('vpc/vpc-1')}`,
    ],
    [
      new ec2.CreateNetworkInterfaceCommand({ SubnetId: 'subnet-1', Groups: ['sg-1'] }),
      `ec2:CreateNetworkInterface ${EC2('network-interface/*')}`,
      `ec2:CreateNetworkInterface ${EC2('security-group/sg-1')}`,
      `ec2:CreateNetworkInterface ${EC2('subnet/subnet-1')}`,
    ],
    [
      new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: 'eni-1' }),
      `ec2:DeleteNetworkInterface ${EC2('network-interface/eni-1')}`,
    ],
    [
      new ec2.CreateVpcPeeringConnectionCommand({ VpcId: 'vpc-1', PeerVpcId: 'vpc-2' }),
      `ec2:CreateVpcPeeringConnection ${EC2('vpc/vpc-1')}`,
      `ec2:CreateVpcPeeringConnection ${EC2('vpc-peering-connection/*')}`,
    ],
    [new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }), `ec2:CreateVpc ${EC2('vpc/*')}`],
    [
      new ec2.CreateVpcCommand({ TagSpecifications: TagSpecifications('vpc') }),
      `ec2:CreateVpc ${EC2('vpc/*')}`,
      `+ec2:CreateTags ${EC2('vpc/*')}`,
    ],
    [
      new ec2.CreateSubnetCommand({ VpcId: 'vpc-1', TagSpecifications: TagSpecifications('subnet') }),
      `ec2:CreateSubnet ${EC2('subnet/*')}`,
      `ec2:CreateSubnet ${EC2('vpc/vpc-1')}`,
      `+ec2:CreateTags ${EC2('subnet/*')}`,
    ],
    [
      new ec2.CreateRouteTableCommand({ VpcId: 'vpc-1' }),
      `ec2:CreateRouteTable ${EC2('route-table/*')}`,
      `ec2:CreateRouteTable ${EC2('vpc/vpc-1')}`,
    ],
    [new ec2.CreateInternetGatewayCommand({}), `ec2:CreateInternetGateway ${EC2('internet-gateway/*')}`],
    [
      new ec2.CreateVpcEndpointCommand({
        VpcId: 'vpc-1',
        ServiceName: 's3',
        RouteTableIds: ['rtb-1', 'rtb-2'],
        TagSpecifications: TagSpecifications('vpc-endpoint'),
      }),
      `ec2:CreateVpcEndpoint ${EC2('route-table/rtb-1')}`,
      `ec2:CreateVpcEndpoint ${EC2('route-table/rtb-2')}`,
      `ec2:CreateVpcEndpoint ${EC2('vpc/vpc-1')}`,
      `ec2:CreateVpcEndpoint ${EC2('vpc-endpoint/*')}`,
      `+ec2:CreateTags ${EC2('vpc-endpoint/*')}`,
    ],
    [
      new ec2.ModifyVpcEndpointCommand({ VpcEndpointId: 'vpce-1', AddRouteTableIds: ['rtb-1'] }),
      `ec2:ModifyVpcEndpoint ${EC2('route-table/rtb-1')}`,
      `ec2:ModifyVpcEndpoint ${EC2('vpc-endpoint/vpce-1')}`,
    ],
    [
      new ec2.CreateRouteCommand({ RouteTableId: 'rtb-1', GatewayId: 'igw-1' }),
      `ec2:CreateRoute ${EC2('route-table/rtb-1')}`,
    ],
    [
      new ec2.ReplaceRouteCommand({ RouteTableId: 'rtb-1', GatewayId: 'igw-1' }),
      `ec2:ReplaceRoute ${EC2('route-table/rtb-1')}`,
    ],
    [new ec2.DeleteRouteCommand({ RouteTableId: 'rtb-1' }), `ec2:DeleteRoute ${EC2('route-table/rtb-1')}`],
    [
      new ec2.AssociateRouteTableCommand({ RouteTableId: 'rtb-1', SubnetId: 'subnet-1' }),
      `ec2:AssociateRouteTable ${EC2('route-table/rtb-1')}`,
      `ec2:AssociateRouteTable ${EC2('subnet/subnet-1')}`,
    ],
    [
      new ec2.DisassociateRouteTableCommand({ AssociationId: 'rtbassoc-1' }),
      `ec2:DisassociateRouteTable ${EC2('route-table/rtb-1')}`,
      `ec2:DisassociateRouteTable ${EC2('subnet/subnet-1')}`,
    ],
    [
      new ec2.ReplaceRouteTableAssociationCommand({ AssociationId: 'rtbassoc-1', RouteTableId: 'rtb-2' }),
      `ec2:ReplaceRouteTableAssociation ${EC2('route-table/rtb-2')}`,
      `ec2:ReplaceRouteTableAssociation ${EC2('route-table/rtb-1')}`,
      `ec2:ReplaceRouteTableAssociation ${EC2('subnet/subnet-1')}`,
    ],
    [
      new ec2.AttachInternetGatewayCommand({ InternetGatewayId: 'igw-1', VpcId: 'vpc-1' }),
      `ec2:AttachInternetGateway ${EC2('internet-gateway/igw-1')}`,
      `ec2:AttachInternetGateway ${EC2('vpc/vpc-1')}`,
    ],
    [
      new ec2.DetachInternetGatewayCommand({ InternetGatewayId: 'igw-1', VpcId: 'vpc-1' }),
      `ec2:DetachInternetGateway ${EC2('internet-gateway/igw-1')}`,
      `ec2:DetachInternetGateway ${EC2('vpc/vpc-1')}`,
    ],
    [
      new ec2.DeleteInternetGatewayCommand({ InternetGatewayId: 'igw-1' }),
      `ec2:DeleteInternetGateway ${EC2('internet-gateway/igw-1')}`,
    ],
    [
      new ec2.DeleteRouteTableCommand({ RouteTableId: 'rtb-1' }),
      `ec2:DeleteRouteTable ${EC2('route-table/rtb-1')}`,
    ],
    [new ec2.DeleteSubnetCommand({ SubnetId: 'subnet-1' }), `ec2:DeleteSubnet ${EC2('subnet/subnet-1')}`],
    [new ec2.DeleteVpcCommand({ VpcId: 'vpc-1' }), `ec2:DeleteVpc ${EC2('vpc/vpc-1')}`],
    [
      new ec2.DeleteVpcEndpointsCommand({ VpcEndpointIds: ['vpce-1', 'vpce-2'] }),
      `ec2:DeleteVpcEndpoints ${EC2('vpc-endpoint/vpce-1')}`,
      `ec2:DeleteVpcEndpoints ${EC2('vpc-endpoint/vpce-2')}`,
    ],
    [
      new ec2.CreateTagsCommand({ Resources: ['vpc-1', 'igw-1'], Tags }),
      `ec2:CreateTags ${EC2('internet-gateway/igw-1')}`,
      `ec2:CreateTags ${EC2('vpc/vpc-1')}`,
    ],
    [new ec2.DeleteTagsCommand({ Resources: ['rtb-1'], Tags }), `ec2:DeleteTags ${EC2('route-table/rtb-1')}`],
    [
      new ec2.ModifySubnetAttributeCommand({ SubnetId: 'subnet-1', MapPublicIpOnLaunch: { Value: false } }),
      `ec2:ModifySubnetAttribute ${EC2('subnet/subnet-1')}`,
    ],
    [
      new ec2.ModifyVpcAttributeCommand({ VpcId: 'vpc-1', EnableDnsSupport: { Value: true } }),
      `ec2:ModifyVpcAttribute ${EC2('vpc/vpc-1')}`,
    ],
    [
      new ec2.DescribeVpcAttributeCommand({ VpcId: 'vpc-1', Attribute: 'enableDnsSupport' }),
      `ec2:DescribeVpcAttribute ${EC2('vpc/vpc-1')}`,
    ],
    [new ec2.DescribeAvailabilityZonesCommand({}), 'ec2:DescribeAvailabilityZones *'],
    [new ec2.DescribeEgressOnlyInternetGatewaysCommand({}), 'ec2:DescribeEgressOnlyInternetGateways *'],
    [new ec2.DescribeInternetGatewaysCommand({}), 'ec2:DescribeInternetGateways *'],
    [new ec2.DescribeNetworkAclsCommand({}), 'ec2:DescribeNetworkAcls *'],
    [new ec2.DescribeNetworkInterfacesCommand({}), 'ec2:DescribeNetworkInterfaces *'],
    [new ec2.DescribePrefixListsCommand({}), 'ec2:DescribePrefixLists *'],
    [new ec2.DescribeRegionsCommand({}), 'ec2:DescribeRegions *'],
    [new ec2.DescribeRouteTablesCommand({}), 'ec2:DescribeRouteTables *'],
    [new ec2.DescribeSecurityGroupsCommand({}), 'ec2:DescribeSecurityGroups *'],
    [new ec2.DescribeSubnetsCommand({}), 'ec2:DescribeSubnets *'],
    [new ec2.DescribeVpcEndpointsCommand({}), 'ec2:DescribeVpcEndpoints *'],
    [new ec2.DescribeVpcPeeringConnectionsCommand({}), 'ec2:DescribeVpcPeeringConnections *'],
    [new ec2.DescribeVpcsCommand({ VpcIds: ['vpc-1'] }), 'ec2:DescribeVpcs *'],
    [
      new ec2.DescribeIamInstanceProfileAssociationsCommand({}),
      'ec2:DescribeIamInstanceProfileAssociations *',
    ],
    [new ec2.DescribeVpnGatewaysCommand({}), 'ec2:DescribeVpnGateways *'],
    [
      new ec2.RevokeSecurityGroupIngressCommand({ GroupId: 'sg-1' }),
      `ec2:RevokeSecurityGroupIngress ${EC2('security-group/sg-1')}`,
    ],
    [
      new ec2.RevokeSecurityGroupEgressCommand({ GroupId: 'sg-1' }),
      `ec2:RevokeSecurityGroupEgress ${EC2('security-group/sg-1')}`,
    ],
    [
      new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId: 'sg-1' }),
      `ec2:AuthorizeSecurityGroupIngress ${EC2('security-group/sg-1')}`,
    ],
    [
      new ec2.AuthorizeSecurityGroupEgressCommand({ GroupId: 'sg-1' }),
      `ec2:AuthorizeSecurityGroupEgress ${EC2('security-group/sg-1')}`,
    ],
    [
      new ec2.DeleteSecurityGroupCommand({ GroupId: 'sg-1' }),
      `ec2:DeleteSecurityGroup ${EC2('security-group/sg-1')}`,
    ],
  ],
  elasticmapreduce: [
    [
      new emr.RunJobFlowCommand({
        Name: 'c',
        Instances: {},
        ServiceRole: 'app',
        JobFlowRole: 'app',
        Tags,
      }),
      'elasticmapreduce:RunJobFlow *',
      `+iam:PassRole ${ROLE}`,
      `+iam:PassRole ${ROLE}`,
      `+elasticmapreduce:AddTags ${arn('elasticmapreduce', 'cluster/*')}`,
    ],
    [new emr.ListClustersCommand({}), 'elasticmapreduce:ListClusters *'],
    [
      new emr.DescribeClusterCommand({ ClusterId: 'j-1' }),
      `elasticmapreduce:DescribeCluster ${arn('elasticmapreduce', 'cluster/j-1')}`,
    ],
    [
      new emr.TerminateJobFlowsCommand({ JobFlowIds: ['j-1', 'j-2'] }),
      `elasticmapreduce:TerminateJobFlows ${arn('elasticmapreduce', 'cluster/j-1')}`,
      `elasticmapreduce:TerminateJobFlows ${arn('elasticmapreduce', 'cluster/j-2')}`,
    ],
    [
      new emr.AddTagsCommand({ ResourceId: 'j-1', Tags }),
      `elasticmapreduce:AddTags ${arn('elasticmapreduce', 'cluster/j-1')}`,
    ],
    [
      new emr.RemoveTagsCommand({ ResourceId: 'j-1', TagKeys: ['team'] }),
      `elasticmapreduce:RemoveTags ${arn('elasticmapreduce', 'cluster/j-1')}`,
    ],
  ],
  events: [
    [
      new events.ListTagsForResourceCommand({ ResourceARN: arn('events', 'rule/orgkeeper/r') }),
      `events:ListTagsForResource ${arn('events', 'rule/orgkeeper/r')}`,
    ],
    [new events.EnableRuleCommand({ Name: 'r' }), `events:EnableRule ${arn('events', 'rule/r')}`],
    [new events.DisableRuleCommand({ Name: 'r' }), `events:DisableRule ${arn('events', 'rule/r')}`],
    [
      new events.RemoveTargetsCommand({ Rule: 'r', Ids: ['1'] }),
      `events:RemoveTargets ${arn('events', 'rule/r')}`,
    ],
    [new events.RemovePermissionCommand({ StatementId: 's' }), 'events:RemovePermission *'],
    [
      new events.PutEventsCommand({
        Entries: [
          { Source: 'a', DetailType: 'B', Detail: '{"n":1}' },
          { Source: 'a', DetailType: 'B', Detail: '{"n":2}' },
          {
            Source: 'a',
            DetailType: 'B',
            Detail: '{}',
            EventBusName: `arn:aws:events:eu-west-1:${MEMBER}:event-bus/orgkeeper`,
          },
        ],
      }),
      `events:PutEvents ${arn('events', 'event-bus/default')}`,
      `events:PutEvents arn:aws:events:eu-west-1:${MEMBER}:event-bus/orgkeeper`,
    ],
    [
      new events.PutRuleCommand({ Name: 'r', Tags }),
      `events:PutRule ${arn('events', 'rule/r')}`,
      `+events:TagResource ${arn('events', 'rule/r')}`,
    ],
    [
      new events.PutRuleCommand({ Name: 'r', EventBusName: 'orgkeeper' }),
      `events:PutRule ${arn('events', 'rule/orgkeeper/r')}`,
    ],
    [
      new events.CreateEventBusCommand({ Name: 'orgkeeper', Tags }),
      `events:CreateEventBus ${arn('events', 'event-bus/orgkeeper')}`,
      `+events:TagResource ${arn('events', 'event-bus/orgkeeper')}`,
    ],
    [
      new events.PutTargetsCommand({ Rule: 'r', Targets: [{ Id: '1', Arn: QUEUE, RoleArn: ROLE }] }),
      `events:PutTargets ${arn('events', 'rule/r')}`,
      `+iam:PassRole ${ROLE}`,
    ],
    [new events.DescribeRuleCommand({ Name: 'r' }), `events:DescribeRule ${arn('events', 'rule/r')}`],
    [
      new events.ListTargetsByRuleCommand({ Rule: 'r', EventBusName: arn('events', 'event-bus/orgkeeper') }),
      `events:ListTargetsByRule ${arn('events', 'rule/orgkeeper/r')}`,
    ],
    [new events.ListRulesCommand({}), 'events:ListRules *'],
    [new events.DescribeEventBusCommand({}), `events:DescribeEventBus ${arn('events', 'event-bus/default')}`],
    [
      new events.DescribeEventBusCommand({ Name: 'orgkeeper' }),
      `events:DescribeEventBus ${arn('events', 'event-bus/orgkeeper')}`,
    ],
    [new events.PutPermissionCommand({ StatementId: 's' }), 'events:PutPermission *'],
  ],
  iam: [
    [
      new iam.CreateAccessKeyCommand({ UserName: 'ann' }),
      `iam:CreateAccessKey arn:aws:iam::${ACCOUNT}:user/deep/ann`,
    ],
    [new iam.ListRoleTagsCommand({ RoleName: 'app' }), `iam:ListRoleTags ${ROLE}`],
    [new iam.ListPolicyTagsCommand({ PolicyArn: BOUNDARY }), `iam:ListPolicyTags ${BOUNDARY}`],
    [new iam.ListRolesCommand({}), 'iam:ListRoles *'],
    [new iam.GetAccountAuthorizationDetailsCommand({}), 'iam:GetAccountAuthorizationDetails *'],
    [
      new iam.CreateRoleCommand({ RoleName: 'app', Path: '/team/', AssumeRolePolicyDocument: '{}', Tags }),
      `iam:CreateRole arn:aws:iam::${ACCOUNT}:role/team/app`,
      `+iam:TagRole arn:aws:iam::${ACCOUNT}:role/team/app`,
    ],
    [
      new iam.CreateRoleCommand({ RoleName: 'app', AssumeRolePolicyDocument: '{}', Tags }),
      `iam:CreateRole arn:aws:iam::${ACCOUNT}:role/app`,
      `+iam:TagRole arn:aws:iam::${ACCOUNT}:role/app`,
    ],
    [new iam.GetRoleCommand({ RoleName: 'absent' }), `iam:GetRole arn:aws:iam::${ACCOUNT}:role/absent`],
    [new iam.GetRoleCommand({ RoleName: 'app' }), `iam:GetRole ${ROLE}`],
    [new iam.GetRolePolicyCommand({ RoleName: 'app', PolicyName: 'p' }), `iam:GetRolePolicy ${ROLE}`],
    [new iam.ListRolePoliciesCommand({ RoleName: 'app' }), `iam:ListRolePolicies ${ROLE}`],
    [new iam.ListAttachedRolePoliciesCommand({ RoleName: 'app' }), `iam:ListAttachedRolePolicies ${ROLE}`],
    [
      new iam.ListInstanceProfilesForRoleCommand({ RoleName: 'app' }),
      `iam:ListInstanceProfilesForRole ${ROLE}`,
    ],
    [
      new iam.PutRolePolicyCommand({ RoleName: 'app', PolicyName: 'p', ...policy }),
      `iam:PutRolePolicy ${ROLE}`,
    ],
    [new iam.DeleteRolePolicyCommand({ RoleName: 'app', PolicyName: 'p' }), `iam:DeleteRolePolicy ${ROLE}`],
    [
      new iam.AttachRolePolicyCommand({ RoleName: 'app', PolicyArn: BOUNDARY }),
      `iam:AttachRolePolicy ${ROLE}`,
    ],
    [
      new iam.DetachRolePolicyCommand({ RoleName: 'app', PolicyArn: BOUNDARY }),
      `iam:DetachRolePolicy ${ROLE}`,
    ],
    [new iam.UpdateRoleCommand({ RoleName: 'app' }), `iam:UpdateRole ${ROLE}`],
    [
      new iam.UpdateAssumeRolePolicyCommand({ RoleName: 'app', ...policy }),
      `iam:UpdateAssumeRolePolicy ${ROLE}`,
    ],
    [
      new iam.PutRolePermissionsBoundaryCommand({ RoleName: 'app', PermissionsBoundary: BOUNDARY }),
      `iam:PutRolePermissionsBoundary ${ROLE}`,
    ],
    [
      new iam.DeleteRolePermissionsBoundaryCommand({ RoleName: 'app' }),
      `iam:DeleteRolePermissionsBoundary ${ROLE}`,
    ],
    [new iam.TagRoleCommand({ RoleName: 'app', Tags }), `iam:TagRole ${ROLE}`],
    [new iam.UntagRoleCommand({ RoleName: 'app', TagKeys: ['team'] }), `iam:UntagRole ${ROLE}`],
    [new iam.DeleteRoleCommand({ RoleName: 'app' }), `iam:DeleteRole ${ROLE}`],
    [
      new iam.CreatePolicyCommand({ PolicyName: 'p', ...policy, Tags }),
      `iam:CreatePolicy arn:aws:iam::${ACCOUNT}:policy/p`,
      `+iam:TagPolicy arn:aws:iam::${ACCOUNT}:policy/p`,
    ],
    [new iam.GetPolicyCommand({ PolicyArn: BOUNDARY }), `iam:GetPolicy ${BOUNDARY}`],
    [
      new iam.GetPolicyVersionCommand({
        PolicyArn: 'arn:aws:iam::aws:policy/job-function/Billing',
        VersionId: 'v1',
      }),
      'iam:GetPolicyVersion arn:aws:iam::aws:policy/job-function/Billing',
    ],
    [new iam.GetUserCommand({ UserName: 'ann' }), `iam:GetUser arn:aws:iam::${ACCOUNT}:user/deep/ann`],
    [new iam.DeleteUserCommand({ UserName: 'ann' }), `iam:DeleteUser arn:aws:iam::${ACCOUNT}:user/deep/ann`],
    [
      new iam.DeleteUserPolicyCommand({ UserName: 'ann', PolicyName: 'p' }),
      `iam:DeleteUserPolicy arn:aws:iam::${ACCOUNT}:user/deep/ann`,
    ],
    [new iam.GetGroupCommand({ GroupName: 'team' }), `iam:GetGroup arn:aws:iam::${ACCOUNT}:group/team`],
    [
      new iam.DeleteGroupPolicyCommand({ GroupName: 'team', PolicyName: 'p' }),
      `iam:DeleteGroupPolicy arn:aws:iam::${ACCOUNT}:group/team`,
    ],
    [
      new iam.ListUserPoliciesCommand({ UserName: 'ann' }),
      `iam:ListUserPolicies arn:aws:iam::${ACCOUNT}:user/deep/ann`,
    ],
    [
      new iam.ListAttachedUserPoliciesCommand({ UserName: 'ann' }),
      `iam:ListAttachedUserPolicies arn:aws:iam::${ACCOUNT}:user/deep/ann`,
    ],
    [
      new iam.ListGroupsForUserCommand({ UserName: 'ann' }),
      `iam:ListGroupsForUser arn:aws:iam::${ACCOUNT}:user/deep/ann`,
    ],
    [
      new iam.GetUserPolicyCommand({ UserName: 'ann', PolicyName: 'p' }),
      `iam:GetUserPolicy arn:aws:iam::${ACCOUNT}:user/deep/ann`,
    ],
    [
      new iam.PutUserPolicyCommand({ UserName: 'ann', PolicyName: 'p', ...policy }),
      `iam:PutUserPolicy arn:aws:iam::${ACCOUNT}:user/deep/ann`,
    ],
    [new iam.CreateGroupCommand({ GroupName: 'team' }), `iam:CreateGroup arn:aws:iam::${ACCOUNT}:group/team`],
    [
      new iam.PutGroupPolicyCommand({ GroupName: 'team', PolicyName: 'p', ...policy }),
      `iam:PutGroupPolicy arn:aws:iam::${ACCOUNT}:group/team`,
    ],
    [
      new iam.AddUserToGroupCommand({ GroupName: 'team', UserName: 'ann' }),
      `iam:AddUserToGroup arn:aws:iam::${ACCOUNT}:group/team`,
    ],
    [
      new iam.ListGroupPoliciesCommand({ GroupName: 'team' }),
      `iam:ListGroupPolicies arn:aws:iam::${ACCOUNT}:group/team`,
    ],
    [
      new iam.ListAttachedGroupPoliciesCommand({ GroupName: 'team' }),
      `iam:ListAttachedGroupPolicies arn:aws:iam::${ACCOUNT}:group/team`,
    ],
    [
      new iam.GetGroupPolicyCommand({ GroupName: 'team', PolicyName: 'p' }),
      `iam:GetGroupPolicy arn:aws:iam::${ACCOUNT}:group/team`,
    ],
    [
      new iam.CreateUserCommand({ UserName: 'ann', Tags }),
      `iam:CreateUser arn:aws:iam::${ACCOUNT}:user/ann`,
      `+iam:TagUser arn:aws:iam::${ACCOUNT}:user/ann`,
    ],
    [
      new iam.GetInstanceProfileCommand({ InstanceProfileName: 'i' }),
      `iam:GetInstanceProfile arn:aws:iam::${ACCOUNT}:instance-profile/deep/i`,
    ],
    [
      new iam.CreateInstanceProfileCommand({ InstanceProfileName: 'i', Tags }),
      `iam:CreateInstanceProfile arn:aws:iam::${ACCOUNT}:instance-profile/i`,
      `+iam:TagInstanceProfile arn:aws:iam::${ACCOUNT}:instance-profile/i`,
    ],
    [
      new iam.AddRoleToInstanceProfileCommand({ InstanceProfileName: 'i', RoleName: 'app' }),
      `iam:AddRoleToInstanceProfile arn:aws:iam::${ACCOUNT}:instance-profile/deep/i`,
      `+iam:PassRole ${ROLE}`,
    ],
    [
      new iam.RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: 'i', RoleName: 'app' }),
      `iam:RemoveRoleFromInstanceProfile arn:aws:iam::${ACCOUNT}:instance-profile/deep/i`,
    ],
    [
      new iam.DeleteInstanceProfileCommand({ InstanceProfileName: 'i' }),
      `iam:DeleteInstanceProfile arn:aws:iam::${ACCOUNT}:instance-profile/deep/i`,
    ],
    [new iam.ListInstanceProfilesCommand({}), 'iam:ListInstanceProfiles *'],
    [
      new iam.TagInstanceProfileCommand({ InstanceProfileName: 'i', Tags }),
      `iam:TagInstanceProfile arn:aws:iam::${ACCOUNT}:instance-profile/deep/i`,
    ],
    [
      new iam.UntagInstanceProfileCommand({ InstanceProfileName: 'i', TagKeys: ['team'] }),
      `iam:UntagInstanceProfile arn:aws:iam::${ACCOUNT}:instance-profile/deep/i`,
    ],
    [new iam.ListAccountAliasesCommand({}), 'iam:ListAccountAliases *'],
    [new iam.CreateAccountAliasCommand({ AccountAlias: 'a' }), 'iam:CreateAccountAlias *'],
    [new iam.DeleteAccountAliasCommand({ AccountAlias: 'a' }), 'iam:DeleteAccountAlias *'],
  ],
  kms: [
    [new kms.CreateKeyCommand({}), 'kms:CreateKey *'],
    [
      new kms.CreateKeyCommand({ Tags: [{ TagKey: 'team', TagValue: 'data' }] }),
      'kms:CreateKey *',
      `+kms:TagResource ${arn('kms', 'key/*')}`,
    ],
    [new kms.DescribeKeyCommand({ KeyId: '1-2' }), `kms:DescribeKey ${arn('kms', 'key/1-2')}`],
    [
      new kms.CreateAliasCommand({ AliasName: 'alias/seal', TargetKeyId: '1-2' }),
      `kms:CreateAlias ${arn('kms', 'alias/seal')}`,
      `kms:CreateAlias ${arn('kms', 'key/1-2')}`,
    ],
    [new kms.ListAliasesCommand({}), 'kms:ListAliases *'],
    [
      new kms.GetKeyPolicyCommand({ KeyId: arn('kms', 'key/1-2') }),
      `kms:GetKeyPolicy ${arn('kms', 'key/1-2')}`,
    ],
    [
      new kms.PutKeyPolicyCommand({ KeyId: '1-2', Policy: '{}' }),
      `kms:PutKeyPolicy ${arn('kms', 'key/1-2')}`,
    ],
  ],
  lambda: [
    [
      new lambda.GetFunctionConfigurationCommand({ FunctionName: 'sweep' }),
      `lambda:GetFunctionConfiguration ${arn('lambda', 'function:sweep')}`,
    ],
    [
      new lambda.GetFunctionConfigurationCommand({ FunctionName: arn('lambda', 'function:sweep:live') }),
      `lambda:GetFunctionConfiguration ${arn('lambda', 'function:sweep')}`,
    ],
    [
      new lambda.InvokeCommand({ FunctionName: 'sweep:live', Payload: '{"FunctionName":"other"}' }),
      `lambda:InvokeFunction ${arn('lambda', 'function:sweep')}`,
    ],
    [
      new lambda.ListEventSourceMappingsCommand({ FunctionName: 'sweep' }),
      'lambda:ListEventSourceMappings *',
    ],
    [
      new lambda.UpdateEventSourceMappingCommand({ UUID: '1-2', Enabled: true }),
      `lambda:UpdateEventSourceMapping ${arn('lambda', 'event-source-mapping:1-2')}`,
    ],
    [
      new lambda.UpdateFunctionConfigurationCommand({ FunctionName: 'sweep', Role: ROLE }),
      `lambda:UpdateFunctionConfiguration ${arn('lambda', 'function:sweep')}`,
      `+iam:PassRole ${ROLE}`,
    ],
    [
      new lambda.CreateFunctionCommand({
        FunctionName: 'sweep',
        Role: ROLE,
        Code: {},
        Tags: { team: 'data' },
      }),
      `lambda:CreateFunction ${arn('lambda', 'function:sweep')}`,
      `+iam:PassRole ${ROLE}`,
      `+lambda:TagResource ${arn('lambda', 'function:sweep')}`,
    ],
  ],
  organizations: [
    [new organizations.ListRootsCommand({}), 'organizations:ListRoots *'],
    [
      new organizations.CloseAccountCommand({ AccountId: MEMBER }),
      `organizations:CloseAccount ${ORG}:account/o-abc/${MEMBER}`,
    ],
    [
      new organizations.RemoveAccountFromOrganizationCommand({ AccountId: MEMBER }),
      `organizations:RemoveAccountFromOrganization ${ORG}:account/o-abc/${MEMBER}`,
    ],
    [
      new organizations.DetachPolicyCommand({ PolicyId: 'p-1', TargetId: 'ou-1-2' }),
      `organizations:DetachPolicy ${ORG}:ou/o-abc/ou-1-2`,
      `organizations:DetachPolicy ${ORG}:policy/o-abc/service_control_policy/p-1`,
    ],
    [
      new organizations.EnablePolicyTypeCommand({ RootId: 'r-1', PolicyType: 'SERVICE_CONTROL_POLICY' }),
      `organizations:EnablePolicyType ${ORG}:root/o-abc/r-1`,
    ],
    [
      new organizations.AttachPolicyCommand({ PolicyId: 'p-1', TargetId: 'ou-1-2' }),
      `organizations:AttachPolicy ${ORG}:ou/o-abc/ou-1-2`,
      `organizations:AttachPolicy ${ORG}:policy/o-abc/service_control_policy/p-1`,
    ],
    [
      new organizations.CreatePolicyCommand({
        Name: 'n',
        Description: 'd',
        Content: '{}',
        Type: 'SERVICE_CONTROL_POLICY',
      }),
      `organizations:CreatePolicy ${ORG}:policy/o-abc/service_control_policy/p-*`,
    ],
    [
      new organizations.CreateAccountCommand({ AccountName: 'a', Email: 'a@example.com' }),
      'organizations:CreateAccount *',
    ],
    [
      new organizations.CreateAccountCommand({ AccountName: 'a', Email: 'a@example.com', Tags }),
      'organizations:CreateAccount *',
      `+organizations:TagResource ${ORG}:account/o-abc/*`,
    ],
    [
      new organizations.CreateOrganizationalUnitCommand({ ParentId: 'r-1', Name: 'u', Tags }),
      `organizations:CreateOrganizationalUnit ${ORG}:root/o-abc/r-1`,
      `+organizations:TagResource ${ORG}:ou/o-abc/ou-*`,
    ],
    [
      new organizations.CreateOrganizationCommand({}),
      'organizations:CreateOrganization *',
      `+iam:CreateServiceLinkedRole arn:aws:iam::${ACCOUNT}:role/aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations`,
    ],
    [
      new organizations.DescribeAccountCommand({ AccountId: MEMBER }),
      `organizations:DescribeAccount ${ORG}:account/o-abc/${MEMBER}`,
    ],
    [
      new organizations.DescribeCreateAccountStatusCommand({ CreateAccountRequestId: 'car-1' }),
      'organizations:DescribeCreateAccountStatus *',
    ],
    [new organizations.DescribeOrganizationCommand({}), 'organizations:DescribeOrganization *'],
    [
      new organizations.DescribeOrganizationalUnitCommand({ OrganizationalUnitId: 'ou-1-2' }),
      `organizations:DescribeOrganizationalUnit ${ORG}:ou/o-abc/ou-1-2`,
    ],
    [
      new organizations.DescribePolicyCommand({ PolicyId: 'p-1' }),
      `organizations:DescribePolicy ${ORG}:policy/o-abc/service_control_policy/p-1`,
    ],
    [
      new organizations.ListPoliciesForTargetCommand({ TargetId: 'r-1', Filter: 'SERVICE_CONTROL_POLICY' }),
      `organizations:ListPoliciesForTarget ${ORG}:root/o-abc/r-1`,
    ],
    [new organizations.ListAccountsCommand({}), 'organizations:ListAccounts *'],
    [new organizations.ListCreateAccountStatusCommand({}), 'organizations:ListCreateAccountStatus *'],
    [
      new organizations.ListParentsCommand({ ChildId: 'ou-1-2' }),
      `organizations:ListParents ${ORG}:ou/o-abc/ou-1-2`,
    ],
    [
      new organizations.ListTagsForResourceCommand({ ResourceId: MEMBER }),
      `organizations:ListTagsForResource ${ORG}:account/o-abc/${MEMBER}`,
    ],
    [
      new organizations.MoveAccountCommand({
        AccountId: MEMBER,
        SourceParentId: 'r-1',
        DestinationParentId: 'ou-1-2',
      }),
      `organizations:MoveAccount ${ORG}:account/o-abc/${MEMBER}`,
      `organizations:MoveAccount ${ORG}:ou/o-abc/ou-1-2`,
      `organizations:MoveAccount ${ORG}:root/o-abc/r-1`,
    ],
  ],
  s3: [
    [new s3.ListBucketsCommand({}), 's3:ListAllMyBuckets *'],
    [new s3.CreateBucketCommand({ Bucket: 'b' }), 's3:CreateBucket arn:aws:s3:::b'],
    [new s3.HeadBucketCommand({ Bucket: 'b' }), 's3:ListBucket arn:aws:s3:::b'],
    [new s3.ListObjectsCommand({ Bucket: 'b' }), 's3:ListBucket arn:aws:s3:::b'],
    [new s3.ListObjectsV2Command({ Bucket: 'b', Prefix: 'a/' }), 's3:ListBucket arn:aws:s3:::b'],
    [new s3.GetObjectCommand({ Bucket: 'b', Key: 'a/c d' }), 's3:GetObject arn:aws:s3:::b/a/c d'],
    [new s3.HeadObjectCommand({ Bucket: 'b', Key: 'k' }), 's3:GetObject arn:aws:s3:::b/k'],
    [new s3.PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'x' }), 's3:PutObject arn:aws:s3:::b/k'],
    [
      new s3.CopyObjectCommand({ Bucket: 'b', Key: 'k', CopySource: 'from/there' }),
      's3:PutObject arn:aws:s3:::b/k',
      's3:GetObject arn:aws:s3:::from/there',
    ],
    [new s3.CreateMultipartUploadCommand({ Bucket: 'b', Key: 'k' }), 's3:PutObject arn:aws:s3:::b/k'],
    [
      new s3.UploadPartCommand({ Bucket: 'b', Key: 'k', PartNumber: 1, UploadId: 'u', Body: 'x' }),
      's3:PutObject arn:aws:s3:::b/k',
    ],
    [
      new s3.CompleteMultipartUploadCommand({ Bucket: 'b', Key: 'k', UploadId: 'u' }),
      's3:PutObject arn:aws:s3:::b/k',
    ],
    [
      new s3.AbortMultipartUploadCommand({ Bucket: 'b', Key: 'k', UploadId: 'u' }),
      's3:AbortMultipartUpload arn:aws:s3:::b/k',
    ],
    [new s3.GetBucketPolicyCommand({ Bucket: 'b' }), 's3:GetBucketPolicy arn:aws:s3:::b'],
    [new s3.PutBucketPolicyCommand({ Bucket: 'b', Policy: '{}' }), 's3:PutBucketPolicy arn:aws:s3:::b'],
    [new s3.DeleteBucketPolicyCommand({ Bucket: 'b' }), 's3:DeleteBucketPolicy arn:aws:s3:::b'],
    [new s3.DeleteBucketCommand({ Bucket: 'b' }), 's3:DeleteBucket arn:aws:s3:::b'],
    [
      new s3.GetBucketOwnershipControlsCommand({ Bucket: 'b' }),
      's3:GetBucketOwnershipControls arn:aws:s3:::b',
    ],
    [
      new s3.PutBucketOwnershipControlsCommand({ Bucket: 'b', OwnershipControls: { Rules: [] } }),
      's3:PutBucketOwnershipControls arn:aws:s3:::b',
    ],
    [new s3.GetBucketLocationCommand({ Bucket: 'b' }), 's3:GetBucketLocation arn:aws:s3:::b'],
    [new s3.GetBucketEncryptionCommand({ Bucket: 'b' }), 's3:GetEncryptionConfiguration arn:aws:s3:::b'],
    [
      new s3.PutBucketEncryptionCommand({
        Bucket: 'b',
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
      }),
      's3:PutEncryptionConfiguration arn:aws:s3:::b',
    ],
    [new s3.DeleteBucketEncryptionCommand({ Bucket: 'b' }), 's3:PutEncryptionConfiguration arn:aws:s3:::b'],
    [new s3.DeleteBucketLifecycleCommand({ Bucket: 'b' }), 's3:PutLifecycleConfiguration arn:aws:s3:::b'],
    [
      new s3.ListBucketInventoryConfigurationsCommand({ Bucket: 'b' }),
      's3:GetInventoryConfiguration arn:aws:s3:::b',
    ],
    [new s3.GetPublicAccessBlockCommand({ Bucket: 'b' }), 's3:GetBucketPublicAccessBlock arn:aws:s3:::b'],
    [
      new s3.PutPublicAccessBlockCommand({ Bucket: 'b', PublicAccessBlockConfiguration: {} }),
      's3:PutBucketPublicAccessBlock arn:aws:s3:::b',
    ],
    [new s3.DeletePublicAccessBlockCommand({ Bucket: 'b' }), 's3:PutBucketPublicAccessBlock arn:aws:s3:::b'],
    [new s3.DeleteObjectCommand({ Bucket: 'b', Key: 'k' }), 's3:DeleteObject arn:aws:s3:::b/k'],
    [
      new s3.PutObjectAclCommand({ Bucket: 'b', Key: 'k', ACL: 'private' }),
      's3:PutObjectAcl arn:aws:s3:::b/k',
    ],
  ],
  s3control: [
    [new s3control.GetPublicAccessBlockCommand({ AccountId: ACCOUNT }), 's3:GetAccountPublicAccessBlock *'],
    [
      new s3control.PutPublicAccessBlockCommand({ AccountId: ACCOUNT, PublicAccessBlockConfiguration: {} }),
      's3:PutAccountPublicAccessBlock *',
    ],
    [
      new s3control.DeletePublicAccessBlockCommand({ AccountId: ACCOUNT }),
      's3:PutAccountPublicAccessBlock *',
    ],
  ],
  scheduler: [
    [
      new scheduler.DeleteScheduleCommand({ Name: 's' }),
      `scheduler:DeleteSchedule ${arn('scheduler', 'schedule/default/s')}`,
    ],
    [
      new scheduler.CreateScheduleCommand({
        Name: 's',
        GroupName: 'g',
        ScheduleExpression: 'rate(1 hour)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: QUEUE, RoleArn: ROLE },
      }),
      `scheduler:CreateSchedule ${arn('scheduler', 'schedule/g/s')}`,
      `+iam:PassRole ${ROLE}`,
    ],
    [
      new scheduler.UpdateScheduleCommand({
        Name: 's',
        ScheduleExpression: 'rate(1 hour)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: QUEUE, RoleArn: ROLE },
      }),
      `scheduler:UpdateSchedule ${arn('scheduler', 'schedule/default/s')}`,
      `+iam:PassRole ${ROLE}`,
    ],
    [
      new scheduler.GetScheduleCommand({ Name: 's', GroupName: 'g' }),
      `scheduler:GetSchedule ${arn('scheduler', 'schedule/g/s')}`,
    ],
    [
      new scheduler.CreateScheduleGroupCommand({ Name: 'g', Tags }),
      `scheduler:CreateScheduleGroup ${arn('scheduler', 'schedule-group/g')}`,
      `+scheduler:TagResource ${arn('scheduler', 'schedule-group/g')}`,
    ],
    [
      new scheduler.GetScheduleGroupCommand({ Name: 'g' }),
      `scheduler:GetScheduleGroup ${arn('scheduler', 'schedule-group/g')}`,
    ],
  ],
  sns: [
    [new sns.CreateTopicCommand({ Name: 'told' }), `sns:CreateTopic ${arn('sns', 'told')}`],
    [
      new sns.CreateTopicCommand({ Name: 'told', Tags }),
      `sns:CreateTopic ${arn('sns', 'told')}`,
      `+sns:TagResource ${arn('sns', 'told')}`,
    ],
    [
      new sns.GetTopicAttributesCommand({ TopicArn: arn('sns', 'told') }),
      `sns:GetTopicAttributes ${arn('sns', 'told')}`,
    ],
    [
      new sns.PublishCommand({ TopicArn: arn('sns', 'told'), Message: 'x' }),
      `sns:Publish ${arn('sns', 'told')}`,
    ],
    [
      new sns.SetTopicAttributesCommand({ TopicArn: arn('sns', 'told'), AttributeName: 'Policy' }),
      `sns:SetTopicAttributes ${arn('sns', 'told')}`,
    ],
    [
      new sns.SubscribeCommand({
        TopicArn: arn('sns', 'told'),
        Protocol: 'email',
        Endpoint: 'ann@example.com',
      }),
      `sns:Subscribe ${arn('sns', 'told')}`,
    ],
  ],
  sqs: [
    [new sqs.ListQueueTagsCommand({ QueueUrl }), `sqs:ListQueueTags ${QUEUE}`],
    [new sqs.ListQueuesCommand({}), 'sqs:ListQueues *'],
    [new sqs.PurgeQueueCommand({ QueueUrl }), `sqs:PurgeQueue ${QUEUE}`],
    [new sqs.SendMessageCommand({ QueueUrl, MessageBody: 'm' }), `sqs:SendMessage ${QUEUE}`],
    [new sqs.SendMessageBatchCommand(batch([{ Id: '1', MessageBody: 'm' }])), `sqs:SendMessage ${QUEUE}`],
    [new sqs.ReceiveMessageCommand({ QueueUrl }), `sqs:ReceiveMessage ${QUEUE}`],
    [new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'h' }), `sqs:DeleteMessage ${QUEUE}`],
    [
      new sqs.DeleteMessageBatchCommand(batch([{ Id: '1', ReceiptHandle: 'h' }])),
      `sqs:DeleteMessage ${QUEUE}`,
    ],
    [
      new sqs.ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: 'h', VisibilityTimeout: 1 }),
      `sqs:ChangeMessageVisibility ${QUEUE}`,
    ],
    [
      new sqs.ChangeMessageVisibilityBatchCommand(
        batch([{ Id: '1', ReceiptHandle: 'h', VisibilityTimeout: 1 }]),
      ),
      `sqs:ChangeMessageVisibility ${QUEUE}`,
    ],
    [new sqs.GetQueueUrlCommand({ QueueName: 'work.fifo' }), `sqs:GetQueueUrl ${QUEUE}`],
    [
      new sqs.GetQueueUrlCommand({ QueueName: 'theirs', QueueOwnerAWSAccountId: MEMBER }),
      `sqs:GetQueueUrl arn:aws:sqs:eu-west-1:${MEMBER}:theirs`,
    ],
    [
      new sqs.SetQueueAttributesCommand({ QueueUrl, Attributes: { DelaySeconds: '1' } }),
      `sqs:SetQueueAttributes ${QUEUE}`,
    ],
    [new sqs.GetQueueAttributesCommand({ QueueUrl }), `sqs:GetQueueAttributes ${QUEUE}`],
    [
      new sqs.CreateQueueCommand({ QueueName: 'work.fifo', tags: { team: 'data' } }),
      `sqs:CreateQueue ${QUEUE}`,
      `+sqs:TagQueue ${QUEUE}`,
    ],
    [new sqs.ListMessageMoveTasksCommand({ SourceArn: QUEUE }), `sqs:ListMessageMoveTasks ${QUEUE}`],
    [
      new sqs.StartMessageMoveTaskCommand({ SourceArn: QUEUE, DestinationArn: arn('sqs', 'other') }),
      `sqs:StartMessageMoveTask ${QUEUE}`,
      `+sqs:ReceiveMessage ${QUEUE}`,
      `+sqs:DeleteMessage ${QUEUE}`,
      `+sqs:GetQueueAttributes ${QUEUE}`,
      `+sqs:SendMessage ${arn('sqs', 'other')}`,
    ],
    [
      new sqs.CancelMessageMoveTaskCommand({
        TaskHandle: Buffer.from(JSON.stringify({ sourceArn: QUEUE })).toString('base64'),
      }),
      `sqs:CancelMessageMoveTask ${QUEUE}`,
    ],
  ],
  ssm: [
    [
      new ssm.PutParameterCommand({ Name: '/a/b', Value: 'v', Tags }),
      `ssm:PutParameter ${arn('ssm', 'parameter/a/b')}`,
      `+ssm:AddTagsToResource ${arn('ssm', 'parameter/a/b')}`,
    ],
    [new ssm.GetParameterCommand({ Name: '/a/b:3' }), `ssm:GetParameter ${arn('ssm', 'parameter/a/b')}`],
    [
      new ssm.GetParametersCommand({ Names: ['/a/b', 'c'] }),
      `ssm:GetParameters ${arn('ssm', 'parameter/a/b')}`,
      `ssm:GetParameters ${arn('ssm', 'parameter/c')}`,
    ],
    [
      new ssm.GetParametersByPathCommand({ Path: '/a/' }),
      `ssm:GetParametersByPath ${arn('ssm', 'parameter/a/')}`,
    ],
    [new ssm.DeleteParameterCommand({ Name: '/a/b' }), `ssm:DeleteParameter ${arn('ssm', 'parameter/a/b')}`],
    [new ssm.DescribeParametersCommand({}), 'ssm:DescribeParameters *'],
    [
      new ssm.AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId: '/a/b', Tags }),
      `ssm:AddTagsToResource ${arn('ssm', 'parameter/a/b')}`,
    ],
    [
      new ssm.RemoveTagsFromResourceCommand({
        ResourceType: 'Parameter',
        ResourceId: '/a/b',
        TagKeys: ['team'],
      }),
      `ssm:RemoveTagsFromResource ${arn('ssm', 'parameter/a/b')}`,
    ],
    [
      new ssm.ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: '/a/b' }),
      `ssm:ListTagsForResource ${arn('ssm', 'parameter/a/b')}`,
    ],
  ],
  sts: [
    [new sts.GetCallerIdentityCommand({})],
    [new sts.AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 's' }), `sts:AssumeRole ${ROLE}`],
    [
      new sts.AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 's', Tags, SourceIdentity: 'ann' }),
      `sts:AssumeRole ${ROLE}`,
      `+sts:TagSession ${ROLE}`,
      `+sts:SetSourceIdentity ${ROLE}`,
    ],
  ],
  tag: [[new tagging.GetResourcesCommand({}), 'tag:GetResources *']],
};

const rows = Object.entries(CALLS).flatMap(([client, all]) =>
  all.map(([command, ...checks]) => ({
    client: client as Client,
    name: command.constructor.name,
    command,
    checks,
  })),
);

async function checks(client: Client, command: object) {
  return checksOf(await recorded(clients[client], command), reader, NOW);
}

describe('checksOf', () => {
  it.each(rows)(
    'returns what AWS checks for $client $name: $checks',
    async ({ client, command, checks: expected }) => {
      const found = await checks(client, command);
      expect(
        found.map(({ action, resource, dependent }) => `${dependent ? '+' : ''}${action} ${resource}`),
      ).toEqual(expected);
    },
  );

  it('has a test call for each operation that needs other or further permissions than its own', () => {
    const file = '../../../local/gateway/authorization/needed-actions.ts';
    const tables = readFileSync(join(import.meta.dirname, file), 'utf8');
    const listed = [...tables.matchAll(/^ {2}'([a-z0-9]+:[A-Z]\w+)': \(/gm)].map(
      ([, operation]) => operation,
    );
    const called = rows.map(({ client, name }) => `${client}:${name.replace(/Command$/, '')}`);
    // The document client has shorter names for items and transactions.
    const known = new Set([
      ...called,
      ...called.map((one) => `${one}Item`),
      ...called.map((one) => `${one}Items`),
    ]);
    expect(listed.length).toBeGreaterThan(40);
    expect(listed.filter((operation) => !known.has(operation ?? ''))).toEqual([]);
  });

  it('knows every command of the SDK that the code and its tests send', () => {
    // The gateway refuses both as undecided: the conformance suite sends RunInstances to the emulator itself, and bench:peers looks whether
    // stack sets are still refused.
    const undecided = ['CreateStackSetCommand', 'RunInstancesCommand'];
    const known = new Set([...rows.map(({ name }) => name), ...undecided]);
    const sent = ['cli', 'controllers', 'infra', 'local', 'shared', 'test'].flatMap(commandsIn);
    expect(sent.length).toBeGreaterThan(100);
    expect([...new Set(sent)].filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('The context of a check', () => {
  const context = async (client: Client, command: object, action?: string) => {
    const found = await checks(client, command);
    return found.find((one) => action === undefined || `${one.action} ${one.resource}`.startsWith(action))
      ?.context;
  };
  const always = {
    'aws:CurrentTime': '2026-11-20T10:00:00.000Z',
    'aws:EpochTime': '1795168800',
    'aws:SecureTransport': 'true',
    'aws:UserAgent': expect.stringMatching(/^aws-sdk-js/),
    'aws:ViaAWSService': 'false',
  };
  const regional = { ...always, 'aws:RequestedRegion': 'eu-west-1' };
  const global = { ...always, 'aws:RequestedRegion': 'us-east-1' };
  const inEc2 = { ...regional, 'ec2:Region': 'eu-west-1' };
  const teamTag = { 'aws:RequestTag/team': 'data', 'aws:TagKeys': ['team'] };
  const inVpc = { 'ec2:Vpc': EC2('vpc/vpc-1') };

  it.each<[Client, object, string, object]>([
    [
      'sts',
      new sts.AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 's1', ExternalId: 'x1' }),
      'sts:AssumeRole',
      { ...regional, 'sts:ExternalId': 'x1', 'sts:RoleSessionName': 's1' },
    ],
    [
      'sts',
      new sts.AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 's1', Tags, TransitiveTagKeys: ['team'] }),
      'sts:TagSession',
      { ...regional, ...teamTag, 'sts:TransitiveTagKeys': ['team'] },
    ],
    [
      'iam',
      new iam.CreateRoleCommand({ RoleName: 'app', AssumeRolePolicyDocument: '{}' }),
      'iam:CreateRole',
      global,
    ],
    [
      'iam',
      new iam.CreateRoleCommand({
        RoleName: 'app',
        AssumeRolePolicyDocument: '{}',
        PermissionsBoundary: BOUNDARY,
        Tags,
      }),
      'iam:CreateRole',
      { ...global, ...teamTag, 'iam:PermissionsBoundary': BOUNDARY },
    ],
    [
      'iam',
      new iam.CreateRoleCommand({ RoleName: 'app', AssumeRolePolicyDocument: '{}', Tags }),
      'iam:TagRole',
      { ...global, ...teamTag },
    ],
    [
      'iam',
      new iam.PutRolePolicyCommand({ RoleName: 'app', PolicyName: 'p', ...policy }),
      'iam:PutRolePolicy',
      { ...global, 'iam:PermissionsBoundary': BOUNDARY },
    ],
    [
      'iam',
      new iam.AttachRolePolicyCommand({ RoleName: 'absent', PolicyArn: BOUNDARY }),
      'iam:AttachRolePolicy',
      { ...global, 'iam:PolicyARN': BOUNDARY },
    ],
    [
      'iam',
      new iam.UntagRoleCommand({ RoleName: 'app', TagKeys: ['team', 'cost'] }),
      'iam:UntagRole',
      { ...global, 'aws:TagKeys': ['team', 'cost'] },
    ],
    [
      'organizations',
      new organizations.CreateOrganizationCommand({}),
      'iam:CreateServiceLinkedRole',
      { ...global, 'iam:AWSServiceName': 'organizations.amazonaws.com' },
    ],
    [
      'organizations',
      new organizations.CreateAccountCommand({ AccountName: 'a', Email: 'a@example.com', Tags }),
      'organizations:TagResource',
      { ...global, ...teamTag },
    ],
    [
      'lambda',
      new lambda.UpdateFunctionConfigurationCommand({ FunctionName: 'sweep', Role: ROLE }),
      'iam:PassRole',
      { ...regional, 'iam:PassedToService': 'lambda.amazonaws.com' },
    ],
    [
      'lambda',
      new lambda.CreateFunctionCommand({ FunctionName: 'f', Role: ROLE, Code: {}, Tags: { team: 'data' } }),
      'lambda:TagResource',
      { ...regional, ...teamTag },
    ],
    [
      'ec2',
      new ec2.CreateSubnetCommand({ VpcId: 'vpc-1', TagSpecifications: TagSpecifications('subnet') }),
      `ec2:CreateSubnet ${EC2('subnet')}`,
      { ...inEc2, ...inVpc, ...teamTag },
    ],
    [
      'ec2',
      new ec2.CreateSubnetCommand({ VpcId: 'vpc-1', TagSpecifications: TagSpecifications('subnet') }),
      `ec2:CreateSubnet ${EC2('vpc')}`,
      { ...inEc2, 'ec2:VpcID': 'vpc-1' },
    ],
    [
      'ec2',
      new ec2.CreateSubnetCommand({ VpcId: 'vpc-1', TagSpecifications: TagSpecifications('subnet') }),
      'ec2:CreateTags',
      { ...inEc2, ...teamTag, 'ec2:CreateAction': 'CreateSubnet' },
    ],
    [
      'ec2',
      new ec2.CreateRouteTableCommand({ VpcId: 'vpc-1' }),
      `ec2:CreateRouteTable ${EC2('route-table')}`,
      { ...inEc2, ...inVpc },
    ],
    [
      'ec2',
      new ec2.CreateTagsCommand({ Resources: ['vpc-1'], Tags }),
      'ec2:CreateTags',
      { ...inEc2, ...teamTag, 'ec2:VpcID': 'vpc-1' },
    ],
    [
      'ec2',
      new ec2.DeleteRouteCommand({ RouteTableId: 'rtb-1' }),
      'ec2:DeleteRoute',
      { ...inEc2, 'ec2:RouteTableID': 'rtb-1' },
    ],
    [
      'events',
      new events.PutEventsCommand({ Entries: [{ Source: 'a', DetailType: 'B', Detail: '{}' }] }),
      'events:PutEvents',
      { ...regional, 'events:source': 'a', 'events:detail-type': 'B' },
    ],
    [
      'events',
      new events.PutTargetsCommand({ Rule: 'r', Targets: [{ Id: '1', Arn: QUEUE }] }),
      'events:PutTargets',
      { ...regional, 'events:TargetArn': [QUEUE] },
    ],
    [
      'account',
      new account.EnableRegionCommand({ RegionName: 'ap-east-1' }),
      'account:EnableRegion',
      { ...global, 'account:TargetRegion': 'ap-east-1' },
    ],
    [
      'cloudformation',
      new cfn.CreateChangeSetCommand({
        StackName: 'net',
        ChangeSetName: 'next',
        RoleARN: ROLE,
        TemplateURL: 'https://t',
      }),
      'cloudformation:CreateChangeSet',
      { ...regional, 'cloudformation:RoleArn': ROLE, 'cloudformation:TemplateUrl': 'https://t' },
    ],
    [
      'dynamodb',
      new dynamodb.TransactGetCommand({ TransactItems: [{ Get: { TableName, Key } }] }),
      'dynamodb:GetItem',
      { ...regional, 'dynamodb:EnclosingOperation': 'TransactGetItems' },
    ],
    [
      's3',
      new s3.ListObjectsV2Command({ Bucket: 'b', Prefix: 'a/', MaxKeys: 5 }),
      's3:ListBucket',
      { ...regional, 's3:prefix': 'a/', 's3:max-keys': '5' },
    ],
    [
      'ssm',
      new ssm.PutParameterCommand({ Name: '/a', Value: 'v', Overwrite: true }),
      'ssm:PutParameter',
      { ...regional, 'ssm:Overwrite': 'true' },
    ],
    [
      'sqs',
      new sqs.CreateQueueCommand({ QueueName: 'q', tags: { team: 'data' } }),
      'sqs:TagQueue',
      { ...regional, ...teamTag },
    ],
  ])('of %s %j for %s has the keys of the request: %j', async (client, command, action, expected) => {
    expect(await context(client, command, action)).toEqual(expected);
  });

  it('has the tags of the resource if a policy has a condition on them', async () => {
    const [ofSubnet, ofVpc] = await checks('ec2', new ec2.CreateSubnetCommand({ VpcId: 'vpc-1' }));
    const [ofRole] = await checks(
      'iam',
      new iam.TagRoleCommand({ RoleName: 'app', Tags: [{ Key: 'a', Value: 'b' }] }),
    );
    const tagged = await Promise.all(
      [ofSubnet, ofVpc, ofRole].map((one) => one && withResourceTags(one, reader)),
    );
    const added = tagged.map((one) =>
      Object.entries(one?.context ?? {}).filter(([key]) => /ResourceTag/.test(key)),
    );
    expect(added).toEqual([
      [],
      [
        ['aws:ResourceTag/team', 'data'],
        ['ec2:ResourceTag/team', 'data'],
      ],
      [
        ['aws:ResourceTag/team', 'data'],
        ['iam:ResourceTag/team', 'data'],
      ],
    ]);
  });
});

describe('UnknownAuthorization', () => {
  it.each<[Client, object, RegExp]>([
    [
      'ec2',
      new ec2.RunInstancesCommand({ MinCount: 1, MaxCount: 1 }),
      /^ec2:RunInstances: the call names no image/,
    ],
    [
      'sqs',
      new sqs.StartMessageMoveTaskCommand({ SourceArn: QUEUE }),
      /^sqs:SendMessage: the call names no queue/,
    ],
    ['ec2', new ec2.DeleteVpcCommand({ VpcId: 'our-vpc' }), /^ec2:DeleteVpc: the call names no vpc/],
    ['s3', new s3.GetBucketReplicationCommand({ Bucket: 'b' }), /^AWS has no action s3:GetBucketReplication/],
    ['organizations', new organizations.DescribeAccountCommand({ AccountId: 'x' }), /names no resource/],
    [
      'cloudformation',
      new cfn.CreateStackCommand({ StackName: 'net', TemplateURL: 'https://t' }),
      /^What the template at a TemplateURL makes is not decided/,
    ],
    [
      'cloudformation',
      new cfn.CreateStackCommand({ StackName: 'net', TemplateBody: 'no template' }),
      /^The gateway cannot read the template/,
    ],
    [
      'cloudformation',
      new cfn.ExecuteChangeSetCommand({ StackName: 'net', ChangeSetName: 'next' }),
      /^What cloudformation:ExecuteChangeSet makes is not decided/,
    ],
    [
      'events',
      new events.PutTargetsCommand({ Rule: 'r', Targets: [{ Id: '1', Arn: arn('lambda', 'function:f') }] }),
      /^Whether a rule may reach arn:aws:lambda:/,
    ],
    [
      'sns',
      new sns.SubscribeCommand({ TopicArn: arn('sns', 'told'), Protocol: 'sqs', Endpoint: QUEUE }),
      /^Whether a topic may deliver by sqs is not decided/,
    ],
    [
      'ssm',
      new ssm.PutParameterCommand({ Name: '/a', Value: 'v', Type: 'SecureString', KeyId: 'alias/a' }),
      /^Who may use the key "alias\/a" of ssm is not decided/,
    ],
    [
      's3',
      new s3.CreateMultipartUploadCommand({ Bucket: 'b', Key: 'k', SSEKMSKeyId: '1-2' }),
      /^Who may use the key "1-2" of s3 is not decided/,
    ],
  ])('says what cannot be worked out of a call of %s: %#', async (client, command, message) => {
    const error = await checks(client, command).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnknownAuthorization);
    expect((error as Error).message).toMatch(message);
  });
});

/** Names of the SDK's commands that are made in the files of a folder. */
function commandsIn(folder: string): string[] {
  const root = join(import.meta.dirname, '../../..');
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join(root, folder, file), 'utf8').matchAll(/new (\w{2,}Command)\(/g)])
    .map(([, name = '']) => name);
}
