import { CreateVpcCommand, ModifyVpcAttributeCommand } from '@aws-sdk/client-ec2';
import { diffVpc } from '../diff/vpc.ts';
import { justMade } from '../fresh.ts';
import { VPC, wantedTags } from '../names.ts';
import {
  applyTags,
  changesOf,
  createOnce,
  type Ids,
  idFrom,
  isToBeMade,
  tagSpecifications,
  type Work,
  write,
  wrote,
} from './work.ts';

/** Makes the VPC or brings it back: one attribute a call, in the order of the differences. */
export async function applyVpc(work: Work, ids: Ids): Promise<void> {
  const { wanted } = work;
  let changes = changesOf(work, VPC);
  if (isToBeMade(work, VPC)) {
    const id = await createVpc(work);
    wrote(work, VPC, '');
    ids.vpc = id;
    // What AWS gives to a new one.
    const fresh = {
      id,
      cidr: wanted.cidr,
      plain: true,
      tags: wantedTags(wanted, VPC),
      dnsSupport: true,
      dnsHostnames: false,
    };
    changes = [...(diffVpc(wanted, fresh).differences ?? [])];
  }
  const VpcId = ids.vpc;
  for (const { path, desired } of changes) {
    const Value = desired === true;
    if (path === 'dnsSupport') await modify(work, { VpcId, EnableDnsSupport: { Value } });
    if (path === 'dnsHostnames') await modify(work, { VpcId, EnableDnsHostnames: { Value } });
    if (path === 'dnsSupport' || path === 'dnsHostnames') wrote(work, VPC, path);
  }
  if (VpcId) await applyTags({ ...work, differences: changes }, VPC, VpcId);
}

async function createVpc(work: Work): Promise<string> {
  const { wanted, context } = work;
  const command = new CreateVpcCommand({
    CidrBlock: wanted.cidr,
    TagSpecifications: tagSpecifications(wanted, VPC, 'vpc'),
  });
  const { Vpc } = await createOnce(work, VPC, () => context.clients.ec2Once.send(command));
  const id = idFrom(Vpc?.VpcId, VPC);
  context.record({ ...justMade(VPC, id, context), 'vpc.cidr': wanted.cidr });
  return id;
}

function modify({ context }: Work, input: ConstructorParameters<typeof ModifyVpcAttributeCommand>[0]) {
  return write(context, () => context.clients.ec2.send(new ModifyVpcAttributeCommand(input)));
}
