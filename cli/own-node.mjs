// Runs a program on the project's own Node 24, whatever Node is first on PATH: `node cli/own-node.mjs …` is `node …` on Node 24.
// Plain JavaScript without top-level await, `??` and packages: even Node 12 must be able to print what is missing.
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Runs `node …args`: in this process if its Node is new enough and there are no options for Node; else in a child process. */
export async function onOwnNode(args) {
  const node = ownNode();
  if (!node) {
    process.stderr.write(`${whatIsMissing()}\n`);
    process.exitCode = 1;
  } else if (node === process.execPath && !args[0].startsWith('-')) {
    process.argv = [node, resolve(args[0]), ...args.slice(1)];
    await import(pathToFileURL(process.argv[1]).href);
  } else {
    await runBeside(node, args);
  }
}

const { node: version } = process.versions;
const major = Number(version.split('.')[0]);

function whatIsMissing() {
  if (process.platform === 'win32')
    return 'Orgkeeper does not run on Windows itself: run it in WSL (https://learn.microsoft.com/windows/wsl/install).';
  if (major < 20)
    return `Orgkeeper needs Node 20 or newer, and this is Node ${version}: install one (https://nodejs.org), then run "npm ci".`;
  if (packageFolder())
    return `Orgkeeper's own Node 24 is not installed: run "npm ci" with install scripts allowed (this is Node ${version}).`;
  return `Orgkeeper's packages are not installed: run "npm ci" (this is Node ${version}).`;
}

function ownNode() {
  const folder = packageFolder();
  if (!folder || process.platform === 'win32') return undefined;
  if (major >= 24) return process.execPath;
  const own = join(folder, 'bin', 'node');
  return existsSync(own) ? own : undefined;
}

function packageFolder() {
  try {
    return dirname(createRequire(import.meta.url).resolve('node/package.json'));
  } catch {
    return undefined;
  }
}

async function runBeside(node, args) {
  const [{ spawn }, { constants }] = await Promise.all([import('node:child_process'), import('node:os')]);
  const env = { ...process.env, ORGKEEPER_STARTED_BY: String(process.pid) };
  const child = spawn(node, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? 128 + (constants.signals[signal] || 1) : code;
  });
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) onOwnNode(process.argv.slice(2));
