import { Command } from 'commander';
import { commands } from './commands/index.ts';
import { withOurErrors } from './usage.ts';

/**
 * Runs the command line once. A failure is one sentence on stderr and exit code 1, never a stack, unless
 * ORGKEEPER_DEBUG is set. Wrong usage ends the process, as commander does it.
 */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    const called = calledBy(argv);
    const root = await program((name) => name === called);
    await root.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    const [{ explain }, { say }] = await Promise.all([import('./failure.ts'), import('./output.ts')]);
    if (process.env.ORGKEEPER_DEBUG) console.error(error);
    say(`orgkeeper: ${explain(error)}`);
    process.exitCode = 1;
  }
}

/** The name of the command that is called, or whose help is asked for. `orgkeeper` itself has no option with a value. */
function calledBy(argv: readonly string[]): string | undefined {
  const [first, second] = argv.filter((argument) => !argument.startsWith('-'));
  return first === 'help' ? second : first;
}

/** The whole program, each command in full. */
export function completeProgram(): Promise<Command> {
  return program(() => true);
}

/** The program with some commands in full, and the others as lines of its help. */
async function program(isLoaded: (name: string) => boolean): Promise<Command> {
  const root = new Command('orgkeeper')
    .description('Keeps every account of an AWS organization in its desired state.')
    .configureHelp({ sortSubcommands: false })
    .addHelpText('after', HELP);
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = isLoaded(name) ? await load() : new Command(name);
    root.addCommand(command.summary(summary));
  }
  return withOurErrors(root);
}

const HELP = `
AWS's usual environment says where: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL … of the Main account.
Exit: 0 done; 1 failed, with one sentence on stderr; 2 differences found (plan, policy).`;
