import { AttachInternetGatewayCommand, CreateInternetGatewayCommand } from '@aws-sdk/client-ec2';
import { justMade } from '../fresh.ts';
import { GATEWAY } from '../names.ts';
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

/** Makes the internet gateway and attaches it to our VPC. */
export async function applyGateway(work: Work, ids: Ids): Promise<void> {
  const { wanted, context } = work;
  const { ec2, ec2Once } = context.clients;
  const isNew = isToBeMade(work, GATEWAY);
  if (isNew) {
    const command = new CreateInternetGatewayCommand({
      TagSpecifications: tagSpecifications(wanted, GATEWAY, 'internet-gateway'),
    });
    const made = await createOnce(work, GATEWAY, () => ec2Once.send(command));
    ids.gateway = idFrom(made.InternetGateway?.InternetGatewayId, GATEWAY);
    context.record(justMade(GATEWAY, ids.gateway, context));
    wrote(work, GATEWAY, '');
  }
  if (!ids.gateway) return;
  if (isNew || changesOf(work, GATEWAY).some(({ path }) => path === 'attachment')) {
    const input = { InternetGatewayId: ids.gateway, VpcId: ids.vpc };
    await write(context, () => ec2.send(new AttachInternetGatewayCommand(input)));
    wrote(work, GATEWAY, 'attachment');
  }
  await applyTags(work, GATEWAY, ids.gateway);
}
