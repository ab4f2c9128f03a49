import { type Command, Help } from 'commander';
import { visible } from '../shared/domain/escape.ts';

/** Makes a command and its subcommands report wrong usage in the format of all other failures, and mark required options. */
export function withOurUsage(command: Command): Command {
  command.configureOutput({
    outputError: (text, write) => write(`orgkeeper: ${visible(inOurWords(text))}\n`),
  });
  command.configureHelp({
    optionDescription(option) {
      const described = Help.prototype.optionDescription.call(this, option);
      return option.mandatory ? `${described} (required)` : described;
    },
  });
  for (const below of command.commands) withOurUsage(below);
  return command;
}

/**
 * Commands that change nothing without an option, and request nothing. Only these are suggested after a typing error, since
 * people run what is suggested; a command that is not named here is not.
 */
const READING = new Set(
  (
    'account accounts addresses baseline completion cost covers credentials dead-letters diff doctor env explain help history list ' +
    'local plan policy rejected report rollout rules same schema show sweeps template validate'
  ).split(' '),
);
/** Options that choose what is shown or say how long to wait. Only these are suggested, for the same reason. */
const HARMLESS = new Set(
  'before csv drifted format help json kind limit not-ready ou output profile reason show-secrets since state tag timeout version wait'
    .split(' ')
    .map((name) => `--${name}`),
);

/** Turns commander's `error: unknown command 'x'`, with a suggestion in brackets on a second line, into sentences. */
function inOurWords(text: string): string {
  const lines = text
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  return lines
    .flatMap((line) => (line.startsWith('(Did you mean ') ? harmless(line) : [line]))
    .map((line) => `${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.?!]$/.test(line) ? '' : '.'}`)
    .join(' ');
}

/** A suggestion without what might change something. */
function harmless(guess: string): string[] {
  const names = guess.replace(/^\(Did you mean (one of )?|\?\)$/g, '').split(', ');
  const left = names.filter((name) => (name.startsWith('-') ? HARMLESS : READING).has(name));
  if (left.length === 0) return ['`--help` lists all commands and options'];
  return [`Did you mean ${left.length > 1 ? 'one of ' : ''}${left.join(', ')}?`];
}
