import {
  CreateVpcCommand,
  DeleteVpcCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type Vpc as Ec2Vpc,
  ModifyVpcAttributeCommand,
} from '@aws-sdk/client-ec2';
import { unlessGone } from '../../../shared/aws/gone.ts';
import { NAME_TAG } from '../kind.ts';
import { justMade } from './just-made.ts';
import {
  hasLocalRoutesOnly,
  isMainTable,
  type Network,
  ofType,
  type Thing,
  type Vpc,
  vpcIdOf,
} from './model.ts';
import { isNamed, isOurs } from './ownership.ts';
import {
  change,
  type Named,
  needsReplacement,
  ours,
  pages,
  type Resource,
  tagChanges,
  tagRecord,
  type Work,
} from './resource.ts';
import {
  applyTags,
  changesOf,
  createOnce,
  deleteOne,
  idOf,
  isToBeMade,
  recordMade,
  tagSpecifications,
  write,
  wrote,
} from './write.ts';

export const VPC: Named<'vpc'> = { type: 'vpc', logical: 'vpc', resource: 'vpc', output: 'vpc.id' };
/** The output that records the VPC's block. */
export const VPC_BLOCK = 'vpc.cidr';

/** The VPC: its block, DNS attributes and tags. Everything else of a network is in it. */
export const vpc: Resource<Vpc> = {
  type: 'vpc',
  standsIn: 'region',
  permissions: {
    read: ['ec2:DescribeVpcAttribute', 'ec2:DescribeVpcs'],
    write: ['ec2:CreateTags', 'ec2:CreateVpc', 'ec2:DeleteVpc', 'ec2:ModifyVpcAttribute'],
  },
  outputs: /^vpc\.(id|cidr)$/,

  /** All VPCs of the region, which are few, in one call: ours, duplicates, and those without tags. Without DNS attributes. */
  async read(ec2) {
    const vpcs = await pages(
      (NextToken) => ec2.send(new DescribeVpcsCommand({ NextToken })),
      (page) => page.Vpcs,
    );
    return vpcs.map(vpcOf);
  },

  signs(wanted, things) {
    return [
      {
        named: VPC,
        isLike: (one) => isOurVpc(one, wanted),
        // The VPC that holds most resources.
        rank: ({ id }) => -things.filter((thing) => vpcIdOf(thing) === id && !isMainTable(thing)).length,
        isAsMade: (one) => isAsMade(one, wanted, things),
      },
    ];
  },

  diff(wanted, actual) {
    const { cidr, dnsSupport, dnsHostnames } = wanted;
    const { resource } = VPC;
    const found = ours(VPC, actual);
    if (!found)
      return { differences: [change({ resource, path: '', desired: { cidr, dnsSupport, dnsHostnames } })] };
    const blocks = { resource, path: 'cidr', desired: cidr, actual: found.cidr };
    return {
      differences: [...attributeChanges(wanted, found), ...tagChanges(VPC, wanted, found)],
      blocked: found.cidr === cidr ? [] : [needsReplacement(found.id, blocks)],
    };
  },

  /** One attribute a call, in the order of the differences. */
  async apply(work) {
    const { wanted, context } = work;
    const isNew = isToBeMade(work, VPC);
    if (isNew) await create(work);
    const VpcId = idOf(work, VPC);
    // The attributes of a new VPC.
    const changes = isNew
      ? attributeChanges(wanted, { dnsSupport: true, dnsHostnames: false })
      : changesOf(work, VPC);
    for (const { path, desired } of changes) {
      if (path !== 'dnsSupport' && path !== 'dnsHostnames') continue;
      const attribute = path === 'dnsSupport' ? 'EnableDnsSupport' : 'EnableDnsHostnames';
      const command = new ModifyVpcAttributeCommand({ VpcId, [attribute]: { Value: desired === true } });
      await write(context, () => context.clients.ec2.send(command));
      wrote(work, VPC, path);
    }
    if (VpcId) await applyTags(work, VPC, VpcId);
  },

  delete: (VpcId, ec2) => ec2.send(new DeleteVpcCommand({ VpcId })),

  async remove(ids, { context }) {
    for (const id of ids) await deleteOne(vpc, id, context);
  },
};

/** Converts EC2's description of a VPC; the DNS attributes are not in it. */
export function vpcOf({ VpcId = '', CidrBlock = '', Tags, ...more }: Ec2Vpc): Vpc {
  const {
    CidrBlockAssociationSet = [],
    Ipv6CidrBlockAssociationSet = [],
    InstanceTenancy = 'default',
  } = more;
  const single = CidrBlockAssociationSet.length <= 1 && Ipv6CidrBlockAssociationSet.length === 0;
  return {
    type: 'vpc',
    id: VpcId,
    cidr: CidrBlock,
    plain: single && InstanceTenancy === 'default',
    dnsSupport: undefined,
    dnsHostnames: undefined,
    tags: tagRecord(Tags),
  };
}

/** The DNS attributes of a VPC: two calls at once, since each answers one. Undefined if AWS does not know the VPC. */
export async function readAttributes(
  ec2: EC2Client,
  VpcId: string,
): Promise<{ readonly dnsSupport: boolean; readonly dnsHostnames: boolean } | undefined> {
  const ask = (Attribute: 'enableDnsSupport' | 'enableDnsHostnames') =>
    unlessGone('vpc', () => ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute })));
  const [support, hostnames] = await Promise.all([ask('enableDnsSupport'), ask('enableDnsHostnames')]);
  if (!support || !hostnames) return undefined;
  return {
    dnsSupport: support.EnableDnsSupport?.Value ?? false,
    dnsHostnames: hostnames.EnableDnsHostnames?.Value ?? false,
  };
}

/** True of a VPC that is ours by its tags, although no id was recorded. */
export function isOurVpc(one: Vpc, wanted: Network): boolean {
  if (!isOurs(one, wanted.owner) || one.tags[NAME_TAG] !== VPC.logical) return false;
  return one.cidr === wanted.cidr || isNamed(one, VPC, wanted);
}

/** True of a VPC that holds only its main route table and has the attributes that AWS sets. */
function isAsMade(one: Vpc, wanted: Network, things: readonly Thing[]): boolean {
  const inside = things.filter((thing) => vpcIdOf(thing) === one.id);
  const tables = ofType('route table', inside);
  return (
    one.plain &&
    one.cidr === wanted.cidr &&
    one.dnsSupport === true &&
    one.dnsHostnames === false &&
    inside.length === tables.length &&
    tables.length <= 1 &&
    tables.every((table) => table.associations.every(({ main }) => main) && hasLocalRoutesOnly(table))
  );
}

/** DNS host names need DNS support, so they are switched on after it, and off before it. */
function attributeChanges(wanted: Network, found: Pick<Vpc, 'dnsSupport' | 'dnsHostnames'>) {
  const paths = ['dnsSupport', 'dnsHostnames'] as const;
  return (wanted.dnsSupport ? paths : paths.toReversed())
    .filter((path) => found[path] !== wanted[path])
    .map((path) => change({ resource: VPC.resource, path, desired: wanted[path], actual: found[path] }));
}

async function create(work: Work): Promise<void> {
  const { wanted, context } = work;
  const command = new CreateVpcCommand({
    CidrBlock: wanted.cidr,
    TagSpecifications: tagSpecifications(wanted, VPC, 'vpc'),
  });
  const { Vpc } = await createOnce(work, VPC, () => context.clients.ec2Once.send(command));
  recordMade(work, VPC, Vpc?.VpcId, (id) => ({ ...justMade(VPC, id, context), [VPC_BLOCK]: wanted.cidr }));
}
