// The command line itself; bin.mjs starts it on a Node that runs TypeScript. Plain JavaScript, so that the cache is on
// before the first TypeScript file is read.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Beside the packages: whoever may write into this folder may also write into the code. Where the folder cannot be
// written, the command line starts without it, and slower.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/orgkeeper', import.meta.url)));

// Whoever reads our output may stop reading (`| head`).
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const { run } = await import('./program.ts');
await run(process.argv.slice(2));
