import type { KindContext } from '../kind.ts';
import { drop } from './apply.ts';
import { arnOf, ours, outputName, recordedNames } from './ours.ts';
import { taggedByUs } from './read.ts';
import type { Parameters } from './render.ts';

/**
 * See Kind. Goes by the owner tag of each, and by what was recorded as made where that tag is gone: what was there
 * before stays, also where Orgkeeper kept its value.
 */
export async function remove(wanted: Parameters, context: KindContext): Promise<void> {
  const indexed = await taggedByUs(context);
  const recorded = recordedNames(context);
  const names = [...new Set([...wanted.parameters.map(({ name }) => name), ...indexed.keys(), ...recorded])];
  const found = await ours(names, context);
  // A session may delete what was recorded when it was opened: one that a crash kept from that goes the next time.
  context.record(Object.fromEntries(found.map((name) => [outputName(name), arnOf(name, context.account)])));
  for (const name of found.toReversed()) await drop(name, context);
  const outputs = Object.keys(context.recorded).filter((output) => output.startsWith(outputName('')));
  context.record(Object.fromEntries(outputs.map((output) => [output, undefined])));
}
