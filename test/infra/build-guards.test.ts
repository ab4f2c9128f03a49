import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { build, type Plugin } from 'esbuild';
import { filesAtStart } from '../../infra/build.ts';
import { lazyServices } from '../../infra/lazy-services.ts';
import { leavingOut } from '../../infra/leave-out.ts';
import { sdkFiles } from '../../infra/sdk-files.ts';

/** Bundles one file. */
function bundled(entry: string, ...plugins: Plugin[]) {
  const options = {
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  } as const;
  return build({ ...options, entryPoints: [entry], plugins, absWorkingDir: import.meta.dirname });
}

/** A file in a folder of its own. */
function written(name: string, text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'orgkeeper-guards-')), name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A file among ours, which is not on disk. */
function ours(text: string): Plugin {
  return {
    name: 'ours',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^ours$/ }, ({ path }) => ({ path, namespace: 'ours' }));
      onLoad({ filter: /.*/, namespace: 'ours' }, () => ({
        contents: text,
        resolveDir: import.meta.dirname,
      }));
    },
  };
}

describe('a build fails', () => {
  const fromZod = "import * as z from 'zod'; console.log(z.string().parse('a'));";
  const replacing = (files: RegExp) => [{ broughtBy: 'zod', files, contents: (text: string) => text }];

  test('if a package that is imported no longer has a file that is left out', async () => {
    const moved = leavingOut(replacing(/\/zod\/v4\/core\/moved\.js$/));
    await expect(bundled('ours', ours(fromZod), moved)).rejects.toThrow(/zod brings no file .*moved/);
  });

  test('but not if it has the file, or if nobody imports the package', async () => {
    const there = leavingOut(replacing(/\/zod\/v4\/core\/parse\.js$/));
    const moved = leavingOut(replacing(/\/zod\/v4\/core\/moved\.js$/));
    await expect(bundled('ours', ours(fromZod), there)).resolves.toBeDefined();
    await expect(bundled('ours', ours('console.log(1);'), moved)).resolves.toBeDefined();
  });

  test('if the SDK imports from one of its index files what is found in none of the files behind it', async () => {
    const file = written(
      'node_modules/@aws-sdk/client-x/dist-es/x.js',
      'import { toUtf8, inNoFile } from "@smithy/core/serde";\nconsole.log(toUtf8, inNoFile);\n',
    );
    await expect(bundled(file, sdkFiles)).rejects.toThrow(/@smithy\/core\/serde exports inNoFile in a way/);
  });

  test('if our code makes what would be taken for a command of a service that is not loaded yet', async () => {
    const text = `import { ResourceNotFoundException } from "@aws-sdk/client-ssm";
throw new ResourceNotFoundException({ message: 'none', $metadata: {} });`;
    await expect(bundled('ours', ours(text), lazyServices([text]))).rejects.toThrow(/cannot make one before/);
  });
});

test('a bundle without its entry has no files at its start, which is an error', () => {
  expect(() => filesAtStart({ inputs: {}, outputs: {} })).toThrow('the bundle has no index.mjs');
});
