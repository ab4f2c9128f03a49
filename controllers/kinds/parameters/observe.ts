import { type KindContext, NAME_TAG, type Observation } from '../kind.ts';
import type { ActualParameter, ActualParameters, Whose } from './actual.ts';
import { arnOf, outputName, recordedNames, whose, whoseAre } from './ours.ts';
import { describe, getValues, readTags, taggedByUs } from './read.ts';
import type { Parameters } from './render.ts';
import { keptTags } from './tags.ts';

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
      const asWanted = keptTags(parameter, wanted.owner, whose(parameter.name, seen, context));
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
