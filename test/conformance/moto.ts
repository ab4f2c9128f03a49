import { join } from 'node:path';
import { startEmulator } from '../../local/emulator.ts';

/** Starts an emulator of this test file's own and points the SDK at it; resolves with what stops it. */
export async function startMoto(): Promise<() => Promise<void>> {
  const directory = join(import.meta.dirname, '..', '..', '.orgkeeper');
  const emulator = await startEmulator({ directory, say: (line) => console.log(line) });
  process.env.AWS_ENDPOINT_URL = emulator.endpoint;
  return () => emulator.stop();
}
