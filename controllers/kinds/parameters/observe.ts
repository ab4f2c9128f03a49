import { paginateGetResources } from '@aws-sdk/client-resource-groups-tagging-api';
import {
  DescribeParametersCommand,
  GetParametersCommand,
  ListTagsForResourceCommand,
  type ParameterMetadata,
  type Parameter as SsmParameter,
} from '@aws-sdk/client-ssm';
import { type KindAccount, type KindContext, NAME_TAG, type Observation, OWNER_TAG } from '../kind.ts';
import type { Parameters } from './render.ts';
import { keptTags } from './tags.ts';

/** What the account has: the wanted ones that exist, and ours that nobody wants any more. */
export interface ActualParameters {
  readonly found: Readonly<Record<string, ActualParameter>>;
  /** Made by us, tagged so, and no longer in the baseline. */
  readonly dropped: readonly string[];
}

export interface ActualParameter {
  readonly name: string;
  readonly arn: string;
  /** Absent for a SecureString: a secret is not read. */
  readonly value: string | undefined;
  readonly type: string;
  readonly tier: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** `ours`: made by Orgkeeper. `adopted`: was there before. `foreign`: another Orgkeeper's. */
  readonly whose: 'ours' | 'adopted' | 'foreign';
}

type Tags = Readonly<Record<string, string>>;

/** Of SSM, whose tags have both, and of the index, where either may be missing. */
interface AnyTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** SSM's limits of names a call. */
const GET_MOST = 10;
const DESCRIBE_MOST = 50;

/**
 * See Kind. Three calls at once for up to ten parameters. The tags come from one index for all, which lags on AWS:
 * where it shows a difference, the parameter itself is asked, so that nothing is written because of the lag.
 */
export async function observe(
  wanted: Parameters,
  context: KindContext,
): Promise<Observation<ActualParameters>> {
  const names = wanted.parameters.map(({ name }) => name);
  const [values, described, indexed] = await Promise.all([
    getValues(names, context),
    describe(names, context),
    taggedByUs(context),
  ]);
  const there = wanted.parameters.filter(({ name }) => values.has(name) && described.has(name));
  const tagged = await Promise.all(
    there.map(async (parameter) => {
      const seen = indexed.get(parameter.name) ?? {};
      const recorded = isRecorded(parameter.name, context);
      const asWanted = keptTags(parameter, wanted.owner, whose(seen, recorded, context));
      const right = seen[NAME_TAG] && Object.entries(asWanted).every(([key, value]) => seen[key] === value);
      return right ? seen : ((await tagsOf(parameter.name, context)) ?? {});
    }),
  );
  const found = there.map(({ name }, index): ActualParameter => {
    const tags = tagged[index] ?? {};
    const { Value, Type = 'String' } = values.get(name) ?? {};
    const { Tier = 'Standard', Description = '' } = described.get(name) ?? {};
    return {
      name,
      arn: arnOf(name, context.account),
      value: Type === 'SecureString' ? undefined : Value,
      type: Type,
      tier: Tier,
      description: Description,
      tags,
      whose: whose(tags, isRecorded(name, context), context),
    };
  });
  const dropped = await confirmOurs(
    [...indexed]
      .filter(([name, tags]) => !names.includes(name) && isTagged(tags, context))
      .map(([name]) => name),
    context,
  );
  if (found.length === 0 && dropped.length === 0) return { state: 'absent' };
  return {
    state: 'present',
    actual: { found: Object.fromEntries(found.map((one) => [one.name, one])), dropped },
  };
}

/** Name of the output, an ARN, that says: this parameter was made by Orgkeeper. */
export function outputName(name: string): string {
  return `parameter.${name}`;
}

/** Its ARN: with or without a leading slash in the name, one follows `parameter`. */
export function arnOf(name: string, { partition, region, accountId }: KindAccount): string {
  return `arn:${partition}:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, '')}`;
}

/** Tags of all parameters that carry our name tag, by the parameter's name. The index lags behind on AWS. */
export async function taggedByUs({ clients }: KindContext): Promise<Map<string, Tags>> {
  const found = new Map<string, Tags>();
  const TagFilters = [{ Key: NAME_TAG }];
  const pages = paginateGetResources(
    { client: clients.tagging },
    { TagFilters, ResourceTypeFilters: ['ssm:parameter'], ResourcesPerPage: 100 },
  );
  for await (const page of pages) {
    for (const { ResourceARN = '', Tags: tags = [] } of page.ResourceTagMappingList ?? []) {
      found.set(nameIn(ResourceARN, tags), toRecord(tags));
    }
  }
  return found;
}

/** Those of the names that exist and carry our owner tag, as each parameter itself says. */
export async function confirmOurs(names: readonly string[], context: KindContext): Promise<string[]> {
  const tags = await Promise.all(names.map((name) => tagsOf(name, context)));
  return names.filter((_, index) => isTagged(tags[index], context));
}

function whose(tags: Tags, recorded: boolean, { account }: KindContext): ActualParameter['whose'] {
  const owner = tags[OWNER_TAG];
  if (owner === account.owner || recorded) return 'ours';
  return owner === undefined ? 'adopted' : 'foreign';
}

function isTagged(tags: Tags | undefined, { account }: KindContext): boolean {
  return tags?.[OWNER_TAG] === account.owner;
}

function isRecorded(name: string, { recorded }: KindContext): boolean {
  return recorded[outputName(name)] !== undefined;
}

async function getValues(
  names: readonly string[],
  { clients }: KindContext,
): Promise<Map<string, SsmParameter>> {
  const answers = await Promise.all(
    inParts(names, GET_MOST).map((Names) => clients.ssm.send(new GetParametersCommand({ Names }))),
  );
  return byName(answers.flatMap(({ Parameters = [] }) => Parameters));
}

async function describe(
  names: readonly string[],
  { clients }: KindContext,
): Promise<Map<string, ParameterMetadata>> {
  const parts = await Promise.all(
    inParts(names, DESCRIBE_MOST).map(async (Values) => {
      const found: ParameterMetadata[] = [];
      const ParameterFilters = [{ Key: 'Name', Option: 'Equals', Values }];
      let NextToken: string | undefined;
      do {
        const page = await clients.ssm.send(
          new DescribeParametersCommand({
            ParameterFilters,
            MaxResults: 50,
            ...(NextToken ? { NextToken } : {}),
          }),
        );
        found.push(...(page.Parameters ?? []));
        NextToken = page.NextToken;
      } while (NextToken);
      return found;
    }),
  );
  return byName(parts.flat());
}

/** Tags of one parameter, without lag; undefined when it is gone. */
async function tagsOf(name: string, { clients }: KindContext): Promise<Tags | undefined> {
  const command = new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: name });
  try {
    return toRecord((await clients.ssm.send(command)).TagList ?? []);
  } catch (error) {
    if (error instanceof Error && error.name === 'InvalidResourceId') return undefined;
    throw error;
  }
}

/** `arn:aws:ssm:eu-west-1:111122223333:parameter/a/b` is `/a/b`, and `…:parameter/a` is `a` or, by its tag, `/a`. */
function nameIn(arn: string, tags: readonly AnyTag[]): string {
  const path = arn.slice(arn.indexOf(':parameter/') + ':parameter'.length);
  const single = path.lastIndexOf('/') === 0;
  return single && toRecord(tags)[NAME_TAG] !== path ? path.slice(1) : path;
}

function toRecord(tags: readonly AnyTag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

function byName<T extends { Name?: string | undefined }>(list: readonly T[]): Map<string, T> {
  return new Map(list.map((one) => [one.Name ?? '', one]));
}

function inParts<T>(list: readonly T[], most: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < list.length; start += most) parts.push(list.slice(start, start + most));
  return parts;
}
