import {
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3-control';
import { publicAccessBlock } from '../../controllers/kinds/public-access-block/kind.ts';
import { describeKind, type Tampering } from './suite.ts';
import type { Member } from './support.ts';

const SWITCHES = [
  'BlockPublicAcls',
  'IgnorePublicAcls',
  'BlockPublicPolicy',
  'RestrictPublicBuckets',
] as const;
type Switch = (typeof SWITCHES)[number];

async function block({ account, clients }: Member) {
  const command = new GetPublicAccessBlockCommand({ AccountId: account.accountId });
  const found = await clients.s3control.send(command).catch(() => undefined);
  return found?.PublicAccessBlockConfiguration;
}

/** Sets the block by hand, these switches on and the others off. */
async function put({ account, clients }: Member, on: readonly Switch[]) {
  const PublicAccessBlockConfiguration = Object.fromEntries(
    SWITCHES.map((name) => [name, on.includes(name)]),
  );
  const command = { AccountId: account.accountId, PublicAccessBlockConfiguration };
  await clients.s3control.send(new PutPublicAccessBlockCommand(command));
}

const off = (name: Switch, path: string): Tampering => ({
  name: `${path} that somebody turned off`,
  alone: true,
  tamper: (member) =>
    put(
      member,
      SWITCHES.filter((one) => one !== name),
    ),
  read: block,
  difference: { resource: 'public access block', path, desired: true, actual: false, action: 'updated' },
});

describeKind(publicAccessBlock, {
  section: {},
  inventory: async (member) => [JSON.stringify((await block(member)) ?? 'none')],
  tamperings: [
    {
      name: 'a block that somebody turned off as a whole',
      tamper: (member) => put(member, []),
      read: block,
      difference: { path: 'blockPublicPolicy', desired: true, actual: false },
    },
    off('BlockPublicAcls', 'blockPublicAcls'),
    off('IgnorePublicAcls', 'ignorePublicAcls'),
    off('BlockPublicPolicy', 'blockPublicPolicy'),
    off('RestrictPublicBuckets', 'restrictPublicBuckets'),
    {
      name: 'a block that is on where the baseline lets it be off',
      alone: true,
      section: { restrictPublicBuckets: false },
      tamper: (member) => put(member, SWITCHES),
      read: block,
      difference: { path: 'restrictPublicBuckets', desired: false, actual: true },
    },
    {
      name: 'a block that was deleted',
      alone: true,
      tamper: async ({ account, clients }) =>
        void (await clients.s3control.send(
          new DeletePublicAccessBlockCommand({ AccountId: account.accountId }),
        )),
      read: block,
      difference: { path: 'blockPublicAcls', desired: true, actual: false, action: 'updated' },
    },
  ],
  foreign: [],
  earlier: [
    { name: 'none', plant: async () => {} },
    { name: 'one that is off', plant: (member) => put(member, []) },
    {
      name: 'one that is on in part',
      plant: (member) => put(member, ['BlockPublicAcls', 'IgnorePublicAcls']),
    },
    { name: 'one as the baseline wants it', plant: (member) => put(member, SWITCHES) },
  ],
});
