import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { build, type Metafile } from 'esbuild';

/** Scripts that no test runs, such as benches, and files of the soak: that each can be loaded is found here, in seconds. */

const ROOT = join(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
/** Files that a script of package.json starts with Node. */
const started = Object.entries(scripts).flatMap(([name, command]) => {
  const file = /^exec node cli\/own-node\.mjs (\S+\.ts)/.exec(command)?.[1];
  return file === undefined ? [] : [[`npm run ${name}`, file] as const];
});
const soaks = readdirSync(join(ROOT, 'test/soak'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `test/soak/${name}`);

/** Every file that these import, with its imports. @throws if a file or an export that is imported does not exist */
async function graphOf(files: readonly string[]): Promise<Metafile['inputs']> {
  const { metafile } = await build({
    ...{ absWorkingDir: ROOT, entryPoints: [...files], outdir: 'none', write: false, metafile: true },
    ...{ bundle: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'silent' },
  });
  return metafile.inputs;
}

/** Packages that are loaded with a file, each with the file that imports it; not those that are imported later, by `import()`. */
function packagesOf(file: string, graph: Metafile['inputs']): Map<string, string> {
  const seen = new Set([file]);
  const packages = new Map<string, string>();
  for (const one of seen) {
    for (const { path, kind, external } of graph[one]?.imports ?? []) {
      if (kind !== 'import-statement') continue;
      if (external) packages.set(path, one);
      else seen.add(path);
    }
  }
  return packages;
}

describe('A script of package.json', () => {
  it('is there, for each bench', () => {
    const benches = started.filter(([name]) => name.startsWith('npm run bench:'));
    expect(benches.length).toBeGreaterThan(5);
    expect(started.filter(([, file]) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it('imports nothing that is not there, and nothing that only Jest can load', async () => {
    const graph = await graphOf(started.map(([, file]) => file));
    const jest = started.flatMap(([name, file]) => {
      const by = packagesOf(file, graph).get('@jest/globals');
      return by === undefined ? [] : [`${name}: ${by}`];
    });
    expect(jest).toEqual([]);
  }, 60_000);
});

describe('A file of the soak', () => {
  it('imports nothing that is not there', async () => {
    expect(soaks.length).toBeGreaterThan(10);
    const graph = await graphOf(soaks);
    expect(soaks.filter((file) => graph[file] === undefined)).toEqual([]);
  }, 60_000);
});
