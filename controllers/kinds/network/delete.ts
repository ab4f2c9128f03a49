import {
  DeleteInternetGatewayCommand,
  DeleteRouteTableCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
} from '@aws-sdk/client-ec2';
import { unlessGone } from '../../../shared/aws/gone.ts';
import { memberServices } from '../../../shared/aws/member-services.ts';
import { translateError } from '../../../shared/aws/translate-error.ts';
import { ForeignResource } from '../../../shared/domain/errors.ts';
import type { KindContext } from '../kind.ts';
import type { ThingType } from './actual.ts';

/**
 * Deletes one thing; one that is gone is fine (shared/aws/gone.ts). AWS itself refuses where something depends on it: then
 * ForeignResource `InUse`.
 */
export async function deleteOne(
  type: ThingType,
  id: string,
  { clients: { ec2 } }: Pick<KindContext, 'clients'>,
): Promise<void> {
  const send = {
    vpc: () => ec2.send(new DeleteVpcCommand({ VpcId: id })),
    'internet gateway': () => ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: id })),
    subnet: () => ec2.send(new DeleteSubnetCommand({ SubnetId: id })),
    'route table': () => ec2.send(new DeleteRouteTableCommand({ RouteTableId: id })),
    endpoint: async () => {
      const { Unsuccessful = [] } = await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] }));
      const { Code = '', Message = '' } = Unsuccessful[0]?.Error ?? {};
      const failure = Object.assign(new Error(Message), { name: Code });
      if (Code) throw translateError('ec2:DeleteVpcEndpoints', failure, memberServices.ec2);
    },
  }[type];
  await unlessGone(type, () => inUse(`${type} ${id}`, send));
}

/** Runs a call; AWS's refusal because something depends on it becomes ForeignResource `InUse`. */
export async function inUse(what: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof Error && /^(DependencyViolation|ResourceInUse)/.test(error.name))) throw error;
    throw new ForeignResource(`Something that is not ours depends on ${what}: ${error.message}`, {
      reason: 'InUse',
      remedy: `Find what uses ${what} and remove it; then it is tried again.`,
      cause: error,
    });
  }
}
