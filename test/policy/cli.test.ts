import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { policyCommand } from '../../cli/commands/policy.ts';

let folder = '';
const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
const files: Record<string, string> = {
  'plain.json': JSON.stringify({ Version: '2012-10-17', Statement: statement }),
  'encoded.txt': encodeURIComponent(JSON.stringify({ Version: '2012-10-17', Statement: [statement] })),
  'more.json': JSON.stringify({
    Version: '2012-10-17',
    Statement: { ...statement, Action: ['s3:getobject', 's3:PutObject'] },
  }),
  'bare.json': JSON.stringify({
    Statement: { Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: '*' },
  }),
  'china.json': JSON.stringify({
    Statement: { Effect: 'Allow', Principal: { AWS: 'arn:aws-cn:iam::123456789012:root' }, Action: '*' },
  }),
  'many.json': JSON.stringify({
    Statement: { ...statement, Action: Array.from({ length: 1300 }, (_, n) => `s3:Get${n}`) },
  }),
  'text.json': 'Effect: Allow',
  'list.json': '[]',
  'empty.json': '',
  'no-statement.json': '{"Version":"2012-10-17"}',
  'listed.json': '{"Statement":[[]]}',
  'effect.json': JSON.stringify({ Statement: [statement, { ...statement, Effect: 'Permit' }] }),
  'large.json': JSON.stringify({ Statement: { ...statement, Resource: 'x'.repeat(5_000_000) } }),
  'huge.json': ' '.repeat(17_000_000),
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orgkeeper-policy-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'bytes.json'), Buffer.from([0xff, 0xfe, 0x7b]));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = 0;
});

/** Runs the command on files of the folder; what it printed and the exit code that it asked for. */
async function run(
  verb: string,
  a: string,
  b: string,
  ...options: string[]
): Promise<{ out: string; code: unknown }> {
  process.exitCode = 0;
  const written: string[] = [];
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    const program = new Command('orgkeeper').addCommand(policyCommand());
    const paths = [a, b].map((each) => (each === '-' ? each : join(folder, each)));
    await program.parseAsync(['policy', verb, ...paths, ...options], {
      from: 'user',
    });
    return { out: written.join(''), code: process.exitCode };
  } finally {
    spy.mockRestore();
  }
}

describe('orgkeeper policy same', () => {
  test('exits with 0 if the policies mean the same', async () => {
    expect(await run('same', 'plain.json', 'encoded.txt')).toEqual({
      out: 'The policies mean the same.\n',
      code: 0,
    });
  });

  test('exits with 2 and shows what only one side has', async () => {
    const { out, code } = await run('same', 'plain.json', 'more.json');
    expect(code).toBe(2);
    expect(out).toMatch(/^Statement\[0\]\.Action +– +s3:PutObject$/m);
  });

  test('prints only JSON with --json', async () => {
    expect(JSON.parse((await run('same', 'plain.json', 'encoded.txt', '--json')).out)).toEqual({
      same: true,
      differences: [],
    });
    const { out, code } = await run('same', 'plain.json', 'more.json', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toEqual({
      same: false,
      differences: [
        { path: 'Statement[0].Action', left: ['s3:GetObject'], right: ['s3:getobject', 's3:PutObject'] },
      ],
    });
  });

  test('uses the given partition for bare account ids', async () => {
    expect((await run('same', 'bare.json', 'china.json')).code).toBe(2);
    expect((await run('same', 'bare.json', 'china.json', '--partition', 'aws-cn')).code).toBe(0);
  });
});

describe('orgkeeper policy covers', () => {
  test('exits with 0 if everything that is required is granted', async () => {
    expect((await run('covers', 'encoded.txt', 'more.json')).code).toBe(0);
  });

  test('exits with 2 and names what is missing', async () => {
    const { out, code } = await run('covers', 'more.json', 'plain.json');
    expect(code).toBe(2);
    expect(out).toMatch(/^s3:PutObject +\* +No Allow is proven to include this action\.$/m);
    const json = JSON.parse((await run('covers', 'more.json', 'plain.json', '--json')).out);
    expect(json).toMatchObject({ covered: false, missing: [{ action: 's3:PutObject', resource: '*' }] });
  });

  test('prints a limited number of rows, and the number of the others', async () => {
    const { out } = await run('covers', 'many.json', 'plain.json');
    expect(out.trim().split('\n')).toHaveLength(202);
    expect(out).toMatch(/^… and 1,100 more; --json prints them all\.$/m);
    const { missing } = JSON.parse((await run('covers', 'many.json', 'plain.json', '--json')).out);
    expect(missing).toHaveLength(1300);
  });

  test('names the principal of a trust policy', async () => {
    expect((await run('covers', 'bare.json', 'list-of-none.json').catch((error) => error)).message).toMatch(
      /no such file/,
    );
    expect((await run('covers', 'bare.json', 'china.json')).out).toMatch(
      /^AWS arn:aws:iam::123456789012:root +\*/m,
    );
  });
});

describe('the standard input', () => {
  test.each(['same', 'covers'])('can be one of the two policies of %s, not both', async (verb) => {
    const both = run(verb, '-', '-');
    await expect(both).rejects.toMatchObject({
      message: 'Only one of the two files can be the standard input.',
    });
  });
});

describe('a file that is not a policy', () => {
  const refused: [file: string, message: RegExp][] = [
    ['text.json', /text\.json: The policy is not valid JSON: at line 1, column 1/],
    ['list.json', /list\.json: The policy must be an object, and is a list\.$/],
    ['empty.json', /empty\.json is empty/],
    ['no-statement.json', /no-statement\.json: Statement is missing/],
    ['listed.json', /listed\.json: Statement\[0\] must be an object, and is a list\.$/],
    ['effect.json', /effect\.json: Statement\[1\]\.Effect must be "Allow" or "Deny", and is "Permit"\.$/],
    ['large.json', /large\.json: The policy has 5,\d+,\d+ characters, more than 1,000,000/],
    ['huge.json', /huge\.json is larger than 16 MB/],
    ['bytes.json', /bytes\.json cannot be read: it is not UTF-8 text; save it as UTF-8 /],
    ['nowhere.json', /nowhere\.json cannot be read: there is no such file\.$/],
    ['.', /cannot be read: it is a directory\.$/],
  ];
  test.each(refused)('%s is a failure of one sentence', async (file, message) => {
    for (const [a, b] of [
      [file, 'plain.json'],
      ['plain.json', file],
    ] as const) {
      await expect(run('same', a, b)).rejects.toMatchObject({
        name: 'Failure',
        message: expect.stringMatching(message),
      });
      await expect(run('covers', a, b)).rejects.toMatchObject({ name: 'Failure' });
    }
  });
});
