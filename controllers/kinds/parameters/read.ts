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
import { type KindContext, NAME_TAG } from '../kind.ts';

/** Tags by key. */
export type Tags = Readonly<Record<string, string>>;

/** Of SSM, whose tags have both, and of the index, where either may be missing. */
interface AnyTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** SSM's limits of names a call. */
const GET_MOST = 10;
const DESCRIBE_MOST = 50;

/** Tags of all parameters that carry our name tag, by the parameter's name. The index lags behind on AWS. */
export async function taggedByUs({ clients }: KindContext): Promise<Map<string, Tags>> {
  const found = new Map<string, Tags>();
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

/** Values and types by name, of those that exist. */
export async function getValues(
  names: readonly string[],
  { clients }: KindContext,
): Promise<Map<string, SsmParameter>> {
  const answers = await Promise.all(
    inParts(names, GET_MOST).map((Names) => clients.ssm.send(new GetParametersCommand({ Names }))),
  );
  return byName(answers.flatMap(({ Parameters = [] }) => Parameters));
}

/** Tiers and descriptions by name, of those that exist. */
export async function describe(
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

/** Tags of one parameter, without lag; undefined when it is gone. */
export async function readTags(name: string, { clients }: KindContext): Promise<Tags | undefined> {
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
