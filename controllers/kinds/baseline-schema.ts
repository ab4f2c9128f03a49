import { z } from 'zod';
import { BaselineHead } from './baseline.ts';
import type { AnyKind } from './kind.ts';

/**
 * The JSON Schema (draft 2020-12) of baseline files, for editors: keys, types, and values of a fixed set. A file that it accepts may
 * still have problems that only `parseBaseline` finds: unknown `${…}` names, what AWS would refuse. Pure.
 */
export function baselineSchema(kinds: readonly AnyKind[]): object {
  const sections = Object.fromEntries(kinds.map(({ name, section }) => [name, section.optional()]));
  const schema = z.strictObject({ ...BaselineHead.shape, ...sections });
  return {
    title: 'A baseline of Orgkeeper',
    ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override: withoutPattern }),
  };
}

/** An editor checks a pattern before Orgkeeper fills in `${…}`: a text that may hold one must not be marked as wrong. */
function withoutPattern({
  jsonSchema,
}: {
  jsonSchema: { type?: unknown; pattern?: unknown; allOf?: unknown };
}): void {
  if (jsonSchema.type !== 'string') return;
  delete jsonSchema.pattern;
  delete jsonSchema.allOf;
}
