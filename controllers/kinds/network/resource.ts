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
 * One resource that a network consists of, such as subnets: all about it stands in one file, from reading to removing.
 * A new one, a NAT gateway say, is a file like `internet-gateway.ts` and a line in `resources.ts`; what the baseline says
 * about it is a key of `section.ts`, what AWS has of it a type in `model.ts`.
 */
export interface Resource<Found extends Thing = Thing> {
  readonly type: Found['type'];
  /** `vpc`: always within one. `region`: it may be anywhere in the account and region, attached or not. */
  readonly standsIn: 'region' | 'vpc';
  /** Every call that its functions make. */
  readonly permissions: { readonly read: readonly Command[]; readonly write: readonly Command[] };
  /** Names of the outputs that record it. */
  readonly outputs: RegExp;
  /** All of it that AWS lists, in this VPC or in the account and region (`standsIn`). Changes nothing. */
  read(ec2: EC2Client, vpcId: string): Promise<Found[]>;
  /** Pure. Each one that the account is to have, and how it is told from others that carry its tags. */
  signs(wanted: Network, things: readonly Thing[], vpcId: string | undefined): readonly Signs<Found>[];
  /** Pure. What differs, in the order in which it is written, and what others have of it in our VPC. */
  diff(wanted: Network, actual: NetworkActual | undefined): Partial<Comparison>;
  /** Writes its differences and nothing else; what it makes is recorded at once (`made` in write.ts). */
  apply(work: Work): Promise<void>;
  /** Sends the one call that deletes it. Throws what AWS answers. */
  delete(id: string, ec2: EC2Client): Promise<unknown>;
  /** Takes away these of ours, and before them what holds them; safe to repeat. */
  remove(ids: readonly string[], removal: Removal): Promise<void>;
}

/** How one of our things is told from others that carry its tags. */
export interface Signs<Found extends Thing> {
  readonly named: Named;
  /** Like what we make in what people who copy tags do not copy; beside our `Name`, which counts always. */
  isLike?(candidate: Found): boolean;
  /** Lower first. */
  rank?(candidate: Found): number;
  /** True when it is to the field what our create makes, and holds nothing: nobody has used it since. */
  isAsMade(candidate: Found, kept: Found): boolean;
}

/** One application of differences: what is wanted, what was there, what is to be written. */
export interface Work {
  readonly wanted: Network;
  readonly actual: NetworkActual | undefined;
  readonly differences: readonly Difference[];
  readonly context: WritingContext;
  /** Ids by output, as they are known by now: found ones first, made ones from then on. */
  readonly ids: Map<string, string>;
}

/** The removal of a network, which nothing of others is in the way of. */
export interface Removal {
  readonly actual: NetworkActual;
  readonly context: KindContext;
  /** Ids of all of ours of a type, those that an earlier baseline had included. */
  readonly idsOf: (type: ThingType) => readonly string[];
}

/**
 * What one of our things is called: `logical` in its tag `orgkeeper:name`, `resource` in differences, `output`
 * where its id is recorded.
 */
export interface Named<Type extends ThingType = ThingType> {
  readonly type: Type;
  readonly logical: string;
  readonly resource: string;
  readonly output: string;
}

/** Its `Name`, where the baseline gives no other. */
export function nameOf({ logical }: Pick<Named, 'logical'>): string {
  return `orgkeeper/${logical}`;
}

/** The tags that it has to carry; others may be there too. */
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

/** Ours of that name, if it is there. */
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

/** A field of one of our things, the values as JSON. */
export interface Field {
  readonly resource: string;
  readonly path: string;
  readonly desired?: unknown;
  readonly actual?: unknown;
}

/** Something to be written: `created` where there is nothing yet. */
export function change(field: Field): Difference {
  const action = field.actual === undefined ? 'created' : 'updated';
  return { kind: 'network', ...field, action };
}

/** Seen and left alone. */
export function report(field: Field): Difference {
  return { kind: 'network', ...field, action: 'reported' };
}

/** What others have of a resource in our VPC: reported, with what people know it by besides its id. */
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

/** Seen, and in the way for this reason; left alone. */
export function block(reason: string, message: string, field: Field): Blocked {
  return { reason, message, difference: report(field) };
}

/** What AWS cannot change in place. */
export function needsReplacement(id: string, field: Field): Blocked {
  const message =
    `${field.resource} (${id}) has ${field.path} ${String(field.actual)} instead of ${String(field.desired)}, which ` +
    'AWS cannot change: set the baseline back, or remove it by hand once nothing uses it, and it is made anew.';
  return block('NeedsReplacement', message, field);
}

/** One difference for each tag that it should carry and does not; further tags stay. */
export function tagChanges(named: Named, wanted: Network, thing: Thing): Difference[] {
  return Object.entries(wantedTags(wanted, named))
    .filter(([key, value]) => thing.tags[key] !== value)
    .map(([key, desired]) => {
      const actual = thing.tags[key];
      const field = { resource: named.resource, path: `tags.${key}`, desired };
      return change(actual === undefined ? field : { ...field, actual });
    });
}

/** The comparisons of several parts as one, in order. */
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
export function within(vpcId: string): Filter[] {
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
