import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Deviation } from '../../local/gateway/shim.ts';

const FOLDER = 'local/gateway/shims';

describe('the differences of the emulator', () => {
  it('are listed in decision 9 as in the shims, one a file', async () => {
    const rows = await Promise.all(
      readdirSync(FOLDER)
        .sort()
        .map(async (file) => {
          const { difference } = (await import(`../../${FOLDER}/${file}`)) as { difference: Deviation };
          return `| ${difference.emulator} | ${difference.here} | \`${file.replace(/\.ts$/, '')}\` |`;
        }),
    );
    const page = readFileSync('docs/decisions/0009-differences-of-the-emulator.md', 'utf8');
    const table = /\| moto \| here \| shim \|\n\|---\|---\|---\|\n([\s\S]*?)\n\n/.exec(page)?.[1];
    expect(table).toBe(rows.join('\n'));
  });
});
