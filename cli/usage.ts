import type { Command } from 'commander';
import { visible } from '../shared/domain/escape.ts';

/** Lets a command, and all below it, say what is wrong with its usage as every other failure is said. */
export function withOurErrors(command: Command): Command {
  command.configureOutput({
    outputError: (text, write) => write(`orgkeeper: ${visible(inOurWords(text))}\n`),
  });
  for (const below of command.commands) withOurErrors(below);
  return command;
}

/** Commands that change nothing. A guess at what somebody meant names no other: people run what they are told. */
const READING = new Set(
  (
    'account accounts addresses baseline covers credentials dead-letters doctor env explain help history list local ' +
    'member plan policy rules same show template validate'
  ).split(' '),
);
/** Options that remove something, widen what is changed, or answer for somebody. */
const RISKY = new Set([
  '--all',
  '--drop',
  '--fleet',
  '--logout',
  '--release-address',
  '--resources',
  '--yes',
]);

/** commander's `error: unknown command 'x'`, with a guess in brackets on a line of its own, as sentences. */
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

/** What is left of a guess. */
function harmless(guess: string): string[] {
  const names = guess.replace(/^\(Did you mean (one of )?|\?\)$/g, '').split(', ');
  const left = names.filter((name) => (name.startsWith('-') ? !RISKY.has(name) : READING.has(name)));
  if (left.length === 0) return ['`--help` lists what there is'];
  return [`Did you mean ${left.length > 1 ? 'one of ' : ''}${left.join(', ')}?`];
}
