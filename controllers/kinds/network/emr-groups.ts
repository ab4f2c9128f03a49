import {
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import type { Command } from '../../../shared/aws/actions.ts';
import { unlessGone } from '../../../shared/aws/gone.ts';
import type { KindContext } from '../kind.ts';
import { pages, vpcFilter } from './resource.ts';
import { inUse } from './write.ts';

/**
 * The security groups that EMR makes in the VPC of its clusters, and never deletes. They refer to each other, so that none can be deleted
 * before these rules are. EMR makes them again for the next cluster.
 */

/** The calls of `removeGroupsOfEmr`, besides the reading one. */
export const writesOfGroups: readonly Command[] = [
  'ec2:DeleteSecurityGroup',
  'ec2:RevokeSecurityGroupEgress',
  'ec2:RevokeSecurityGroupIngress',
];

/** https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html */
const NAMES: ReadonlySet<string> = new Set([
  'ElasticMapReduce-master',
  'ElasticMapReduce-slave',
  'ElasticMapReduce-Master-Private',
  'ElasticMapReduce-Slave-Private',
  'ElasticMapReduce-ServiceAccess',
]);
/** What EMR writes when it makes one; nobody can change it. Somebody's own group with such a name says something else. */
const MADE_BY_EMR = /^(Master|Slave|Service access)( group)? for Elastic MapReduce created on \d{4}-/;

/** True for a group that EMR made by itself, by its name and its description. Pure. */
export function isMadeByEmr({ GroupName = '', Description = '' }: SecurityGroup): boolean {
  return NAMES.has(GroupName) && MADE_BY_EMR.test(Description);
}

/**
 * Deletes the groups that EMR made in a VPC of ours, rules that refer to groups first. Only for a VPC without network interfaces and other
 * groups (obstacles.ts): no cluster is left there, and nobody else refers to the groups. Safe to repeat.
 */
export async function removeGroupsOfEmr(
  vpcId: string,
  { clients: { ec2 } }: Pick<KindContext, 'clients'>,
): Promise<void> {
  const Filters = vpcFilter(vpcId);
  const all = await pages(
    (NextToken) => ec2.send(new DescribeSecurityGroupsCommand({ Filters, NextToken })),
    (page) => page.SecurityGroups,
  );
  const groups = all.filter(isMadeByEmr);
  for (const group of groups) await revokeReferences(group, ec2);
  for (const { GroupId = '' } of groups) {
    const command = new DeleteSecurityGroupCommand({ GroupId });
    await unlessGone('security group', () => inUse(`security group ${GroupId}`, () => ec2.send(command)));
  }
}

async function revokeReferences(
  { GroupId, IpPermissions, IpPermissionsEgress }: SecurityGroup,
  ec2: EC2Client,
): Promise<void> {
  const ingress = { GroupId, IpPermissions: referring(IpPermissions) };
  const egress = { GroupId, IpPermissions: referring(IpPermissionsEgress) };
  // That somebody else has revoked the rules or deleted the group meanwhile is success, too.
  if (ingress.IpPermissions.length > 0)
    await unlessGone('rule', () => ec2.send(new RevokeSecurityGroupIngressCommand(ingress)));
  if (egress.IpPermissions.length > 0)
    await unlessGone('rule', () => ec2.send(new RevokeSecurityGroupEgressCommand(egress)));
}

/** What of the rules refers to groups; ranges of addresses are deleted with the group. */
function referring(rules: readonly IpPermission[] = []): IpPermission[] {
  return rules.flatMap(({ IpProtocol, FromPort, ToPort, UserIdGroupPairs = [] }) =>
    UserIdGroupPairs.length > 0 ? [{ IpProtocol, FromPort, ToPort, UserIdGroupPairs }] : [],
  );
}
