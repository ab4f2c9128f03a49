import { existsSync, readdirSync } from 'node:fs';
import { copyFile, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { lazyServices } from './lazy-services.ts';
import { leaveOut } from './leave-out.ts';
import { requireBuiltins } from './require-builtins.ts';
import { sdkFiles } from './sdk-files.ts';

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

/** What keeps a bundle small, and fast to load: of packages and of Node itself, what functions need. */
export const ONLY_WHAT_IS_NEEDED: Plugin[] = [leaveOut, sdkFiles, requireBuiltins];

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

/** Bundles one entry point into `<outdir>/<name>/index.mjs`. */
export async function bundle(name: string, handler: string, outdir: string): Promise<Bundle> {
  const directory = path.join(outdir, name);
  await rm(directory, { recursive: true, force: true });
  const ours = await ourCode(handler);
  const { metafile } = await build({
    ...FOR_LAMBDA,
    // Those of our code are kept in it already.
    keepNames: false,
    entryPoints: { index: 'ours:index.js' },
    outdir: directory,
    splitting: true,
    metafile: true,
    plugins: [inMemory(ours), lazyServices(ours.values()), ...ONLY_WHAT_IS_NEEDED],
    absWorkingDir: ROOT,
  });
  for (const file of ['page.eta', 'page.css', 'page.js'])
    if ([...ours.values()].some((code) => code.includes(`./${file}`)))
      await copyFile(path.join(ROOT, PAGE_PARTS, file), path.join(directory, file));
  return { name, directory, metafile };
}

/**
 * Our own code of an entry point, by file: one, and one for each lazy import. The names of its functions and classes are kept, so that a
 * stack trace in a log is readable; those of packages, which are bundled with it afterwards, are not: 6 % of a bundle.
 */
async function ourCode(handler: string): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: { index: handler },
    outdir: ROOT,
    bundle: true,
    keepNames: true,
    format: 'esm',
    platform: 'node',
    target: FOR_LAMBDA.target,
    logLevel: FOR_LAMBDA.logLevel,
    splitting: true,
    packages: 'external',
    write: false,
    plugins: [wholeNamespaces],
    absWorkingDir: ROOT,
  });
  return new Map(outputFiles.map(({ path: file, text }) => [path.basename(file), text]));
}

/**
 * `import { z } from 'zod'` brings all of zod, with its messages in fifty languages, since nothing is left out of a namespace that a
 * module exports. `import * as z` brings what is used: 360 KB less in each function.
 */
const wholeNamespaces: Plugin = {
  name: 'whole-namespaces',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => ({
      loader: 'ts',
      contents: (await readFile(file, 'utf8')).replace(
        "import { z } from 'zod';",
        "import * as z from 'zod';",
      ),
    }));
  },
};

/** Bundles files that are not on disk. */
function inMemory(files: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'in-memory',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^ours:/ }, ({ path: file }) => ({
        path: file.slice('ours:'.length),
        namespace: 'ours',
      }));
      onResolve({ filter: /^\.\//, namespace: 'ours' }, ({ path: file }) => ({
        path: path.basename(file),
        namespace: 'ours',
      }));
      onLoad({ filter: /.*/, namespace: 'ours' }, ({ path: file }) => {
        const contents = files.get(file);
        return contents === undefined
          ? { errors: [{ text: `our code has no file ${file}` }] }
          : { contents, resolveDir: ROOT };
      });
    },
  };
}

/** The folder of the page of the fleet, whose parts are read from disk, beside the code that does. */
const PAGE_PARTS = 'controllers/report';

/** The size of all files of a bundle, and of those that are loaded at the start, in bytes. */
export function sizes(metafile: Metafile): { bytes: number; entryBytes: number } {
  const sum = (files: Iterable<string>) =>
    [...files].reduce((total, file) => total + (metafile.outputs[file]?.bytes ?? 0), 0);
  return { bytes: sum(Object.keys(metafile.outputs)), entryBytes: sum(filesAtStart(metafile)) };
}

/** The files of a bundle that are loaded at the start: the entry `index.mjs`, and what it imports otherwise than lazily. */
export function filesAtStart(metafile: Metafile): Set<string> {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { path: next, kind } of metafile.outputs[file]?.imports ?? []) {
      if (kind === 'import-statement') load(next);
    }
  };
  const entry = Object.keys(metafile.outputs).find((file) => file.endsWith('/index.mjs'));
  if (entry === undefined) throw new Error('the bundle has no index.mjs');
  load(entry);
  return loaded;
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
