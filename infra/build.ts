import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The folder of the bundles, which the main stack reads: one folder and one asset for each function. */
export const FUNCTIONS_DIR = path.join(ROOT, 'dist', 'functions');

/** How esbuild bundles an entry point for Lambda: all its imports, the SDK included, as a module of Node. */
export const FOR_LAMBDA = {
  outExtension: { '.js': '.mjs' },
  bundle: true,
  minify: true,
  keepNames: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  logLevel: 'warning',
  // Some dependencies are CommonJS and call require() for Node's own modules.
  banner: {
    js: "import{createRequire as requireOfCommonJs}from'node:module';const require=requireOfCommonJs(import.meta.url);",
  },
} satisfies BuildOptions;

/** A bundled function. */
export interface Bundle {
  name: string;
  directory: string;
  /** esbuild's metadata: the inputs of each output file. */
  metafile: Metafile;
}

/**
 * Bundles every `controllers/<name>/handler.ts` with all its imports, including the SDK, into `<outdir>/<name>/index.mjs`. Lazy imports
 * become files of their own beside it. Replaces existing bundles; idempotent.
 */
export async function bundleFunctions(outdir: string = FUNCTIONS_DIR): Promise<Bundle[]> {
  const controllers = path.join(ROOT, 'controllers');
  const names = readdirSync(controllers, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(controllers, entry.name, 'handler.ts')))
    .map((entry) => entry.name)
    .sort();
  return Promise.all(names.map((name) => bundle(name, path.join(controllers, name, 'handler.ts'), outdir)));
}

/**
 * `import { z } from 'zod'` brings all of zod, with its messages in fifty languages, since nothing is left out of a namespace that a
 * module exports. `import * as z` brings what is used: 360 KB less in each function.
 */
const onlyWhatIsUsedOfZod: Plugin = {
  name: 'only-what-is-used-of-zod',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      const text = await readFile(file, 'utf8');
      return {
        loader: 'ts',
        contents: text.replace("import { z } from 'zod';", "import * as z from 'zod';"),
      };
    });
  },
};

/** Bundles one entry point into `<outdir>/<name>/index.mjs`. */
export async function bundle(name: string, handler: string, outdir: string): Promise<Bundle> {
  const directory = path.join(outdir, name);
  await rm(directory, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: { index: handler },
    outdir: directory,
    ...FOR_LAMBDA,
    splitting: true,
    metafile: true,
    plugins: [onlyWhatIsUsedOfZod],
    absWorkingDir: ROOT,
  });
  return { name, directory, metafile };
}

/** The size of all files of a bundle, and of those that are loaded at the start, in bytes. */
export function sizes(metafile: Metafile): { bytes: number; entryBytes: number } {
  const outputs = Object.entries(metafile.outputs);
  const entry = outputs.find(([file]) => file.endsWith('/index.mjs'))?.[0] ?? '';
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { path: next, kind } of metafile.outputs[file]?.imports ?? []) {
      if (kind === 'import-statement') load(next);
    }
  };
  load(entry);
  const sum = (files: Iterable<string>) =>
    [...files].reduce((total, file) => total + (metafile.outputs[file]?.bytes ?? 0), 0);
  return { bytes: sum(outputs.map(([file]) => file)), entryBytes: sum(loaded) };
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const kilobytes = (bytes: number) => `${Math.ceil(bytes / 1024)} kB`;
  for (const { name, directory, metafile } of await bundleFunctions()) {
    const { bytes, entryBytes } = sizes(metafile);
    const where = path.relative(process.cwd(), directory);
    console.log(
      `${name.padEnd(16)}${kilobytes(entryBytes).padStart(9)} loaded at start, ${kilobytes(bytes)} in all  ${where}`,
    );
  }
}
