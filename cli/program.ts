import { inspect } from 'node:util';
import type { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
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
    const root = await program((name) => name === called || called === 'completion');
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

/** The name of the command that is called, or whose help is requested. */
function calledBy(argv: readonly string[]): string | undefined {
  const isValue = (at: number) => GLOBAL.some(({ flag }) => flag === argv[at - 1]);
  const [first, second] = argv.filter((argument, at) => !argument.startsWith('-') && !isValue(at));
  return first === 'help' ? second : first;
}

/** The whole program, with every command loaded. */
export function completeProgram(): Promise<Command> {
  return program(() => true);
}

/** The program with some commands loaded, and the others only as lines of its help. */
export async function program(isLoaded: (name: string) => boolean): Promise<Command> {
  const [{ Command }, { withOurUsage }] = await Promise.all([import('commander'), import('./usage.ts')]);
  const root = new Command('orgkeeper')
    .description(DESCRIPTION)
    .configureHelp({ sortSubcommands: false })
    .enablePositionalOptions()
    .version(VERSION, '-V, --version', VERSION_HELP)
    .addHelpText('after', AFTERWARDS)
    .hook('preAction', (_, called) => useEnvironment(called));
  for (const { flag, value, help } of GLOBAL) root.option(`${flag} ${value}`, help);
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = isLoaded(name) ? await load() : new Command(name);
    root.addCommand(command.summary(summary));
    if (isLoaded(name)) takeGlobalOptions(command);
  }
  return withOurUsage(root);
}

/** Lets a command and those below take the options of the program, too, unless they have one of that name. */
function takeGlobalOptions(command: Command): void {
  for (const below of command.commands) takeGlobalOptions(below);
  if (isOnlyGroup(command)) return;
  for (const { flag, value, help } of GLOBAL) {
    if (command.options.some(({ long }) => long === flag)) continue;
    command.addOption(command.createOption(`${flag} ${value}`, help).hideHelp());
  }
}

/** True for a command that does nothing itself, so that it has neither arguments nor options of its own. */
export function isOnlyGroup({ commands: below, registeredArguments, options }: Command): boolean {
  return below.length > 0 && registeredArguments.length === 0 && options.length === 0;
}

/** Puts the options of the program into the environment, which the clients of AWS read. */
function useEnvironment(called: Command): void {
  for (const { flag, variable } of GLOBAL) {
    const name = flag.slice(2);
    const own = called.options.find(({ long, hidden }) => long === flag && hidden);
    const value: unknown = (own && called.opts()[name]) ?? rootOf(called).opts()[name];
    if (typeof value === 'string') process.env[variable] = value;
  }
}

function rootOf(command: Command): Command {
  return command.parent ? rootOf(command.parent) : command;
}

/** Options of every command, before its name or after it. */
const GLOBAL = [
  { flag: '--profile', value: '<name>', variable: 'AWS_PROFILE', help: 'profile of the AWS configuration' },
  { flag: '--region', value: '<region>', variable: 'AWS_REGION', help: 'region of the main stack' },
] as const;
const VERSION = packageJson.version;
const VERSION_HELP = 'print the version';
const DESCRIPTION = 'Keeps every account of an AWS organization in its desired state.';
const AFTERWARDS = `
Examples:
  orgkeeper accounts --not-ready
  orgkeeper plan 456789012345
  orgkeeper register 456789012345 --name genomics --wait

Uses the usual AWS environment of the Main account: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL …
Exit: 0 done; 1 failed, with one sentence on stderr; 2 differences found (plan, policy, diff).`;
/** On a narrower terminal commander prints the help, since it wraps long lines. */
const HELP_WIDTH = 80;

/** The text that commander prints for `--help` (a test compares the two), without the time to load commander. */
function helpText(): string {
  const line = (name: string, summary: string) => `  ${name.padEnd(19)}${summary}\n`;
  const lines = Object.entries(commands).map(([name, { summary }]) => line(name, summary));
  const help = 'display help for command';
  const options = [
    ['-V, --version', VERSION_HELP],
    ...GLOBAL.map(({ flag, value, help }) => [`${flag} ${value}`, help]),
    ['-h, --help', help],
  ];
  const optionLines = options.map(([flags = '', text = '']) => line(flags, text));
  return (
    `Usage: orgkeeper [options] [command]\n\n${DESCRIPTION}\n\nOptions:\n${optionLines.join('')}` +
    `\nCommands:\n${lines.join('')}${line('help [command]', help)}${AFTERWARDS}\n`
  );
}
