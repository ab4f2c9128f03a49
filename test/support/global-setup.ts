import { fileURLToPath } from 'node:url';
import { motoServer } from '../../local/emulator.ts';

/**
 * Installs the emulator where there is none, before test files beside each other would all do it. Where it cannot be,
 * the tests that need none still run, and each of the others fails with the reason.
 */
export default function setup(): void {
  const directory = fileURLToPath(new URL('../../.orgkeeper', import.meta.url));
  try {
    motoServer({ directory, say: (line) => console.log(line) });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
}
