import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Command } from 'commander';
import { completeProgram, run } from '../../cli/program.ts';
import { permissionRows } from '../kit/journey/documented-permissions.ts';

afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

/** What is said of wrong usage. */
async function said(...argv: string[]): Promise<string> {
  let written = '';
  jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    written += String(chunk);
    return true;
  });
  jest.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('exit');
  });
  await run(argv).catch(() => undefined);
  return written.split('\n')[0] ?? '';
}

describe('A suggestion for a misspelt command', () => {
  test.each([
    [['resme'], "orgkeeper: Unknown command 'resme'. `--help` lists all commands and options."],
    [['get'], "orgkeeper: Unknown command 'get'. `--help` lists all commands and options."],
    [['retir'], "orgkeeper: Unknown command 'retir'. `--help` lists all commands and options."],
    [['baseline', 'asign'], "orgkeeper: Unknown command 'asign'. `--help` lists all commands and options."],
    [
      ['forget', '111111111111', '--ye'],
      "orgkeeper: Unknown option '--ye'. `--help` lists all commands and options.",
    ],
    [
      ['addresses', '--dro', 'x'],
      "orgkeeper: Unknown option '--dro'. `--help` lists all commands and options.",
    ],
  ])('never names a command that changes or removes something: %j', async (argv, sentence) => {
    expect(await said(...argv)).toBe(sentence);
  });

  test.each([
    [['acounts'], "orgkeeper: Unknown command 'acounts'. Did you mean accounts?"],
    [['baseline', 'lst'], "orgkeeper: Unknown command 'lst'. Did you mean list?"],
    [['accounts', '--drift'], "orgkeeper: Unknown option '--drift'. Did you mean --drifted?"],
  ])('names a command that only reads: %j', async (argv, sentence) => {
    expect(await said(...argv)).toBe(sentence);
  });

  test('never names a command that the page of permissions lets write, nor an option of one, whatever is misspelt', async () => {
    const writing = await writingCommands();
    expect(writing.map(([words]) => words.join(' '))).toEqual(
      expect.arrayContaining([
        'retire',
        'forget',
        'baseline assign',
        'review accept',
        'dead-letters redrive',
      ]),
    );
    const harmless = '--csv --format --json --limit --output --profile --reason --tag --timeout --wait'.split(
      ' ',
    );
    for (const [words, command] of writing) {
      const name = words.at(-1) ?? '';
      // These write by an option alone: `addresses --drop`, and `report --output s3://…` by its value.
      if (words.length === 1 && (name === 'addresses' || name === 'report')) continue;
      for (const typo of typosOf(name)) {
        const suggested = suggestedIn(await said(...words.slice(0, -1), typo));
        expect({ typo, suggested }).toEqual({ typo, suggested: suggested.filter((one) => one !== name) });
      }
      for (const { long = '' } of command.options) {
        const suggested = suggestedIn(await said(...words, long.slice(0, -1)));
        expect({ words, suggested: suggested.filter((one) => !harmless.includes(one)) }).toEqual({
          words,
          suggested: [],
        });
      }
    }
  });
});

/** The commands that the page "What people need" lets write or request something. */
async function writingCommands(): Promise<[string[], Command][]> {
  const writes = /:(Put|Update|Delete|Start|Transact)/;
  const names = permissionRows().flatMap(({ commands, actions }) =>
    actions.some((action) => writes.test(action)) ? commands : [],
  );
  const root = await completeProgram();
  return [...new Set(names)].map((name) => {
    const words = name.split(' ');
    const command = words.reduce<Command | undefined>(
      (above, word) => above?.commands.find((below) => below.name() === word),
      root,
    );
    if (!command) throw new Error(`The page names ${name}, which is no command.`);
    return [words, command];
  });
}

/** The word without its last letter, with a letter too many, and with two letters exchanged. */
function typosOf(word: string): string[] {
  return [word.slice(0, -1), `${word}x`, `${word[1]}${word[0]}${word.slice(2)}`];
}

/** The commands and options that a sentence suggests. */
function suggestedIn(sentence: string): string[] {
  return (/Did you mean (?:one of )?(.*)\?$/.exec(sentence)?.[1] ?? '').split(', ').filter(Boolean);
}

describe('--profile and --region of every command', () => {
  const { AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL } = process.env;
  afterEach(() => {
    for (const [name, value] of Object.entries({ AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  test.each([
    [['--profile', 'main', '--region', 'eu-west-3', 'policy', 'same', 'A', 'B']],
    [['policy', 'same', 'A', 'B', '--region', 'eu-west-3', '--profile', 'main']],
  ])('set the environment of AWS, before the command or after it: %j', async (argv) => {
    process.env.AWS_PROFILE = 'other';
    process.env.AWS_REGION = 'us-east-1';
    await said(...argv);
    expect([process.env.AWS_PROFILE, process.env.AWS_REGION]).toEqual(['main', 'eu-west-3']);
  });

  test('do not replace the option of a command that has one of its own', async () => {
    process.env.AWS_REGION = 'us-east-1';
    process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';
    await said('--region', 'eu-west-3', 'retire', 'x', '--resources', 'remove', '--region', 'eu-west-1');
    expect(process.env.AWS_REGION).toBe('eu-west-3');
  });
});
