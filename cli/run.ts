import { explain } from './failure.ts';
import { say } from './output.ts';
import { program } from './program.ts';

/**
 * Runs the command line once. A failure is one sentence on stderr and exit code 1, never a stack, unless
 * ORGKEEPER_DEBUG is set. Wrong usage ends the process, as commander does it.
 */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    const root = await program(argv);
    await root.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (process.env.ORGKEEPER_DEBUG) console.error(error);
    say(`orgkeeper: ${explain(error)}`);
    process.exitCode = 1;
  }
}
