import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import type { BaselineDocument } from '../../shared/domain/baseline.ts';

const FILE = fileURLToPath(new URL('../../infra/baselines/analytics.yaml', import.meta.url));

/** The baseline `analytics` as it is shipped, as its first version. */
export function shippedBaseline(): BaselineDocument {
  const text = readFileSync(FILE, 'utf8');
  const parsed = parseBaseline(text, kinds);
  if ('problems' in parsed) throw new Error('The shipped baseline has problems.');
  return { ...parsed.baseline, schemaVersion: 1, version: 1, text, publishedAt: '' };
}
