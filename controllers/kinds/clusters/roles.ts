import { createHash } from 'node:crypto';
import { GetInstanceProfileCommand, type Role } from '@aws-sdk/client-iam';
import { AccessDenied } from '../../../shared/domain/errors.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import { differencesOf, type Sides } from '../comparison.ts';
import { compareRole, policySides, TRUST } from '../iam-role/compare.ts';
import type { FoundRole, WantedRole } from '../iam-role/model.ts';
import {
  attachedArns,
  getRole,
  inlineDocument,
  inlineNames,
  orDenial,
  tagsOf,
  unlessNoEntity,
} from '../iam-role/read.ts';
import {
  type Blocked,
  type IntendedRole,
  type KindAccount,
  type KindContext,
  NAME_TAG,
  OWNER_TAG,
  type PolicyDocument,
} from '../kind.ts';
import type { ClusterRole, Clusters, FoundClusterRole, FoundRoles, Roles } from './model.ts';

/**
 * The roles of EMR and of its instances, by the scoped IAM permissions of an execution role: names `analysis-…`, one managed policy
 * that may be attached, one inline policy that can be read by its name, and no listing of policies. So the last tag that is written says
 * which policies a role has, and what somebody adds besides is not seen. Trust and boundary can be read, but not changed. An execution
 * role with wider permissions (`iam:*`) may list the policies; then the roles are managed as a whole.
 */

/** The one inline policy of the instances. */
export const INLINE = 'orgkeeper-clusters';
/** Written after the policies: a hash of them. */
export const CONTENT_TAG = 'orgkeeper:content';
/** The account, for cost reports. */
export const ACCOUNT_TAG = 'orgkeeper:account';

/** Makes the differences of this kind. */
export const difference = differencesOf('clusters');

/** The roles of an account in its region. Each region has its own, so that they end with the last cluster there. Pure. */
export function rolesOf(
  account: KindAccount,
  given: { readonly policy: PolicyDocument | undefined; readonly boundary: string | undefined },
): Roles {
  const { partition } = account;
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const managed = `arn:${partition}:iam::aws:policy/service-role/AmazonElasticMapReduceRole`;
  const role = (use: string, service: string, policy: ClusterRole['policy']): ClusterRole => {
    const name = `analysis-clusters-${use}-${account.region}`;
    const trust = {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { Service: `${service}.${suffix}` }, Action: 'sts:AssumeRole' },
      ],
    };
    return {
      name,
      arn: `arn:${partition}:iam::${account.accountId}:role/${name}`,
      partition,
      ...{ trust, policy },
      ...(given.boundary && { boundary: given.boundary }),
      tags: {
        [OWNER_TAG]: account.owner,
        [NAME_TAG]: `clusters.${use}`,
        [ACCOUNT_TAG]: account.accountId,
        [CONTENT_TAG]: createHash('sha256').update(JSON.stringify(policy)).digest('hex').slice(0, 16),
      },
    };
  };
  return {
    service: role('service', 'elasticmapreduce', managed),
    instances: role('instances', 'ec2', instancePolicy(partition, given.policy)),
  };
}

/** EMR's own files, which every instance reads when it starts, and what the baseline adds. */
function instancePolicy(partition: string, added: PolicyDocument | undefined): PolicyDocument {
  const own = {
    Sid: 'OrgkeeperClusterFiles',
    Effect: 'Allow',
    Action: ['s3:GetObject', 's3:ListBucket'],
    Resource: [`arn:${partition}:s3:::*elasticmapreduce`, `arn:${partition}:s3:::*elasticmapreduce/*`],
  };
  const describe = {
    Sid: 'OrgkeeperClusterInstances',
    Effect: 'Allow',
    Action: ['ec2:Describe*', 'elasticmapreduce:Describe*', 'elasticmapreduce:List*'],
    Resource: '*',
  };
  return { Version: '2012-10-17', Statement: [own, describe, ...[added?.Statement ?? []].flat()] };
}

/** The access that the roles are meant to give. Pure. */
export function intendedRoles({ service, instances }: Roles): IntendedRole[] {
  return [service, instances].map(({ arn, trust, policy, boundary }) => ({
    ...{ arn, trust },
    policies: typeof policy === 'string' ? [] : [policy],
    managedPolicies: typeof policy === 'string' ? [policy] : [],
    ...(boundary && { permissionsBoundary: boundary }),
  }));
}

/** ARNs to which the writes to the roles are limited. Pure. */
export function roleArns({ service, instances }: Roles): string[] {
  return [service.arn, instances.arn, instances.arn.replace(':role/', ':instance-profile/')];
}

/** Reads the roles, with four calls, and two more for each that exists. */
export async function readRoles({ service, instances }: Roles, context: KindContext): Promise<FoundRoles> {
  const { iam } = context.clients;
  const InstanceProfileName = instances.name;
  const read = async (name: string) => {
    const role = await getRole(name, context);
    return role && foundRole(role, await policiesOf(name, context));
  };
  const [one, other, policy, found] = await Promise.all([
    read(service.name),
    read(instances.name),
    orDenial(inlineDocument(instances.name, INLINE, context)),
    unlessNoEntity(iam.send(new GetInstanceProfileCommand({ InstanceProfileName }))),
  ]);
  const profile = found && (found.InstanceProfile?.Roles ?? []).map(({ RoleName }) => RoleName ?? '');
  return { service: one, instances: other, policy, profile };
}

function foundRole(role: Role, policies: FoundClusterRole['policies']): FoundClusterRole {
  return {
    tags: tagsOf(role),
    trust: role.AssumeRolePolicyDocument ?? '',
    boundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
    policies,
  };
}

/** The policies of a role; undefined if they may not be listed. */
async function policiesOf(name: string, context: KindContext): Promise<FoundClusterRole['policies']> {
  const [attached, inline] = await Promise.all([
    orDenial(attachedArns(name, context)),
    orDenial(inlineNames(name, context)),
  ]);
  return attached instanceof AccessDenied || inline instanceof AccessDenied
    ? undefined
    : { attached, inline };
}

/** The name of a role that somebody else has made in the place of ours; undefined if there is none. Pure. */
export function unownedRole({ roles, owner }: Clusters, found: FoundRoles): string | undefined {
  const use = USES.find((one) => found[one] && found[one].tags[OWNER_TAG] !== owner);
  return use && roles[use].name;
}

/** What each of the roles is for. */
export const USES = ['service', 'instances'] as const;

/** True if any of the roles exists. Pure. */
export function hasRoles(found: FoundRoles): boolean {
  return found.service !== undefined || found.instances !== undefined;
}

/** What differs of the roles while there are clusters. Pure. */
export function compareRoles({ roles }: Clusters, found: FoundRoles): Difference[] {
  const ofRoles = USES.flatMap((use) => {
    const role = roles[use];
    const actual = found[use];
    if (!actual) return [difference(roleNamed(role.name), '', { desired: role.arn })];
    const whole = asWhole(use, role, found);
    if (whole) {
      return compareRole('clusters', whole.wanted, whole.actual).map((one) => ({
        ...one,
        resource: roleNamed(role.name),
      }));
    }
    const ofTags = Object.entries(role.tags)
      .filter(([key, value]) => actual.tags[key] !== value)
      .map(([key, desired]) =>
        difference(roleNamed(role.name), `tags.${key}`, { desired, actual: actual.tags[key] }),
      );
    return use === 'instances' ? [...ofTags, ...comparePolicy(role, found)] : ofTags;
  });
  const { name } = roles.instances;
  if (found.profile?.includes(name)) return ofRoles;
  const profile = difference(profileNamed(name), found.profile ? 'role' : '', { desired: name });
  return [...ofRoles, profile];
}

/**
 * A role of which everything could be read, as roles are compared and written that are managed as a whole; undefined for another. Tags
 * of others stay.
 */
export function asWhole(
  use: (typeof USES)[number],
  { name, arn, partition, policy, trust, boundary, tags }: ClusterRole,
  found: FoundRoles,
): { readonly wanted: WantedRole; readonly actual: FoundRole } | undefined {
  const actual = found[use];
  const document = use === 'instances' ? found.policy : undefined;
  if (!actual?.policies || document instanceof AccessDenied) return undefined;
  const { attached, inline } = actual.policies;
  const same = { arn, name, path: '/', description: '', maxSessionDuration: 3_600 };
  const isManaged = typeof policy === 'string';
  return {
    wanted: {
      ...same,
      partition,
      trustPolicy: trust,
      inlinePolicies: isManaged ? {} : { [INLINE]: policy },
      managedPolicies: isManaged ? [policy] : [],
      permissionsBoundary: boundary,
      tags: { ...actual.tags, ...tags },
    },
    actual: {
      ...same,
      trustPolicy: actual.trust,
      inlinePolicies: Object.fromEntries(
        inline.map((each) => [each, each === INLINE ? document : undefined]),
      ),
      managedPolicies: attached,
      permissionsBoundary: actual.boundary,
      tags: actual.tags,
    },
  };
}

/** What somebody changed in the inline policy of the instances; nothing if it cannot be read. */
function comparePolicy({ name, policy, partition }: ClusterRole, found: FoundRoles): Difference[] {
  if (!found.instances || found.policy instanceof AccessDenied) return [];
  const path = `inlinePolicies.${INLINE}`;
  if (found.policy === undefined) return [difference(roleNamed(name), path, { desired: policy })];
  const sides = policySides(policy, found.policy, partition);
  return sides ? [difference(roleNamed(name), path, sides)] : [];
}

/** What somebody changed in the roles and the execution role may not change back. Pure. */
export function compareFixed({ roles }: Clusters, found: FoundRoles): Blocked[] {
  return USES.flatMap((use) => {
    const { name, partition, trust, boundary } = roles[use];
    const actual = found[use];
    if (!actual || asWhole(use, roles[use], found)) return [];
    const trusted = policySides(trust, actual.trust, partition);
    const limited = { desired: boundary, actual: actual.boundary };
    return [
      ...(trusted ? [fixed(name, TRUST, trusted)] : []),
      ...(limited.desired === limited.actual ? [] : [fixed(name, 'permissionsBoundary', limited)]),
    ];
  });
}

function fixed(name: string, path: string, sides: Sides): Blocked {
  const message =
    `The ${path} of the role ${name} is not as Orgkeeper made it, and the execution role may not change it: ` +
    'change it back; or delete the role once no cluster runs, and it is made again.';
  return {
    reason: 'NeedsReplacement',
    message,
    difference: difference(roleNamed(name), path, sides, 'reported'),
  };
}

/** That the inline policy could not be read. Pure. */
export function unseenPolicy({ roles }: Clusters, { policy }: FoundRoles): string[] {
  if (!(policy instanceof AccessDenied)) return [];
  return [
    `Unseen: the role by which Orgkeeper enters may not read the policies of ${roles.instances.name} (iam:GetRolePolicy), so changes by ` +
      'hand are not seen',
  ];
}

/** The removal of roles that no cluster needs any more. Pure. */
export function removedRoles({ roles }: Clusters, found: FoundRoles): Difference[] {
  return USES.flatMap((use) =>
    found[use] ? [difference(roleNamed(roles[use].name), '', { actual: roles[use].arn })] : [],
  );
}

export const roleNamed = (name: string) => `role ${name}`;
export const profileNamed = (name: string) => `instance profile ${name}`;
