import {
  CreateAccountAliasCommand,
  DeleteAccountAliasCommand,
  ListAccountAliasesCommand,
} from '@aws-sdk/client-iam';
import { accountAlias } from '../../controllers/kinds/account-alias/kind.ts';
import { describeKind } from './suite.ts';
import type { Member } from './support.ts';

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
  predecessor: { output: 'vpc.id', value: 'vpc-1', section: { name: 'acme-${vpc.id}' } },
  adoptions: [
    {
      name: 'an alias that was there before',
      plant: (member) => setAlias(member, 'theirs'),
      section: { name: 'ours', adopt: true },
      difference: { path: 'name', desired: 'ours', actual: 'theirs', action: 'updated' },
      read: alias,
      wanted: 'ours',
    },
  ],
});
