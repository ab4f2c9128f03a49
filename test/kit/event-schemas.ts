import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** The folder of the JSON Schema of every event. */
export const SCHEMAS = join(import.meta.dirname, '..', '..', 'docs', 'schemas');

/** A schema as its file has it. */
export function schemaText(schema: object): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

interface Event {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: unknown;
}

/**
 * Throws if an event is not as its file in docs/schemas/ says, or has a field in its detail that the file does not know. The files
 * accept such fields, so that later versions may add some; what is sent now must all be there.
 */
export function checkEvent(event: Event): void {
  const type = event['detail-type'];
  const validate = validators().get(type);
  if (!validate) throw new Error(`docs/schemas/ has no schema of ${type}.`);
  if (validate({ source: event.source, 'detail-type': type, detail: event.detail })) return;
  const problems = (validate.errors ?? []).map(
    (one) => `${one.instancePath} ${one.message} ${JSON.stringify(one.params)}`,
  );
  throw new Error(
    `${type} is not as docs/schemas/${type}.json says: ${problems.join('; ')}\n${JSON.stringify(event)}`,
  );
}

let known: ReadonlyMap<string, ValidateFunction> | undefined;

function validators(): ReadonlyMap<string, ValidateFunction> {
  known ??= new Map(
    readdirSync(SCHEMAS).map((file) => {
      const schema = JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8'));
      const { properties } = schema;
      const closed = {
        ...schema,
        properties: { ...properties, detail: { ...properties.detail, additionalProperties: false } },
      };
      return [
        file.replace('.json', ''),
        new Ajv2020({ strict: false, validateFormats: false }).compile(closed),
      ];
    }),
  );
  return known;
}
