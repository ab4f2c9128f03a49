import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { completeProgram, isOnlyGroup } from '../../cli/program.ts';

/** Every command with its options, as `orgkeeper baseline list` → `--json`. */
function commandsOf(command: Command, path: readonly string[]): [string, string[]][] {
  const below = command.commands.flatMap((sub) => commandsOf(sub, [...path, sub.name()]));
  // One with commands below it may itself do something, as `review` does.
  if (isOnlyGroup(command)) return below;
  const options = command.options.flatMap(({ long, hidden }) => (hidden ? [] : [long ?? '']));
  return [[path.join(' '), options.toSorted()], ...below];
}

/** The same of docs/cli.md: a heading a command, a list item an option. */
function commandsOnPage(): [string, string[]][] {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  return page
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const name = /^`(.*)`/.exec(section)?.[1] ?? section;
      return [name, [...section.matchAll(/^- `(--[a-z-]+)`: /gm)].map((match) => match[1] ?? '').toSorted()];
    });
}

describe('docs/cli.md', () => {
  test('documents every command with every option, and no others', async () => {
    const { commands } = await completeProgram();
    const program = commands.flatMap((one) => commandsOf(one, ['orgkeeper', one.name()]));
    expect(Object.fromEntries(commandsOnPage())).toEqual(Object.fromEntries(program));
  }, 60_000);
});
