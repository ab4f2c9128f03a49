import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonWithMoto } from '../../local/emulator.ts';
import { leaveAws } from '../../local/own-environment.ts';
import { RECORDS } from './permissions-report.ts';
import { RUN_FOLDER } from './run-folder.ts';

/**
 * Removes all settings for AWS, Orgkeeper and colours from the environment: tests set what they need. Installs the emulator if there is
 * none, once, before parallel test files need it. If that fails, the test run ends with the reason.
 */
export default async function setup(): Promise<void> {
  leaveAws();
  for (const name of Object.keys(process.env)) {
    if (/^(ORGKEEPER_|NO_COLOR$|FORCE_COLOR$)/.test(name)) delete process.env[name];
  }
  rmSync(RECORDS, { recursive: true, force: true });
  process.env[RUN_FOLDER] = mkdtempSync(join(tmpdir(), 'orgkeeper-test-'));
  const directory = fileURLToPath(new URL('../../.orgkeeper', import.meta.url));
  try {
    await pythonWithMoto({ directory, say: (line) => console.log(line) });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}
