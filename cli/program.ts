import { inspect } from 'node:util';
import type { Command } from 'commander';
import { commands } from './commands/index.ts';

/**
 * Runs the command line once. A failure is one sentence on stderr and exit code 1; a stack trace is printed only with
 * ORGKEEPER_DEBUG. On wrong usage commander ends the process.
 */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    if (isHelp(argv)) {
      process.stdout.write(helpText());
      return;
    }
    const called = calledBy(argv);
    const root = await program((name) => name === called);
    await root.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    const [{ explain }, { say }] = await Promise.all([import('./failure.ts'), import('./terminal.ts')]);
    const [sentence = '', ...lines] = `orgkeeper: ${explain(error)}`.split('\n  ');
    if (process.env.ORGKEEPER_DEBUG)
      say({ sentence: 'orgkeeper failed:', lines: inspect(error).split('\n') });
    say({ sentence, lines });
    process.exitCode = 1;
  }
}

/** Whether this is `orgkeeper --help`, on a terminal that is wide enough for its lines. */
function isHelp([first = '', ...more]: readonly string[]): boolean {
  const { isTTY, columns = 80 } = process.stdout;
  return more.length === 0 && ['--help', '-h', 'help'].includes(first) && (!isTTY || columns >= HELP_WIDTH);
}

/** The name of the command that is called, or whose help is requested. `orgkeeper` itself has no option with a value. */
function calledBy(argv: readonly string[]): string | undefined {
  const [first, second] = argv.filter((argument) => !argument.startsWith('-'));
  return first === 'help' ? second : first;
}

/** The whole program, with every command loaded. */
export function completeProgram(): Promise<Command> {
  return program(() => true);
}

/** The program with some commands loaded, and the others only as lines of its help. */
export async function program(isLoaded: (name: string) => boolean): Promise<Command> {
  const [{ Command }, { withOurErrors }] = await Promise.all([import('commander'), import('./usage.ts')]);
  const root = new Command('orgkeeper')
    .description(DESCRIPTION)
    .configureHelp({ sortSubcommands: false })
    .addHelpText('after', AFTERWARDS);
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = isLoaded(name) ? await load() : new Command(name);
    root.addCommand(command.summary(summary));
  }
  return withOurErrors(root);
}

const DESCRIPTION = 'Keeps every account of an AWS organization in its desired state.';
const AFTERWARDS = `
Uses the usual AWS environment of the Main account: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL …
Exit: 0 done; 1 failed, with one sentence on stderr; 2 differences found (plan, policy, baseline diff).`;
/** On a narrower terminal commander prints the help, since it wraps long lines. */
const HELP_WIDTH = 80;

/** The text that commander prints for `--help` (a test compares the two), without the time to load commander. */
function helpText(): string {
  const line = (name: string, summary: string) => `  ${name.padEnd(16)}${summary}\n`;
  const lines = Object.entries(commands).map(([name, { summary }]) => line(name, summary));
  const help = 'display help for command';
  return (
    `Usage: orgkeeper [options] [command]\n\n${DESCRIPTION}\n\nOptions:\n${line('-h, --help', help)}` +
    `\nCommands:\n${lines.join('')}${line('help [command]', help)}${AFTERWARDS}\n`
  );
}
