import type { EC2Client } from '@aws-sdk/client-ec2';
import type { KindContext, Observation } from '../kind.ts';
import { NAME_TAG } from '../kind.ts';
import type { Inside, NetworkActual, TaggedAsOurs } from './actual.ts';
import { assemble } from './assemble.ts';
import { forgetOld, isYoungerThanUnanswered, notShownYet } from './fresh.ts';
import { isAnothers, isOurs, isOurVpc } from './identify.ts';
import { GATEWAY, tableNamed, VPC } from './names.ts';
import { readInside, readInternetGateways, readVpcs } from './read.ts';
import type { Network } from './render.ts';
import { usersOf } from './users.ts';

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
  const ours = tagged.some((vpc) => isOurVpc(vpc, wanted));
  const another = named.find((vpc) => isAnothers(vpc, owner));
  if (!listed && !ours && another) return foreign(another.id);

  // Beside ours, only one that we may have made twice is looked into.
  const unread = tagged.filter(
    ({ id }) => id !== recordedId && (!listed || isYoungerThanUnanswered(VPC, id, context)),
  );
  const more = await Promise.all(unread.map(({ id }) => readInside(ec2, id)));
  const inside = new Map<string, Inside>();
  for (const one of [...(known && listed ? [known] : []), ...more]) inside.set(one.vpcId, one);
  for (const { vpcId, attributes } of inside.values()) {
    if (!attributes) return settling(`VPC ${vpcId} is listed, but its attributes are not to be had yet.`);
  }
  const { now } = context;
  const found = assemble({ vpcs, gateways, inside }, wanted, { owner, recorded, now });
  const actual = { ...found, taggedAsOurs: await unlessUsed(found.taggedAsOurs, ec2) };
  const something = actual.vpc || actual.gateway || actual.taggedAsOurs.length > 0;
  return something ? { state: 'present', actual } : { state: 'absent' };
}

/** A second VPC of ours that anybody uses is not ours to remove: six calls, only where there seems to be one. */
async function unlessUsed(tagged: readonly TaggedAsOurs[], ec2: EC2Client): Promise<TaggedAsOurs[]> {
  return Promise.all(
    tagged.map(async (one) => {
      if (!one.made || one.type !== 'vpc') return one;
      return { ...one, made: (await usersOf([one.id], ec2)).length === 0 };
    }),
  );
}

function settling(message: string): Observation<NetworkActual> {
  return { state: 'pending', message, retryAfterSeconds: 10 };
}

function foreign(id: string): Observation<NetworkActual> {
  return {
    state: 'unowned',
    message: `VPC ${id} is kept by another Orgkeeper: its tag orgkeeper:owner names another Main account.`,
    remedy: 'Let the other one give the account up (retire it there), or delete that tag from the VPC.',
  };
}
