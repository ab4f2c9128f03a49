import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startProgress } from '../../cli/follow.ts';
import { run } from '../../cli/program.ts';
import { print, printJson, printTable, printText, say } from '../../cli/terminal.ts';

const EVIL = 'x\u001b[2J\u202ey\u009b31m';
const SHOWN = 'x\\u001b[2J\\u202ey\\u009b31m';

let written = '';
beforeEach(() => {
  written = '';
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    });
  }
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

describe('A text from outside that would control a terminal', () => {
  test.each([
    ['the answer', () => print(EVIL)],
    ['a table', () => printTable(['NAME'], [[EVIL]])],
    ['a hint', () => say(`Then: ${EVIL}`)],
    ['JSON', () => printJson({ name: EVIL })],
    ['progress', () => startProgress(EVIL).stop()],
    ['a failure', () => run(['account', EVIL])],
    ['wrong usage of an option', () => run(['accounts', '--limit', EVIL]).catch(() => undefined)],
  ])('is shown escaped in %s', async (_, tell) => {
    jest.spyOn(process, 'exit').mockImplementation(() => {
      throw new Error('exit');
    });
    await tell();
    expect(written).not.toBe('');
    for (const steering of ['\u001b', '\u202e', '\u009b']) expect(written).not.toContain(steering);
  });

  test('is still readable', () => {
    say(EVIL);
    expect(written).toBe(`${SHOWN}\n`);
  });

  test('is printed unchanged into a file if a document is requested', () => {
    printText(EVIL);
    expect(written).toBe(`${EVIL}\n`);
  });

  test.each(['a,b\n1,2', 'a,b\n1,2\n'])('has its last line ended once in a document: %j', (document) => {
    printText(document);
    expect(written).toBe('a,b\n1,2\n');
  });
});
