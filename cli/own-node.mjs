// Runs a program of the project on its own Node (24), whatever Node the shell found first: `node cli/own-node.mjs …` is
// `node …` on that one. Plain JavaScript, so that an old Node can say what is missing.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Runs `node …args`: in this process where its Node will do and there are no options for Node; else in a child. */
export async function onOwnNode(args) {
  const node = ownNode();
  if (!node) {
    process.stderr.write(
      `Orgkeeper's packages, Node 24 among them, are not installed: run "npm ci" (this is Node ${process.versions.node}).\n`,
    );
    process.exitCode = 1;
  } else if (node === process.execPath && !args[0].startsWith('-')) {
    process.argv = [node, resolve(args[0]), ...args.slice(1)];
    await import(pathToFileURL(process.argv[1]).href);
  } else {
    runBeside(node, args);
  }
}

function ownNode() {
  const folder = packageFolder();
  if (!folder) return undefined;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
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

function runBeside(node, args) {
  const env = { ...process.env, ORGKEEPER_STARTED_BY: String(process.pid) };
  const child = spawn(node, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 1);
  });
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await onOwnNode(process.argv.slice(2));
