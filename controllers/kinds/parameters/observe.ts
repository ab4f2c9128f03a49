import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import {
  DescribeParametersCommand,
  GetParametersCommand,
  ListTagsForResourceCommand,
  type ParameterMetadata,
  type Parameter as SsmParameter,
} from '@aws-sdk/client-ssm';
import { unlessGone } from '../../../shared/aws/gone.ts';
import { pagesOf } from '../../../shared/aws/pages.ts';
import { type KindContext, NAME_TAG, type Observation } from '../kind.ts';
import {
  arnOf,
  managedTags,
  outputName,
  recordedNames,
  type TagRecord,
  type Whose,
  whose,
} from './ownership.ts';
import type { Parameters } from './wanted.ts';

/** The wanted parameters that exist in the account, and our parameters that the baseline no longer names. */
export interface ActualParameters {
  readonly found: Readonly<Record<string, ActualParameter>>;
  /** Made by Orgkeeper, and no longer in the baseline. */
  readonly dropped: readonly { readonly name: string; readonly arn: string }[];
  /** Names of parameters that carry our tags, are not ours, and are not in the baseline. */
  readonly lookalikes: readonly string[];
}

/** A parameter as SSM shows it. */
export interface ActualParameter {
  readonly name: string;
  readonly arn: string;
  /** Absent for a SecureString: a secret is not read. */
  readonly value: string | undefined;
  readonly type: string;
  readonly tier: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly whose: Whose;
}

/**
 * See Kind. Three calls at once for up to ten parameters. The tags come from one index for all, which lags on AWS:
 * where the index shows a difference, the tags are read from the parameter itself, so that the lag causes no write.
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
      const asWanted = managedTags(parameter, wanted.owner, whose(parameter.name, seen, context));
      const right = seen[NAME_TAG] && Object.entries(asWanted).every(([key, value]) => seen[key] === value);
      return right ? seen : ((await readTags(parameter.name, context)) ?? {});
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
      whose: whose(name, tags, context),
    };
  });
  const unwanted = [...indexed.keys(), ...recordedNames(context)].filter((name) => !names.includes(name));
  const others = await whoseAre([...new Set(unwanted)], context);
  const named = (wanted: Whose) => others.flatMap(({ name, whose }) => (whose === wanted ? [name] : []));
  const [dropped, lookalikes] = [named('ours'), named('lookalike')];
  const gone = unwanted.filter((name) => !dropped.includes(name));
  context.record(Object.fromEntries(gone.map((name) => [outputName(name), undefined])));
  if (found.length + dropped.length + lookalikes.length === 0) return { state: 'absent' };
  return {
    state: 'present',
    actual: {
      found: Object.fromEntries(found.map((one) => [one.name, one])),
      dropped: dropped.map((name) => ({ name, arn: arnOf(name, context.account) })),
      lookalikes,
    },
  };
}

/** Whose each of these parameters is, by tags read from the parameter itself; without those that do not exist. */
export async function whoseAre(
  names: readonly string[],
  context: KindContext,
): Promise<{ name: string; whose: Whose }[]> {
  const each = await Promise.all(
    names.map(async (name) => {
      const tags = await readTags(name, context);
      return tags && { name, whose: whose(name, tags, context) };
    }),
  );
  return each.filter((one) => one !== undefined);
}

/** A tag of SSM, which always has both fields, or of the index, where either may be missing. */
interface AnyTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** SSM's limits of names a call. */
const GET_MOST = 10;
const DESCRIBE_MOST = 50;

/** Tags of all parameters that carry our name tag, by the parameter's name. The index lags behind on AWS. */
export async function taggedByUs({ clients }: KindContext): Promise<Map<string, TagRecord>> {
  const found = new Map<string, TagRecord>();
  const TagFilters = [{ Key: NAME_TAG }];
  const pages = pagesOf(
    (PaginationToken) =>
      clients.tag.send(
        new GetResourcesCommand({
          TagFilters,
          ResourceTypeFilters: ['ssm:parameter'],
          ResourcesPerPage: 100,
          ...(PaginationToken && { PaginationToken }),
        }),
      ),
    ({ PaginationToken }) => PaginationToken,
  );
  for await (const page of pages) {
    for (const { ResourceARN = '', Tags: tags = [] } of page.ResourceTagMappingList ?? []) {
      found.set(nameIn(ResourceARN, tags), toRecord(tags));
    }
  }
  return found;
}

/** Values and types by name, of the parameters that exist. */
async function getValues(
  names: readonly string[],
  { clients }: KindContext,
): Promise<Map<string, SsmParameter>> {
  const answers = await Promise.all(
    inParts(names, GET_MOST).map((Names) => clients.ssm.send(new GetParametersCommand({ Names }))),
  );
  return byName(answers.flatMap(({ Parameters = [] }) => Parameters));
}

/** Tiers and descriptions by name, of the parameters that exist. */
async function describe(
  names: readonly string[],
  { clients }: KindContext,
): Promise<Map<string, ParameterMetadata>> {
  const parts = await Promise.all(
    inParts(names, DESCRIBE_MOST).map(async (Values) => {
      const found: ParameterMetadata[] = [];
      const ParameterFilters = [{ Key: 'Name', Option: 'Equals', Values }];
      const call = (NextToken: string | undefined) =>
        clients.ssm.send(
          new DescribeParametersCommand({
            ParameterFilters,
            MaxResults: 50,
            ...(NextToken && { NextToken }),
          }),
        );
      for await (const page of pagesOf(call, ({ NextToken }) => NextToken))
        found.push(...(page.Parameters ?? []));
      return found;
    }),
  );
  return byName(parts.flat());
}

/** Tags of one parameter, without lag; undefined if the parameter does not exist any more. */
async function readTags(name: string, { clients }: KindContext): Promise<TagRecord | undefined> {
  const command = new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: name });
  const answer = await unlessGone('tags', () => clients.ssm.send(command));
  return answer && toRecord(answer.TagList ?? []);
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
