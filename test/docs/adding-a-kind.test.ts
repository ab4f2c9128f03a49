import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateAccountAliasCommand,
  DeleteAccountAliasCommand,
  ListAccountAliasesCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from '@jest/globals';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { describeKind } from '../conformance/suite.ts';
import type { Member } from '../conformance/support.ts';
import { accountAlias } from './account-alias/kind.ts';
import { blocksOf, page, ROOT } from './pages.ts';

const guide = page('docs/adding-a-kind.md');
/** Where its reader has pasted the example already, it is in the list. */
const before = kinds.filter(({ name }) => name !== accountAlias.name);
const [first, ...others] = before;
const withExample = first ? [first, accountAlias, ...others] : [];

describe('docs/adding-a-kind.md', () => {
  it('shows the kind that this test runs, as the linter wants it in controllers/kinds', () => {
    const source = readFileSync(join(import.meta.dirname, 'account-alias/kind.ts'), 'utf8');
    const moved = source.replace('../../../controllers/kinds/kind.ts', '../kind.ts');
    expect(blocksOf(guide, 'ts').map(({ text }) => text)).toContain(linted(moved));
  });

  it('shows a baseline that is valid once the kind is in the list, and not before', () => {
    const [baseline] = blocksOf(guide, 'yaml');
    expect(parseBaseline(baseline?.text ?? '', withExample)).toHaveProperty('baseline');
    expect(parseBaseline(baseline?.text ?? '', before)).toHaveProperty('problems');
  });

  it('names every member of the contract', () => {
    const contract = readFileSync(join(ROOT, 'controllers/kinds/kind.ts'), 'utf8');
    const body = /^export interface Kind<[\s\S]*?^}/m.exec(contract)?.[0] ?? '';
    const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => member ?? '');
    expect(members).toEqual(expect.arrayContaining(Object.keys(accountAlias)));
    expect(members.filter((member) => !guide.text.includes(`\`${member}\``))).toEqual([]);
  });
});

/** A kind as `npm run fix` leaves it in its folder. @throws Error for what that cannot mend */
function linted(text: string): string {
  const place = '--stdin-file-path=controllers/kinds/account-alias/kind.ts';
  const biome = join(ROOT, 'node_modules/.bin/biome');
  return execFileSync(biome, ['check', '--write', place], { cwd: ROOT, input: text, encoding: 'utf8' });
}

const alias = async ({ clients }: Member) =>
  (await clients.iam.send(new ListAccountAliasesCommand({}))).AccountAliases?.[0];
const setAlias = async ({ clients }: Member, AccountAlias: string) =>
  void (await clients.iam.send(new CreateAccountAliasCommand({ AccountAlias })));

describeKind(accountAlias, {
  section: { name: 'acme-${account.name}' },
  values: { 'account.name': 'genomics' },
  inventory: async (member) => [(await alias(member)) ?? []].flat(),
  tamperings: [
    {
      name: 'an alias that somebody changed',
      tamper: (member) => setAlias(member, 'mine'),
      read: alias,
      difference: { path: 'name', desired: 'acme-genomics', actual: 'mine', action: 'updated' },
    },
    {
      name: 'an alias that was deleted',
      alone: true,
      tamper: async ({ clients }) =>
        void (await clients.iam.send(new DeleteAccountAliasCommand({ AccountAlias: 'acme-genomics' }))),
      read: alias,
      difference: { path: 'name', desired: 'acme-genomics', action: 'created' },
    },
  ],
  foreign: [
    {
      name: 'an alias that was there before',
      when: 'before',
      plant: (member) => setAlias(member, 'theirs'),
      read: alias,
      outcome: 'stands-aside',
    },
  ],
});
