import { afterEach, beforeEach, expect, jest } from '@jest/globals';
import type { Command } from 'commander';
import fc from 'fast-check';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { readRecord } from '../../shared/store/record-item.ts';
import { putRejection } from '../../shared/store/rejections.ts';
import { EVENT, useMainInMemory } from '../kit/cli-in-memory.ts';
import { aBaselineItem, aRecord, aRejected, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { fuzz } from './fuzz.ts';
import { strange } from './inputs.ts';

const fake = fakeMain();
await useMainInMemory(() => fake);
const { run, completeProgram } = await import('../../cli/program.ts');

/** What calls AWS by clients of its own, or starts something. */
const ELSEWHERE = ['local', 'doctor', 'dead-letters', 'credentials', 'template'];
/** What waits for a run that nobody makes here, or writes a file. */
const NEVER = ['--wait', '--output', '--timeout'];

/** Every command as it is called, with its options. */
function calls(
  command: Command,
  path: readonly string[] = [],
): { path: readonly string[]; options: string[] }[] {
  const below = command.commands.filter((one) => path.length > 0 || !ELSEWHERE.includes(one.name()));
  const options = command.options.flatMap(({ long }) => (long && !NEVER.includes(long) ? [long] : []));
  const own = path.length > 0 && below.length === 0 ? [{ path, options }] : [];
  return [...own, ...below.flatMap((one) => calls(one, [...path, one.name()]))];
}

/** Files of the repository, which are there wherever an input is tried again. */
const FILES = ['package.json', 'infra/baselines/analytics.yaml', 'README.md', 'test', 'nowhere.yaml'];

const words = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      MEMBER,
      '567890123456',
      'analytics@3',
      'analytics',
      'retain',
      'remove',
      '1',
      ...FILES,
    ),
  },
  {
    weight: 3,
    arbitrary: strange.map((value) =>
      typeof value === 'string' ? value : JSON.stringify(value).slice(0, 200),
    ),
  },
);
/** Lines that a person might type, and some that nobody would. No argument holds a NUL: the system ends it there. */
const lines = fc.constantFrom(...calls(await completeProgram())).chain(({ path, options }) => {
  const some = fc.oneof(words, ...(options.length > 0 ? [fc.constantFrom(...options)] : []));
  return fc
    .array(some, { maxLength: 5 })
    .map((more) => [
      ...path,
      ...more.map((word) => word.replaceAll('\0', '')).filter((word) => word !== '-'),
    ]);
});

class Exit extends Error {}
const { ORGKEEPER_DEBUG } = process.env;
let written = '';
beforeEach(() => {
  process.env.ORGKEEPER_DEBUG = '1';
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    });
  }
  jest.spyOn(process, 'exit').mockImplementation(() => {
    throw new Exit();
  });
});
afterEach(() => {
  if (ORGKEEPER_DEBUG === undefined) delete process.env.ORGKEEPER_DEBUG;
  process.exitCode = undefined;
  jest.restoreAllMocks();
});

fuzz({
  name: 'arguments',
  inputs: lines,
  runs: 8_000,
  async check(argv) {
    fake.store.clear();
    fake.store.put(
      { ...aBaselineItem(), collection: 'baseline', collectionKey: 'analytics#000000003' },
      { ...aRecord(), ...accountKey(MEMBER), collection: 'account', collectionKey: MEMBER },
      { ...aStatus(), ...statusKey(MEMBER) },
    );
    await putRejection(fake.main.table, aRejected(EVENT), {
      reason: 'Refused',
      message: 'It is refused.',
      problems: [],
    });
    written = '';
    process.exitCode = 0;
    await run(argv).catch((error: unknown) => {
      if (!(error instanceof Exit)) throw error;
    });
    expect(written).not.toMatch(/^orgkeeper failed:\n *\[?(Type|Range|Reference|Syntax|Zod)?Error\b/m);
    expect(written.replaceAll('\n', '')).not.toMatch(
      /[^\P{Cc}\t]|[\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/u,
    );
    expect([0, 1, 2]).toContain(process.exitCode);
    if (process.exitCode === 1) expect(written).toMatch(/^orgkeeper: \S|"problems": \[\n/m);
    for (const item of fake.store.items('account#')) if (item.sk === 'desired') readRecord(item);
  },
});
