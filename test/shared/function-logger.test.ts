import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { functionLogger } from '../../shared/aws/function-logger.ts';

afterEach(() => void jest.restoreAllMocks());

describe('functionLogger', () => {
  test.each([
    ['a message', (text: string) => [text] as const],
    [
      'what goes with it',
      (text: string) => ['event', { cause: { id: text }, problems: [{ path: text }] }] as const,
    ],
    ['an error', (text: string) => ['message failed', new Error(text)] as const],
  ])('writes a text from outside so that it cannot control a terminal, raw or parsed, as %s', (_, logged) => {
    let written = '';
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((chunk) => {
        written += String(chunk);
        return true;
      });
    }
    const [message, extra] = logged('x\u001b[2J\u202ey\u009b31m\u2028');
    const logger = functionLogger('intake');
    if (extra === undefined) logger.error(message);
    else if (extra instanceof Error) logger.error(message, extra);
    else logger.error(message, extra);
    expect(written).toContain('31m');
    for (const text of [written, deepTexts(JSON.parse(written))]) {
      for (const steering of ['\u001b', '\u202e', '\u009b', '\u2028']) expect(text).not.toContain(steering);
    }
    expect(written.trim().split('\n')).toHaveLength(1);
  });
});

function deepTexts(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.values((value ?? {}) as object)
    .map(deepTexts)
    .join(' ');
}
