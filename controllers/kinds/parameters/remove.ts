import type { KindContext } from '../kind.ts';
import { drop } from './apply.ts';
import { each } from './each.ts';
import { arnOf, outputName, recordedNames, whoseAre } from './ours.ts';
import { taggedByUs } from './read.ts';
import type { Parameters } from './render.ts';

/**
 * See Kind. Goes by our two tags on each, and by what was recorded as made where they are gone: what was there before
 * stays, also where Orgkeeper kept its value.
 */
export async function remove(wanted: Parameters, context: KindContext): Promise<void> {
  const indexed = await taggedByUs(context);
  const recorded = recordedNames(context);
  const names = [...new Set([...wanted.parameters.map(({ name }) => name), ...indexed.keys(), ...recorded])];
  const found = (await whoseAre(names, context)).flatMap(({ name, whose }) =>
    whose === 'ours' ? [name] : [],
  );
  // A session may delete what was recorded when it was opened: one that a crash kept from that goes the next time.
  context.record(Object.fromEntries(found.map((name) => [outputName(name), arnOf(name, context.account)])));
  await each(found.toReversed(), (name) => drop(name, context));
  const outputs = Object.keys(context.recorded).filter((output) => output.startsWith(outputName('')));
  context.record(Object.fromEntries(outputs.map((output) => [output, undefined])));
}
