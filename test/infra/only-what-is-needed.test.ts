import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { FOR_LAMBDA, ONLY_WHAT_IS_NEEDED, sizes } from '../../infra/build.ts';

const CALLS = join(import.meta.dirname, '..', 'kit', 'calls-of-services.mjs');
const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-only-'));
const printedBy = (file: string) => execFileSync(process.execPath, [file], { encoding: 'utf8' });

async function bundled(name: string, plugins: typeof ONLY_WHAT_IS_NEEDED) {
  const options = { ...FOR_LAMBDA, outdir: join(folder, name), entryPoints: { index: CALLS } };
  const { metafile } = await build({ ...options, splitting: true, metafile: true, plugins });
  return { file: join(folder, name, 'index.mjs'), ...sizes(metafile) };
}

test('what is left of the SDK in a bundle sends the same requests and reads the same answers, and is less than half of it', async () => {
  const whole = await bundled('whole', []);
  const needed = await bundled('needed', ONLY_WHAT_IS_NEEDED);
  const expected = printedBy(CALLS);
  expect(JSON.parse(expected)).toHaveLength(20);
  expect(printedBy(needed.file)).toBe(expected);
  expect(needed.bytes).toBeLessThan(whole.bytes / 2);
});
