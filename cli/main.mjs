// The command line itself; bin.mjs starts it on a Node that runs TypeScript. Plain JavaScript, so that the cache is on
// before the first TypeScript file is read.
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

// In node_modules: whoever can write there can change the code anyway. Without write access the command line starts without the
// cache, and slower; so does Node 20, which has none.
nodeModule.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/orgkeeper', import.meta.url)));

// The reader of a pipe may close it early (`| head`).
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const { run } = await import('./program.ts');
await run(process.argv.slice(2));
