import type { EC2Client } from '@aws-sdk/client-ec2';
import type { KindContext, Observation } from '../kind.ts';
import { NAME_TAG } from '../kind.ts';
import { forgetOld, isYoungerThanUnanswered, notShownYet } from './just-made.ts';
import { type Network, type NetworkActual, ofType, type TaggedAsOurs, type Thing } from './model.ts';
import { resources } from './network.ts';
import { usersOf } from './obstacles.ts';
import { isAnothers, isOurs, tellApart } from './ownership.ts';
import { isOurVpc, readAttributes, VPC } from './vpc.ts';

/** Everything that AWS lists in one VPC; `attributes` is undefined if AWS does not know the VPC. */
interface Inside {
  readonly vpcId: string;
  readonly attributes: Awaited<ReturnType<typeof readAttributes>>;
  readonly things: readonly Thing[];
}

/**
 * See Kind. With a recorded VPC: seven calls, all at once. Further calls follow only if the VPC must be found by its tags, or
 * if a second VPC has them. `pending` while AWS does not yet list a resource that was made a moment ago (just-made.ts), because
 * EC2 would make a second VPC, gateway or route table. (It refuses a second subnet or gateway endpoint.)
 */
export async function observe(wanted: Network, context: KindContext): Promise<Observation<NetworkActual>> {
  const {
    clients: { ec2 },
    recorded,
  } = context;
  const { owner } = wanted;
  const recordedId = recorded[VPC.output];
  const [region, known] = await Promise.all([
    readRegion(ec2),
    recordedId ? readInside(ec2, recordedId) : undefined,
  ]);
  const vpcs = ofType('vpc', region);
  const listed = vpcs.find(({ id }) => id === recordedId);
  if (known?.attributes && !listed) {
    return pending(`VPC ${recordedId} exists, but is not listed yet.`);
  }
  if (listed && isAnothers(listed, owner)) return unowned(listed.id);
  const shown = [...region, ...(known?.things ?? [])];
  const unseen = resources
    .filter(({ standsIn }) => standsIn === 'region' || listed)
    .flatMap((resource) => resource.signs(wanted, shown, recordedId))
    .map(({ named }) => notShownYet(named, shown, context))
    .find((id) => id !== undefined);
  if (unseen) return pending(`${unseen} was made less than a minute ago, and AWS does not show it yet.`);
  forgetOld(context);

  const named = vpcs.filter(({ tags }) => tags[NAME_TAG] === VPC.logical);
  const tagged = named.filter((one) => isOurs(one, owner));
  const ours = tagged.some((one) => isOurVpc(one, wanted));
  const another = named.find((one) => isAnothers(one, owner));
  if (!listed && !ours && another) return unowned(another.id);

  // Of the other VPCs, read only those that may come from a create call without an answer.
  const unread = tagged
    .map(({ id }) => id)
    .filter((id) => id !== recordedId && (!listed || isYoungerThanUnanswered(VPC, id, context)));
  const more = await Promise.all([...new Set(unread)].map((id) => readInside(ec2, id)));
  const inside = [...(known && listed ? [known] : []), ...more];
  const unknown = inside.find(({ attributes }) => !attributes);
  if (unknown) return pending(`VPC ${unknown.vpcId} is listed, but its attributes cannot be read yet.`);

  const things = [
    ...region.map((one) => ({ ...one, ...inside.find(({ vpcId }) => vpcId === one.id)?.attributes })),
    ...inside.flatMap((one) => one.things),
  ];
  const { now } = context;
  const found = tellApart(resources, things, wanted, { owner, recorded, now });
  const actual = { ...found, taggedAsOurs: await unlessUsed(found.taggedAsOurs, ec2) };
  const something = Object.keys(actual.ours).length > 0 || actual.taggedAsOurs.length > 0;
  return something ? { state: 'present', actual } : { state: 'absent' };
}

/** Reads the resources of the account and region: one call each, all at once. */
async function readRegion(ec2: EC2Client): Promise<Thing[]> {
  const inRegion = resources.filter(({ standsIn }) => standsIn === 'region');
  return (await Promise.all(inRegion.map((resource) => resource.read(ec2, '')))).flat();
}

/** Reads the resources in one VPC, one call each, and its attributes, two calls; all at once. */
async function readInside(ec2: EC2Client, vpcId: string): Promise<Inside> {
  const inVpc = resources.filter(({ standsIn }) => standsIn === 'vpc');
  const [attributes, things] = await Promise.all([
    readAttributes(ec2, vpcId),
    Promise.all(inVpc.map((resource) => resource.read(ec2, vpcId))),
  ]);
  return { vpcId, attributes, things: things.flat() };
}

/** A duplicate VPC stays if anybody uses it. Makes six calls, and only if a duplicate was found. */
async function unlessUsed(tagged: readonly TaggedAsOurs[], ec2: EC2Client): Promise<TaggedAsOurs[]> {
  return Promise.all(
    tagged.map(async (one) => {
      if (!one.made || one.type !== 'vpc') return one;
      return { ...one, made: (await usersOf([one.id], ec2)).length === 0 };
    }),
  );
}

function pending(message: string): Observation<NetworkActual> {
  return { state: 'pending', message, retryAfterSeconds: 10 };
}

function unowned(id: string): Observation<NetworkActual> {
  return {
    state: 'unowned',
    message: `VPC ${id} is managed by another Orgkeeper: its tag orgkeeper:owner names another Main account.`,
    remedy: 'Retire the account in the other Orgkeeper, or delete that tag from the VPC.',
  };
}
