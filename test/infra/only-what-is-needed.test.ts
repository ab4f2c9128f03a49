import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { FOR_LAMBDA, ONLY_WHAT_IS_NEEDED, sizes } from '../../infra/build.ts';

const CALLS = join(import.meta.dirname, '..', 'kit', 'calls-of-services.mjs');
const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-only-'));
const printedBy = (file: string, variables: Readonly<Record<string, string>> = {}) =>
  execFileSync(process.execPath, [file], { encoding: 'utf8', env: { ...process.env, ...variables } });

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

test.each([
  ['iam-fips.global.api.aws', { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' }],
  ['ssm.example.com', { AWS_ENDPOINT_URL_SSM: 'https://ssm.example.com' }],
])('and it reads from the environment, as the SDK does, where to call: %s', async (host, variables) => {
  const { file } = await bundled(host, ONLY_WHAT_IS_NEEDED);
  const expected = printedBy(CALLS, variables);
  expect(JSON.parse(expected)).toContainEqual(expect.objectContaining({ hostname: host }));
  expect(printedBy(file, variables)).toBe(expected);
});
