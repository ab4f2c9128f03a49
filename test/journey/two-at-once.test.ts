import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FUNCTIONS_DIR } from '../../infra/build.ts';
import { fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

/** When the bundles for a deployment into AWS were written; none is a time, too. */
const written = () => {
  const bundle = join(FUNCTIONS_DIR, 'reconcile', 'index.mjs');
  return existsSync(bundle) ? statSync(bundle).mtimeMs : undefined;
};

const before = written();
let runtimes: TestRuntime[] = [];
beforeAll(async () => {
  runtimes = await Promise.all([1, 2].map(() => startTestRuntime({ functionsDir: undefined })));
}, 240_000);
afterAll(() => Promise.all(runtimes.map((runtime) => runtime.stop())));

it('two local runtimes that start at the same time bundle the functions separately, and do not touch the bundles for AWS', async () => {
  const ready = runtimes.map(async (runtime) => {
    const fleet = fleetOf(runtime);
    await fleet.untilReady(await fleet.createAccount('genomics'));
  });
  await Promise.all(ready);
  expect(written()).toBe(before);
}, 120_000);
