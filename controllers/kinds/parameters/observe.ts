import { type KindAccount, type KindContext, NAME_TAG, type Observation, OWNER_TAG } from '../kind.ts';
import type { ActualParameter, ActualParameters } from './actual.ts';
import { describe, getValues, type Tags, taggedByUs, tagsOf } from './read.ts';
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
