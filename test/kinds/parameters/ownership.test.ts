import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import {
  DeleteParameterCommand,
  DescribeParametersCommand,
  GetParametersCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, test } from '@jest/globals';
import { NAME_TAG, OWNER_TAG, resourcesOf } from '../../../controllers/kinds/kind.ts';
import { parameters } from '../../../controllers/kinds/parameters/kind.ts';
import { AccessDenied } from '../../../shared/domain/errors.ts';
import { memberAccount as account, kindContext } from '../../kit/kind-context.ts';
import { awsError, on } from '../../kit/sdk.ts';

const arn = (name: string, region = 'eu-west-1') => `arn:aws:ssm:${region}:456789012345:parameter${name}`;
const recordedAs = (name: string, region?: string) => ({ [`parameter.${name}`]: arn(name, region) });
const wanted = (...names: string[]) =>
  parameters.render(
    parameters.section.parse(names.map((name) => ({ name, value: 'x' }))),
    () => undefined,
    account,
  );
const tagged = (owner: string, name: string) => ({ [OWNER_TAG]: owner, [NAME_TAG]: name });

/** SSM with these parameters, by name with their tags; whatever tags they have, the index knows of no others. */
function world(
  there: Record<string, Record<string, string>>,
  recorded: Record<string, string>,
  indexed: readonly string[] = [],
) {
  const tagsOf = (name: string) => Object.entries(there[name] ?? {}).map(([Key, Value]) => ({ Key, Value }));
  const { context, outputs } = kindContext(
    [
      on(GetParametersCommand, ({ Names = [] }) => ({
        Parameters: Names.filter((name) => there[name]).map((Name) => ({ Name, Value: 'x', Type: 'String' })),
      })),
      on(DescribeParametersCommand, () => ({
        Parameters: Object.keys(there).map((Name) => ({ Name, Tier: 'Standard' as const })),
      })),
      on(ListTagsForResourceCommand, ({ ResourceId = '' }) => {
        if (!there[ResourceId]) throw awsError('InvalidResourceId');
        return { TagList: tagsOf(ResourceId) };
      }),
      on(DeleteParameterCommand, ({ Name = '' }) => {
        if (!Object.hasOwn(recorded, `parameter.${Name}`)) throw awsError('AccessDeniedException');
        delete there[Name];
        return {};
      }),
      on(GetResourcesCommand, () => ({
        ResourceTagMappingList: indexed.map((name) => ({ ResourceARN: arn(name), Tags: tagsOf(name) })),
      })),
    ],
    { recorded },
  );
  return { context, outputs, names: () => Object.keys(there) };
}

describe('a parameter that was recorded as made and has lost its owner tag', () => {
  test('is removed with the account', async () => {
    const { context, outputs, names } = world(
      { '/a': {}, '/old': {}, '/theirs': {} },
      {
        ...recordedAs('/a'),
        ...recordedAs('/old'),
      },
    );
    await parameters.remove(wanted('/a'), context);
    expect(names()).toEqual(['/theirs']);
    expect(Object.values(outputs)).toEqual([undefined, undefined]);
  });

  test('is removed when the baseline drops it', async () => {
    const { context } = world({ '/old': {} }, recordedAs('/old'));
    const observed = await parameters.observe(wanted(), context);
    const actual = observed.state === 'present' ? observed.actual : undefined;
    expect(parameters.diff(wanted(), actual).differences).toMatchObject([
      { resource: '/old', action: 'removed' },
    ]);
    expect(actual && parameters.outputs(actual)).toEqual(recordedAs('/old'));
  });

  test('is no longer recorded once somebody deleted it', async () => {
    const { context, outputs } = world({}, recordedAs('/old'));
    expect(await parameters.observe(wanted(), context)).toEqual({ state: 'absent' });
    expect(outputs['parameter./old']).toBeUndefined();
  });
});

test('a parameter that a crash kept from being recorded is removed by the next session', async () => {
  const late = { '/late': tagged(account.owner, '/late') };
  const first = world({ '/a': {}, ...late }, recordedAs('/a'), ['/late']);
  await expect(parameters.remove(wanted('/a'), first.context)).rejects.toThrow(AccessDenied);
  expect(resourcesOf(parameters, wanted('/a'), account, first.outputs as never)).toContain(arn('/late'));
  const second = world(late, recordedAs('/late'), ['/late']);
  await parameters.remove(wanted('/a'), second.context);
  expect(second.names()).toEqual([]);
});

test.each([
  ['was there before', {}, {}],
  ['another Orgkeeper took over', tagged('999999999999', '/a'), recordedAs('/a')],
  ['has the name of one that was made in another region', {}, recordedAs('/a', 'us-east-1')],
])('a parameter that %s is not removed', async (_, tags, recorded) => {
  const { context, names } = world({ '/a': tags }, recorded);
  await parameters.remove(wanted('/a'), context);
  expect(names()).toEqual(['/a']);
});

test('a parameter that another Orgkeeper took over is left alone', async () => {
  const { context } = world({ '/a': tagged('999999999999', '/a') }, recordedAs('/a'));
  const observed = await parameters.observe(wanted('/a'), context);
  const actual = observed.state === 'present' ? observed.actual : undefined;
  expect(parameters.diff(wanted('/a'), actual)).toMatchObject({
    differences: [],
    blocked: [{ reason: 'ForeignResource' }],
  });
});

describe('an unowned parameter with the tags of one of ours', () => {
  const copied = tagged(account.owner, '/a');

  test('is reported and left alone, whether or not the baseline names it', async () => {
    const there = { '/a': copied, '/their/own': copied, '/b': copied };
    const { context, names } = world(there, recordedAs('/a'), ['/a', '/their/own', '/b']);
    const observed = await parameters.observe(wanted('/a', '/b'), context);
    const actual = observed.state === 'present' ? observed.actual : undefined;
    const { differences, unowned, warnings } = parameters.diff(wanted('/a', '/b'), actual);
    expect(differences).toEqual([]);
    expect(unowned.map(({ resource, actual }) => [resource, actual])).toEqual([
      ['/b', 'TaggedLikeOurs'],
      ['/their/own', 'TaggedLikeOurs'],
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(/^TaggedLikeOurs: parameter \/b, parameter \/their\/own carry /),
    ]);
    await parameters.remove(wanted('/a', '/b'), context);
    expect(names()).toEqual(['/their/own', '/b']);
  });
});
