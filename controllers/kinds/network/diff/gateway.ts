import type { Comparison } from '../../kind.ts';
import type { NetworkActual } from '../actual.ts';
import { GATEWAY } from '../names.ts';
import type { Network } from '../render.ts';
import { block, change, report, tagChanges } from './entry.ts';

const { resource } = GATEWAY;

/** The internet gateway, its attachment to our VPC, its tags. One that is not wanted any more stays: it has traffic. */
export function diffGateway(wanted: Network, actual: NetworkActual | undefined): Partial<Comparison> {
  const { vpc, gateway } = actual ?? {};
  if (!wanted.internetGateway) {
    return gateway ? { unowned: [report({ resource, path: '', actual: gateway.id })] } : {};
  }
  const [other] = actual?.others.gateways ?? [];
  if (vpc && other && gateway?.attachedTo !== vpc.id) {
    const message =
      `VPC ${vpc.id} has an internet gateway that is not ours, ${other.id}, and can have only one: ` +
      'detach it, or tag it as ours.';
    return {
      blocked: [
        block('ForeignResource', message, {
          resource,
          path: 'attachment',
          desired: vpc.id,
          actual: other.id,
        }),
      ],
    };
  }
  if (!gateway) return { differences: [change({ resource, path: '', desired: { attachment: 'vpc' } })] };
  const differences = tagChanges(GATEWAY, wanted, gateway);
  const attachment = { resource, path: 'attachment', desired: vpc?.id ?? 'vpc' };
  if (gateway.attachedTo === undefined) return { differences: [change(attachment), ...differences] };
  if (gateway.attachedTo === vpc?.id) return { differences };
  const message =
    `Our internet gateway ${gateway.id} is attached to ${gateway.attachedTo}, where it may have traffic: ` +
    'detach it there, and it is attached to our VPC again.';
  return {
    differences,
    blocked: [block('ForeignResource', message, { ...attachment, actual: gateway.attachedTo })],
  };
}

/** True when traffic can be sent to it, or will be once the differences are written. */
export function gatewayIsUsable(wanted: Network, actual: NetworkActual | undefined): boolean {
  return wanted.internetGateway && (diffGateway(wanted, actual).blocked ?? []).length === 0;
}
