import { describe, expect, it, test } from '@jest/globals';
import type { Command } from 'commander';
import { completeProgram } from '../../cli/program.ts';

/** Every command, that of the program itself too, by the words that call it. */
function all(command: Command, words: readonly string[] = [command.name()]): [string, Command][] {
  const below = command.commands.flatMap((one) => all(one, [...words, one.name()]));
  return [[words.join(' '), command], ...below];
}

/** What `--help` of a command prints. */
function help(command: Command): string {
  let written = '';
  command.configureOutput({
    writeOut: (text) => {
      written += text;
    },
  });
  command.outputHelp();
  return written;
}

const examplesIn = (text: string): string[] => {
  const [, block = ''] = /^Examples:\n((?: {2}.+\n)+)/m.exec(text) ?? [];
  return block.split('\n').flatMap((line) => line.trim() || []);
};

/** The arguments of the one call of `orgkeeper` in a line of a shell. */
function argumentsIn(line: string): string[] {
  const [, called = ''] = /\borgkeeper ([^|>)]+)/.exec(line) ?? [];
  return [...called.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
}

/** The program, that parses and calls no command. @returns the words of the command that would be called */
async function parse(argv: readonly string[]): Promise<string | undefined> {
  const root = await completeProgram();
  let called: string | undefined;
  for (const [words, command] of all(root)) {
    command.exitOverride();
    command.configureOutput({ outputError: () => undefined });
    command.action(() => {
      called = words;
    });
  }
  await root.parseAsync([...argv], { from: 'user' });
  return called;
}

const commands = all(await completeProgram());

describe.each(commands)('%s --help', (words, command) => {
  it('shows examples, each of which the program accepts', async () => {
    const shown = examplesIn(help(command));
    expect(shown).not.toEqual([]);
    for (const line of shown) {
      const called = await parse(argumentsIn(line));
      // Of a group: a command of it.
      expect(`${called} `).toContain(command.commands.length > 0 ? `${words} ` : words);
    }
  });

  it('marks each option without which the command does nothing, and no other', () => {
    const lines = help(command)
      .replaceAll(/\n {10,}/g, ' ')
      .split('\n');
    const lineOf = (long = '') => lines.find((line) => line.includes(` ${long} `)) ?? '';
    const marked = command.options.filter(({ long }) => lineOf(long).endsWith(' (required)'));
    expect(marked.map(({ long }) => long)).toEqual(
      command.options.filter(({ mandatory }) => mandatory).map(({ long }) => long),
    );
  });
});

test('an example that the program does not accept is found', async () => {
  await expect(parse(argumentsIn("orgkeeper register 456789012345 --nam 'a b'"))).rejects.toThrow(/--nam/);
  await expect(parse(argumentsIn('orgkeeper register 456789012345'))).rejects.toThrow(/--name/);
  expect(argumentsIn('eval "$(orgkeeper local env main)"')).toEqual(['local', 'env', 'main']);
});
