import type { KindContext } from '../kind.ts';
import { drop } from './apply.ts';
import { confirmOurs, outputName } from './observe.ts';
import { taggedByUs } from './read.ts';
import type { Parameters } from './render.ts';

/** See Kind. Goes by the owner tag of each: what was there before stays, also where Orgkeeper kept its value. */
export async function remove(wanted: Parameters, context: KindContext): Promise<void> {
  const indexed = await taggedByUs(context);
  const prefix = outputName('');
  const recorded = Object.keys(context.recorded)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  const names = [...new Set([...wanted.parameters.map(({ name }) => name), ...indexed.keys(), ...recorded])];
  for (const name of (await confirmOurs(names, context)).toReversed()) await drop(name, context);
  context.record(Object.fromEntries(recorded.map((name) => [outputName(name), undefined])));
}
