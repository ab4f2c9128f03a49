import type { KindContext, Observation } from '../kind.ts';
import { NAME_TAG } from '../kind.ts';
import type { Inside, NetworkActual } from './actual.ts';
import { assemble } from './assemble.ts';
import { forgetOld, notShownYet } from './fresh.ts';
import { isAnothers, isOurs } from './identify.ts';
import { GATEWAY, tableNamed, VPC } from './names.ts';
import { readInside, readInternetGateways, readVpcs } from './read.ts';
import type { Network } from './render.ts';

/**
 * See Kind. With a recorded VPC: seven calls, all at once. A second step only where the VPC has to be found by its
 * tags, or where a second VPC carries them. What was made a moment ago and does not show yet is waited for: EC2 would
 * make a second VPC, gateway or route table without a word. Of subnets and gateway endpoints it refuses a second one.
 */
export async function observe(wanted: Network, context: KindContext): Promise<Observation<NetworkActual>> {
  const {
    clients: { ec2 },
    recorded,
  } = context;
  const { owner } = wanted;
  const recordedId = recorded[VPC.output];
  const [vpcs, gateways, known] = await Promise.all([
    readVpcs(ec2),
    readInternetGateways(ec2),
    recordedId ? readInside(ec2, recordedId) : undefined,
  ]);
  const listed = vpcs.find(({ id }) => id === recordedId);
  if (known?.attributes && !listed) {
    return settling(`VPC ${recordedId} exists, but is not listed yet.`);
  }
  if (listed && isAnothers(listed, owner)) return foreign(listed.id);
  const unseen =
    notShownYet(VPC, vpcs, context) ??
    notShownYet(GATEWAY, gateways, context) ??
    wanted.routings
      .map((routing) => listed && notShownYet(tableNamed(routing), known?.tables ?? [], context))
      .find((id) => id !== undefined);
  if (unseen) return settling(`${unseen} was made less than a minute ago, and AWS does not show it yet.`);
  forgetOld(context);

  const named = vpcs.filter((vpc) => vpc.tags[NAME_TAG] === VPC.logical);
  const tagged = named.filter((vpc) => isOurs(vpc, owner));
  const another = named.find((vpc) => isAnothers(vpc, owner));
  if (!listed && tagged.length === 0 && another) return foreign(another.id);

  const unread = tagged.filter(({ id }) => id !== recordedId);
  const more = await Promise.all(unread.map(({ id }) => readInside(ec2, id)));
  const inside = new Map<string, Inside>();
  for (const one of [...(known && listed ? [known] : []), ...more]) inside.set(one.vpcId, one);
  for (const { vpcId, attributes } of inside.values()) {
    if (!attributes) return settling(`VPC ${vpcId} is listed, but its attributes are not to be had yet.`);
  }
  const actual = assemble({ vpcs, gateways, inside }, wanted, { owner, recorded });
  return actual.vpc || actual.gateway ? { state: 'present', actual } : { state: 'absent' };
}

function settling(message: string): Observation<NetworkActual> {
  return { state: 'settling', message, retryAfterSeconds: 10 };
}

function foreign(id: string): Observation<NetworkActual> {
  return {
    state: 'foreign',
    message: `VPC ${id} is kept by another Orgkeeper: its tag orgkeeper:owner names another Main account.`,
    remedy: 'Let the other one give the account up (retire it there), or delete that tag from the VPC.',
  };
}
