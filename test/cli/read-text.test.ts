import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkFile } from '../../cli/baseline-file.ts';
import { checkRulesFile } from '../../cli/commands/rules.ts';
import { readText } from '../../cli/read-text.ts';

const TEXT = 'name: smäll\n';
const utf16 = Buffer.from(TEXT, 'utf16le');

let folder: string;
const files: Readonly<Record<string, Uint8Array>> = {
  'utf16-marked.yaml': Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
  'utf16-big.yaml': Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()]),
  'utf16-unmarked.yaml': Buffer.from('name: small\n', 'utf16le'),
  'latin1.yaml': Buffer.from(TEXT, 'latin1'),
  'marked.yaml': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(TEXT)]),
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orgkeeper-read-'));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
});
afterAll(() => rm(folder, { recursive: true }));

describe('A file that is not UTF-8', () => {
  const readers = [
    ['a baseline', (file: string) => checkFile(file)],
    ['rules', (file: string) => checkRulesFile(file)],
    ['any text', (file: string) => readText(file)],
  ] as const;
  const names = ['utf16-marked.yaml', 'utf16-big.yaml', 'utf16-unmarked.yaml', 'latin1.yaml'];
  test.each(names.flatMap((name) => readers.map(([what, read]) => [name, what, read] as const)))(
    '%s, read as %s, is refused with a remedy',
    async (name, _, read) => {
      const file = join(folder, name);
      await expect(read(file)).rejects.toMatchObject({
        name: 'Failure',
        message: `${file} cannot be read: it is not UTF-8 text; save it as UTF-8 (in PowerShell: Set-Content -Encoding utf8).`,
      });
    },
  );
});

describe('A file', () => {
  test('with a byte order mark is read without it', async () => {
    expect(await readText(join(folder, 'marked.yaml'))).toBe(TEXT);
  });

  test.each([
    ['nowhere.yaml', 'there is no such file'],
    ['.', 'it is a directory'],
  ])('%s that does not exist causes a sentence', async (name, why) => {
    const file = join(folder, name);
    await expect(checkRulesFile(file)).rejects.toThrow(`${file} cannot be read: ${why}.`);
  });
});
