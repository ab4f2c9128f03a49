import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FUNCTIONS } from '../../shared/deployment/names.ts';

const WRITES_WHAT_IT_GETS = `export async function handler({ Records }) {
  for (const { body } of Records) console.log('seen ' + body);
  return { batchItemFailures: [] };
}
`;

/** A folder with a stand-in for the bundle of every function, to test the host without the controllers. */
export function standIns(): string {
  const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-functions-'));
  for (const name of FUNCTIONS) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), WRITES_WHAT_IT_GETS);
  }
  const intake = fileURLToPath(new URL('./intake-stand-in.mjs', import.meta.url));
  copyFileSync(intake, join(folder, 'intake', 'index.mjs'));
  return folder;
}
