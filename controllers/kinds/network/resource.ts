import type { EC2Client, Filter, Tag } from '@aws-sdk/client-ec2';
import type { Command } from '../../../shared/aws/actions.ts';
import { pagesOf } from '../../../shared/aws/pages.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import {
  type Blocked,
  type Comparison,
  type KindContext,
  NAME_TAG,
  OWNER_TAG,
  type WritingContext,
} from '../kind.ts';
import {
  type Network,
  type NetworkActual,
  ofType,
  type Thing,
  type ThingOf,
  type ThingType,
} from './model.ts';

/**
 * One resource of a network, such as the subnets. Its file holds everything about it, from reading to removing. A new
 * resource, a NAT gateway say, is one file like `internet-gateway.ts` and one line in `network.ts`; its key in a baseline
 * stands in `section.ts`, its type in `model.ts`.
 */
export interface Resource<Found extends Thing = Thing> {
  readonly type: Found['type'];
  /** `vpc`: always in a VPC. `region`: in the account and region, attached to a VPC or not. */
  readonly standsIn: 'region' | 'vpc';
  /** All calls that the functions below make. */
  readonly permissions: { readonly read: readonly Command[]; readonly write: readonly Command[] };
  /** Names of the outputs that record ids (and facts) of this resource. */
  readonly outputs: RegExp;
  /** All resources of this type that AWS lists: in this VPC, or in the account and region (`standsIn`). Changes nothing. */
  read(ec2: EC2Client, vpcId: string): Promise<Found[]>;
  /**
   * Pure. One entry for each resource of ours that the account may have: its name, and how to tell it from copies of its tags.
   * @param things all resources that were read
   */
  signs(wanted: Network, things: readonly Thing[], vpcId: string | undefined): readonly Signs<Found>[];
  /** Pure. The differences, in the order in which `apply` writes them, and the unowned resources of this type in our VPC. */
  diff(wanted: Network, actual: NetworkActual | undefined): Partial<Comparison>;
  /** Writes the differences of this resource and nothing else; records each id at once (`made` in write.ts). */
  apply(work: Work): Promise<void>;
  /** Sends the one call that deletes the resource with this id. Throws AWS's error as it is. */
  delete(id: string, ec2: EC2Client): Promise<unknown>;
  /** Deletes the resources with these ids, and before that what prevents AWS from deleting them. Safe to repeat. */
  remove(ids: readonly string[], removal: Removal): Promise<void>;
}

/** How one of our resources is told from others that carry its tags. */
export interface Signs<Found extends Thing> {
  readonly named: Named;
  /** True if a field that is not copied along with tags is as we make it. Our `Name` tag always counts, too. */
  isLike?(candidate: Found): boolean;
  /** Of several candidates, the one with the lowest rank is ours. */
  rank?(candidate: Found): number;
  /** True if every field is as our create call makes it and the resource holds nothing, so that nobody has used it. */
  isAsMade(candidate: Found, kept: Found): boolean;
}

/** What the resources need to write the differences of one run. */
export interface Work {
  readonly wanted: Network;
  readonly actual: NetworkActual | undefined;
  readonly differences: readonly Difference[];
  readonly context: WritingContext;
  /** Ids by output, of the resources that were found and of those made so far. */
  readonly ids: Map<string, string>;
}

/** What the resources need to remove a network, once nothing unowned is in the way. */
export interface Removal {
  readonly actual: NetworkActual;
  readonly context: KindContext;
  /** Ids of all our resources of a type, including those of an earlier baseline. */
  readonly idsOf: (type: ThingType) => readonly string[];
}

/**
 * The names of one of our resources: `logical` in its tag `orgkeeper:name`, `resource` in differences, `output` where
 * its id is recorded.
 */
export interface Named<Type extends ThingType = ThingType> {
  readonly type: Type;
  readonly logical: string;
  readonly resource: string;
  readonly output: string;
}

/** Value of the tag `Name` of one of our resources, unless the baseline gives another. */
export function nameOf({ logical }: Pick<Named, 'logical'>): string {
  return `orgkeeper/${logical}`;
}

/** The tags that one of our resources must have; it may have others, too. */
export function wantedTags(
  wanted: Pick<Network, 'owner' | 'tags'>,
  named: Pick<Named, 'logical'>,
): Record<string, string> {
  return {
    Name: nameOf(named),
    ...wanted.tags,
    [OWNER_TAG]: wanted.owner,
    [NAME_TAG]: named.logical,
  };
}

/** Our resource of that name; undefined if it does not exist. */
export function ours<Type extends ThingType>(
  named: Named<Type>,
  actual: NetworkActual | undefined,
): ThingOf<Type> | undefined {
  const thing = actual?.ours[named.output];
  return thing && isOf(named.type, thing) ? thing : undefined;
}

function isOf<Type extends ThingType>(type: Type, thing: Thing): thing is ThingOf<Type> {
  return thing.type === type;
}

/** A field of a resource; the values as JSON. */
export interface Field {
  readonly resource: string;
  readonly path: string;
  readonly desired?: unknown;
  readonly actual?: unknown;
}

/** A difference to be written: `created` if there is no value yet. */
export function change(field: Field): Difference {
  const action = field.actual === undefined ? 'created' : 'updated';
  return { kind: 'network', ...field, action };
}

/** A difference that is only reported. */
export function report(field: Field): Difference {
  return { kind: 'network', ...field, action: 'reported' };
}

/** Reports the unowned resources of a type in our VPC, with the facts by which people know them besides the id. */
export function reportOthers<Type extends ThingType>(
  type: Type,
  actual: NetworkActual | undefined,
  factsOf: (thing: ThingOf<Type>) => Readonly<Record<string, string>> = () => ({}),
): Pick<Comparison, 'unowned'> {
  const others = ofType(type, actual?.others);
  return {
    unowned: others.map((thing) => {
      const { id } = thing;
      return report({ resource: `${type} ${id}`, path: '', actual: { id, ...factsOf(thing) } });
    }),
  };
}

/** A difference that cannot or must not be written, with the reason. */
export function block(reason: string, message: string, field: Field): Blocked {
  return { reason, message, difference: report(field) };
}

/** A difference in a field that AWS cannot change in place. */
export function needsReplacement(id: string, field: Field): Blocked {
  const message =
    `${field.resource} (${id}) has ${field.path} ${String(field.actual)} instead of ${String(field.desired)}, which ` +
    'AWS cannot change: set the baseline back; or delete the resource once nothing uses it, and it is made again.';
  return block('NeedsReplacement', message, field);
}

/** One difference for each tag that a resource should have and has not; further tags stay. */
export function tagChanges(named: Named, wanted: Network, thing: Thing): Difference[] {
  return Object.entries(wantedTags(wanted, named))
    .filter(([key, value]) => thing.tags[key] !== value)
    .map(([key, desired]) => {
      const actual = thing.tags[key];
      const field = { resource: named.resource, path: `tags.${key}`, desired };
      return change(actual === undefined ? field : { ...field, actual });
    });
}

/** Several comparisons as one, in order. */
export function joined(parts: readonly Partial<Comparison>[]): Comparison {
  const warnings = parts.flatMap(({ warnings = [] }) => warnings);
  return {
    differences: parts.flatMap(({ differences = [] }) => differences),
    blocked: parts.flatMap(({ blocked = [] }) => blocked),
    unowned: parts.flatMap(({ unowned = [] }) => unowned),
    ...(warnings.length > 0 && { warnings, warningsAsFound: warnings }),
  };
}

/** The filter by which EC2 lists what is in one VPC. */
export function vpcFilter(vpcId: string): Filter[] {
  return [{ Name: 'vpc-id', Values: [vpcId] }];
}

/** All items of a paged answer of EC2. */
export async function pages<Page extends { NextToken?: string | undefined }, Item>(
  call: (token: string | undefined) => Promise<Page>,
  itemsOf: (page: Page) => Item[] | undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pagesOf(call, ({ NextToken }) => NextToken)) items.push(...(itemsOf(page) ?? []));
  return items;
}

/** EC2's list of tags as a record. */
export function tagRecord(tags: readonly Tag[] = []): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}
