import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFunctions } from '../../../infra/build.ts';
import { RUN_FOLDER } from '../run-folder.ts';
import { until } from '../wait.ts';

/**
 * The folder of the bundled functions, which the first test file that needs them bundles for all of the run: it takes seconds.
 * Undefined outside of a run of tests: a runtime then bundles them itself.
 */
export async function bundlesOfRun(): Promise<string | undefined> {
  const folder = process.env[RUN_FOLDER];
  if (folder === undefined) return undefined;
  const bundles = join(folder, 'functions');
  if (isFirst(join(folder, 'bundling'))) {
    const unfinished = join(folder, 'unfinished');
    await bundleFunctions(unfinished);
    renameSync(unfinished, bundles);
  }
  await until('the functions are bundled', () => existsSync(bundles) || undefined, { seconds: 120 });
  return bundles;
}

function isFirst(marker: string): boolean {
  try {
    mkdirSync(marker);
    return true;
  } catch (error) {
    // Of another realm in a test, so not an instance of its Error.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
