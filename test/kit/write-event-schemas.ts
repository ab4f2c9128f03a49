import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventSchemas } from '../../shared/domain/announcements.ts';
import { SCHEMAS, schemaText } from './event-schemas.ts';

/** Writes the JSON Schema of every event to docs/schemas/, a file each. */
rmSync(SCHEMAS, { recursive: true, force: true });
mkdirSync(SCHEMAS, { recursive: true });
for (const [detailType, schema] of Object.entries(eventSchemas()))
  writeFileSync(join(SCHEMAS, `${detailType}.json`), schemaText(schema));
