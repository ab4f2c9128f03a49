import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { apart, printDifferences } from '../../cli/differences.ts';
import { table } from '../../cli/table.ts';

const ENDLESS = Number.POSITIVE_INFINITY;
const sentence = 'The role lacks s3:GetObject, which the baseline wants: add it to the inline policy.';
const role = (name: string) => `arn:aws:iam::111111111111:role/${name}`;

describe('a table', () => {
  test('is as wide as its cells if there is room', () => {
    expect(table(['KIND', 'WHY'], [['network', sentence]], ENDLESS)).toBe(
      `KIND     WHY\nnetwork  ${sentence}`,
    );
  });

  test('wraps long cells between words, and keeps every column', () => {
    const printed = table(['KIND', 'WHY', 'STATE'], [['network', sentence, 'blocked']], 50);
    expect(printed.split('\n')).toEqual([
      'KIND     WHY                               STATE',
      'network  The role lacks s3:GetObject,      blocked',
      '         which the baseline wants: add it',
      '         to the inline policy.',
    ]);
  });

  test.each([20, 40, 80])('loses nothing of a word that is longer than its column, in %i places', (room) => {
    const cells = ['a', `${role('x'.repeat(64))} ${'日本語😀'.repeat(12)}`];
    const printed = table([], [cells], room);
    expect(printed.replaceAll(/\s/g, '')).toBe(cells.join('').replaceAll(' ', ''));
    expect(printed).not.toContain('…');
  });

  test('of thousands of rows is printed at once, with all its columns', () => {
    const rows = Array.from({ length: 13_000 }, (_, n) => ['9'.repeat(n % 13), 'active', ...'abcde']);
    const before = process.cpuUsage();
    const lines = table(['ACCOUNT', 'STATE', ...'ABCDE'], rows, 120).split('\n');
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(20_000);
    expect(lines).toHaveLength(13_001);
    expect(new Set(lines.slice(1).map((line) => line.indexOf('active')))).toEqual(new Set([14]));
  });
});

describe('a table with a cell of 100 KB', () => {
  test.each(['s3:GetObject, ', 'x'])('is printed at once, and completely: %s', (text) => {
    const long = text.repeat(100_000 / text.length);
    const before = process.cpuUsage();
    const printed = table(['PATH', 'A', 'B'], [['Action', 'y', long]], 80);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(20_000);
    expect(printed.replaceAll(/\s/g, '')).toBe(`PATHABActiony${long.replaceAll(' ', '')}`);
  });
});

describe('the parts of documents that differ', () => {
  test.each([
    ['members', { a: 1, b: { c: 2, d: 3 } }, { a: 1, b: { c: 4, d: 3 } }, { b: { c: 2 } }],
    ['what one lacks', { a: 1 }, { a: 1, b: 2 }, {}],
    ['of lists what the other lacks', ['x', 'y'], ['y', 'z', 'w'], ['x']],
    ['documents in lists', [{ a: 1, b: 2 }, 'y'], ['y', { a: 1, b: 3 }], [{ b: 2 }]],
    ['all of a list in another order', ['x', 'y'], ['y', 'x'], ['x', 'y']],
    ['another type', { a: 1 }, ['a'], { a: 1 }],
  ])('%s', (_, of, beside, expected) => {
    expect(apart(of, beside)).toEqual(expected);
  });
});

describe('differences', () => {
  const trust = (principal: string) => ({
    Effect: 'Allow',
    Principal: { AWS: [role('orgkeeper-ApiHandlerRole'), principal] },
    Action: 'sts:AssumeRole',
  });
  const drift = {
    kind: 'executionRole',
    resource: 'orgkeeper-analysis',
    path: `permissions.iam:CreateRole on ${role('orgkeeper-*')}`,
    desired: trust(role('orgkeeper-WorkflowLoopRunnerRole')),
    actual: trust('AROAEXAMPLEEXAMPLE'),
    action: 'reported',
  } as const;

  const { isTTY, columns } = process.stdout;
  let written: string[];
  beforeEach(() => {
    written = [];
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    Object.assign(process.stdout, { isTTY, columns });
  });

  test('are never wrapped: one value a line, whatever the width of the terminal', () => {
    Object.assign(process.stdout, { isTTY: true, columns: 40 });
    printDifferences([drift]);
    const lines = stripVTControlCharacters(written.join('')).trimEnd().split('\n');
    expect(lines).toEqual([
      '! executionRole orgkeeper-analysis',
      `!   ${drift.path}`,
      '!     Principal',
      '!       - AWS: AROAEXAMPLEEXAMPLE',
      `!       + AWS: ${role('orgkeeper-WorkflowLoopRunnerRole')}`,
      '!       (1 unchanged in AWS)',
      '!     (2 unchanged)',
    ]);
  });

  test('name the region if there is one', () => {
    printDifferences([drift, { ...drift, region: 'us-west-2' }]);
    const heads = stripVTControlCharacters(written.join('')).match(/^! \w.*/gm);
    expect(heads).toEqual([
      '! executionRole orgkeeper-analysis',
      '! executionRole orgkeeper-analysis (us-west-2)',
    ]);
  });
});
