import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { motoServer } from '../../local/emulator.ts';
import { leaveAws } from '../../local/own-environment.ts';
import { RECORDS } from './permissions-report.ts';

/**
 * Tests are told everything by themselves: nothing that whoever runs them has set for AWS, Orgkeeper or colours counts.
 * Installs the emulator where there is none, before test files beside each other would all do it. Where it cannot be, the
 * run ends with the reason.
 */
export default async function setup(): Promise<void> {
  leaveAws();
  for (const name of Object.keys(process.env)) {
    if (/^(ORGKEEPER_|NO_COLOR$|FORCE_COLOR$)/.test(name)) delete process.env[name];
  }
  rmSync(RECORDS, { recursive: true, force: true });
  const directory = fileURLToPath(new URL('../../.orgkeeper', import.meta.url));
  try {
    await motoServer({ directory, say: (line) => console.log(line) });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}
