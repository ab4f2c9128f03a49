import type { Comparison } from '../../kind.ts';
import type { Vpc, VpcAttributes } from '../actual.ts';
import { VPC } from '../names.ts';
import type { Network } from '../render.ts';
import { change, needsReplacement, tagChanges } from './entry.ts';

const { resource } = VPC;

/** Block, DNS attributes (in the order in which AWS takes them), tags. */
export function diffVpc(wanted: Network, vpc: (Vpc & VpcAttributes) | undefined): Partial<Comparison> {
  const { cidr, dnsSupport, dnsHostnames } = wanted;
  if (!vpc)
    return { differences: [change({ resource, path: '', desired: { cidr, dnsSupport, dnsHostnames } })] };
  // Host names need DNS support: switched on after it, and off before it.
  const paths = dnsSupport
    ? (['dnsSupport', 'dnsHostnames'] as const)
    : (['dnsHostnames', 'dnsSupport'] as const);
  return {
    differences: [
      ...paths
        .filter((path) => vpc[path] !== wanted[path])
        .map((path) => change({ resource, path, desired: wanted[path], actual: vpc[path] })),
      ...tagChanges(VPC, wanted, vpc),
    ],
    blocked:
      vpc.cidr === cidr
        ? []
        : [needsReplacement(vpc.id, { resource, path: 'cidr', desired: cidr, actual: vpc.cidr })],
  };
}
