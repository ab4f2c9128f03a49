import type { Command } from 'commander';
import { visible } from '../shared/domain/escape.ts';

/** Makes a command and its subcommands report wrong usage in the format of all other failures. */
export function withOurErrors(command: Command): Command {
  command.configureOutput({
    outputError: (text, write) => write(`orgkeeper: ${visible(inOurWords(text))}\n`),
  });
  for (const below of command.commands) withOurErrors(below);
  return command;
}

/** Commands that change nothing. Only these are suggested after a typing error, since people run what is suggested. */
const READING = new Set(
  (
    'account accounts addresses baseline covers credentials dead-letters diff doctor env explain help history list local ' +
    'member plan policy review rules same schema show template validate'
  ).split(' '),
);
/** Options that remove something, change more, or skip a question: never suggested. */
const RISKY = new Set([
  '--all',
  '--drop',
  '--fleet',
  '--logout',
  '--release-address',
  '--resources',
  '--yes',
]);

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

/** A suggestion without risky commands and options. */
function harmless(guess: string): string[] {
  const names = guess.replace(/^\(Did you mean (one of )?|\?\)$/g, '').split(', ');
  const left = names.filter((name) => (name.startsWith('-') ? !RISKY.has(name) : READING.has(name)));
  if (left.length === 0) return ['`--help` lists all commands and options'];
  return [`Did you mean ${left.length > 1 ? 'one of ' : ''}${left.join(', ')}?`];
}
