import { explain } from './failure.ts';
import { program } from './program.ts';

/** Runs the command line once; a failure is one sentence on stderr and exit code 1. */
async function main(argv: readonly string[]): Promise<void> {
  // Whoever reads our output may stop reading (`| head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  try {
    const root = await program(argv);
    await root.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (process.env.ORGKEEPER_DEBUG) console.error(error);
    process.stderr.write(`orgkeeper: ${explain(error)}\n`);
    process.exitCode = 1;
  }
}

await main(process.argv.slice(2));
