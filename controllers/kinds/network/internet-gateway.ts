import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  DeleteInternetGatewayCommand,
  DescribeInternetGatewaysCommand,
  DetachInternetGatewayCommand,
} from '@aws-sdk/client-ec2';
import { unlessGone } from '../../../shared/aws/gone.ts';
import type { Comparison } from '../kind.ts';
import { justMade } from './just-made.ts';
import { type InternetGateway, type Network, type NetworkActual, ofType } from './model.ts';
import {
  block,
  change,
  type Named,
  ours,
  pages,
  type Resource,
  report,
  tagChanges,
  tagRecord,
} from './resource.ts';
import { VPC } from './vpc.ts';
import {
  applyTags,
  changesOf,
  createOnce,
  deleteOne,
  idOf,
  inUse,
  isToBeMade,
  recordMade,
  tagSpecifications,
  write,
  wrote,
} from './write.ts';

export const GATEWAY: Named<'internet gateway'> = {
  type: 'internet gateway',
  logical: 'internet-gateway',
  resource: 'internet gateway',
  output: 'internetGateway.id',
};

/** The internet gateway, its attachment to our VPC, its tags. It stays if the baseline drops it, since it may have traffic. */
export const internetGateway: Resource<InternetGateway> = {
  type: 'internet gateway',
  standsIn: 'region',
  permissions: {
    read: ['ec2:DescribeInternetGateways'],
    write: [
      'ec2:AttachInternetGateway',
      'ec2:CreateInternetGateway',
      'ec2:CreateTags',
      'ec2:DeleteInternetGateway',
      'ec2:DetachInternetGateway',
    ],
  },
  outputs: /^internetGateway\.id$/,

  async read(ec2) {
    const gateways = await pages(
      (NextToken) => ec2.send(new DescribeInternetGatewaysCommand({ NextToken })),
      (page) => page.InternetGateways,
    );
    return gateways.map(({ InternetGatewayId = '', Attachments, Tags }) => ({
      type: 'internet gateway',
      id: InternetGatewayId,
      attachedTo: Attachments?.find(({ State = '' }) => !/^detach/i.test(State))?.VpcId,
      tags: tagRecord(Tags),
    }));
  },

  /** Not only if the baseline wants a gateway: ours may exist from an earlier baseline. */
  signs(_wanted, _things, vpcId) {
    return [
      {
        named: GATEWAY,
        rank: ({ attachedTo }) => (attachedTo !== undefined && attachedTo === vpcId ? 0 : 1),
        isAsMade: ({ attachedTo }) => attachedTo === undefined,
      },
    ];
  },

  diff,

  async apply(work) {
    const { wanted, context } = work;
    const { ec2, ec2Once } = context.clients;
    const isNew = isToBeMade(work, GATEWAY);
    if (isNew) {
      const command = new CreateInternetGatewayCommand({
        TagSpecifications: tagSpecifications(wanted, GATEWAY, 'internet-gateway'),
      });
      const { InternetGateway } = await createOnce(work, GATEWAY, () => ec2Once.send(command));
      recordMade(work, GATEWAY, InternetGateway?.InternetGatewayId, (id) => justMade(GATEWAY, id, context));
    }
    const InternetGatewayId = idOf(work, GATEWAY);
    if (!InternetGatewayId) return;
    if (isNew || changesOf(work, GATEWAY).some(({ path }) => path === 'attachment')) {
      const input = { InternetGatewayId, VpcId: idOf(work, VPC) };
      await write(context, () => ec2.send(new AttachInternetGatewayCommand(input)));
      wrote(work, GATEWAY, 'attachment');
    }
    await applyTags(work, GATEWAY, InternetGatewayId);
  },

  delete: (InternetGatewayId, ec2) => ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId })),

  /** Detaches each gateway first: AWS does not delete an attached one. */
  async remove(ids, { actual, context }) {
    const { ec2 } = context.clients;
    const gateways = ofType('internet gateway', [...Object.values(actual.ours), ...actual.others]);
    for (const InternetGatewayId of ids) {
      const VpcId = gateways.find(({ id }) => id === InternetGatewayId)?.attachedTo;
      const command = new DetachInternetGatewayCommand({ InternetGatewayId, VpcId });
      const detach = () => inUse(`internet gateway ${InternetGatewayId}`, () => ec2.send(command));
      if (VpcId) await unlessGone('attachment', detach);
      await deleteOne(internetGateway, InternetGatewayId, context);
    }
  },
};

/** True if our gateway can take traffic, at the latest once the differences are written. */
export function gatewayIsUsable(wanted: Network, actual: NetworkActual | undefined): boolean {
  return wanted.internetGateway && (diff(wanted, actual).blocked ?? []).length === 0;
}

function diff(wanted: Network, actual: NetworkActual | undefined): Partial<Comparison> {
  const { resource } = GATEWAY;
  const vpc = ours(VPC, actual);
  const gateway = ours(GATEWAY, actual);
  if (!wanted.internetGateway) {
    return gateway ? { unowned: [report({ resource, path: '', actual: gateway.id })] } : {};
  }
  const attachment = { resource, path: 'attachment', desired: vpc?.id ?? 'vpc' };
  const [other] = ofType('internet gateway', actual?.others);
  if (vpc && other && gateway?.attachedTo !== vpc.id) {
    const message =
      `VPC ${vpc.id} has an internet gateway that is not ours, ${other.id}, and can have only one: ` +
      'detach that gateway, or tag it as ours.';
    return { blocked: [block('ForeignResource', message, { ...attachment, actual: other.id })] };
  }
  if (!gateway) return { differences: [change({ resource, path: '', desired: { attachment: 'vpc' } })] };
  const differences = tagChanges(GATEWAY, wanted, gateway);
  if (gateway.attachedTo === undefined) return { differences: [change(attachment), ...differences] };
  if (gateway.attachedTo === vpc?.id) return { differences };
  const message =
    `Our internet gateway ${gateway.id} is attached to ${gateway.attachedTo}, where it may have traffic: ` +
    'detach it from that VPC, and it is attached to ours again.';
  return {
    differences,
    blocked: [block('ForeignResource', message, { ...attachment, actual: gateway.attachedTo })],
  };
}
