import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { accountAlias } from '../../controllers/kinds/account-alias/kind.ts';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { blocksOf, page, ROOT } from './pages.ts';

const guide = page('docs/adding-a-kind.md');
const withoutExample = kinds.filter((kind) => kind !== accountAlias);

describe('docs/adding-a-kind.md', () => {
  it('shows the kind as it is in controllers/kinds, and the list with it', () => {
    const source = readFileSync(join(ROOT, 'controllers/kinds/account-alias/kind.ts'), 'utf8');
    expect(blocksOf(guide, 'ts').map(({ text }) => text)).toContain(source);
    const list = readFileSync(join(ROOT, 'controllers/kinds/index.ts'), 'utf8');
    const [shown = ''] = blocksOf(guide, 'text').map(({ text }) => text);
    expect(shown.split('\n').filter((line) => line && !list.includes(line))).toEqual([]);
  });

  it('shows a baseline that is valid once the kind is in the list, and not before', () => {
    const [baseline] = blocksOf(guide, 'yaml');
    expect(parseBaseline(baseline?.text ?? '', kinds)).toHaveProperty('baseline');
    expect(parseBaseline(baseline?.text ?? '', withoutExample)).toHaveProperty('problems');
  });

  it('names every member of the contract', () => {
    const contract = readFileSync(join(ROOT, 'controllers/kinds/kind.ts'), 'utf8');
    const body = /^export interface Kind<[\s\S]*?^}/m.exec(contract)?.[0] ?? '';
    const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => member ?? '');
    expect(members).toEqual(expect.arrayContaining(Object.keys(accountAlias)));
    expect(members.filter((member) => !guide.text.includes(`\`${member}\``))).toEqual([]);
  });
});
