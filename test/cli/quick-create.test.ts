import { describe, expect, it } from '@jest/globals';
import { handOver, lengthWarning } from '../../cli/commands/template.ts';

const url = (characters: number) => 'https://b.s3.amazonaws.com/member.json?'.padEnd(characters, 'x');

describe('the quick-create link', () => {
  it.each([
    [1_024, undefined],
    [1_025, expect.stringContaining('1025 characters')],
  ])('with a templateURL of %i characters warns as it should', (characters, expected) => {
    expect(lengthWarning(url(characters))).toEqual(expected);
  });

  it('comes first if the console accepts it, and after the command if it may not', () => {
    const link = { url: 'https://console.example/', expiresAt: '2026-12-01T00:00:00.000Z' };
    const command = 'aws cloudformation deploy';
    const places = (lines: string[]) => [link.url, command].map((text) => lines.indexOf(`  ${text}`));
    expect(places(handOver(link, command))).toEqual([1, 3]);
    expect(places(handOver({ ...link, warning: 'It may not open.' }, command))).toEqual([3, 1]);
    expect(handOver({ ...link, warning: 'It may not open.' }, command)).toContain('It may not open.');
  });
});
