import type { Command } from 'commander';
import { visible } from '../shared/visible.ts';

/** Lets a command, and all below it, say what is wrong with its usage as every other failure is said. */
export function withOurErrors(command: Command): Command {
  command.configureOutput({
    outputError: (text, write) => write(`orgkeeper: ${visible(inOurWords(text))}\n`),
  });
  for (const below of command.commands) withOurErrors(below);
  return command;
}

/** commander's `error: unknown command 'x'`, with a guess in brackets on a line of its own, as sentences. */
function inOurWords(text: string): string {
  const lines = text
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  return lines
    .map((line) => line.replace(/^\((.*)\)$/, '$1'))
    .map((line) => `${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.?!]$/.test(line) ? '' : '.'}`)
    .join(' ');
}
