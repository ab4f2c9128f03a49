import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { managedKinds } from '../../controllers/engine/desired-state.ts';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { memberServices } from '../../shared/aws/member-services.ts';
import { ADDRESS_OUTPUT } from '../../shared/domain/addresses.ts';

const ENGINE = 'controllers/engine';

/** The engine itself asks an account which regions it has enabled. */
const OWN_SERVICES = ['account'];

/** Code without comments, so that a comment may give an example. */
function codeOf(file: string): string {
  const text = readFileSync(`${ENGINE}/${file}`, 'utf8');
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

/** Words of code that knows a kind: names, paths of trust policies, outputs, and services that kinds call. */
function wordsOfKinds(): string[] {
  const parsed = parseBaseline(readFileSync('infra/baselines/analytics.yaml', 'utf8'), kinds);
  if (!('baseline' in parsed)) throw new Error('the baseline is not valid');
  const managed = managedKinds(
    { ...parsed.baseline, schemaVersion: 1, version: 1, text: '', publishedAt: '' },
    kinds,
  );
  return [
    ...kinds.map(({ name }) => name),
    ...kinds.flatMap(({ entryRole }) => entryRole?.trustPath ?? []),
    ...managed.flatMap(({ kind, section }) => kind.outputNames(section)),
    ADDRESS_OUTPUT,
    'cidr',
    ...Object.keys(memberServices).filter((service) => !OWN_SERVICES.includes(service)),
  ];
}

describe('the engine', () => {
  const files = readdirSync(ENGINE);

  it.each(files)('names no kind: %s', (file) => {
    const code = codeOf(file);
    const said = new Set([...(code.match(/[A-Za-z][\w.-]*/g) ?? []), ...(code.match(/\w+/g) ?? [])]);
    expect(wordsOfKinds().filter((word) => said.has(word))).toEqual([]);
  });

  it.each(files)('reads neither the clock nor the environment: %s', (file) => {
    expect(codeOf(file)).not.toMatch(/new Date\(\)|Date\.now|performance\.|process\./);
  });
});
