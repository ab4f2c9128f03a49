import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
} from '@aws-sdk/client-ssm';
import { parameters } from '../../controllers/kinds/parameters/kind.ts';
import { sharedTamperings } from './shared-tamperings.ts';
import { describeKind, type Tampering } from './suite.ts';
import { MAIN, type Member } from './support.ts';

const vpc = { name: '/orgkeeper/network/vpc-id', value: '${vpc.id}', description: 'The VPC' };
const zones = { name: '/orgkeeper/zones', value: 'a,b', type: 'StringList', tags: { team: 'genomics' } };
const plain = { name: 'plain', value: 'without levels' };
const facts = ['1', '2', '3', '4'].map((i) => ({ name: `/orgkeeper/facts/${i}`, value: `fact ${i}` }));
const section = [vpc, zones, plain, ...facts];
const many = Array.from({ length: 12 }, (_, i) => ({ name: `/many/${i}`, value: `${i}` }));

const get = async ({ clients }: Member, Name: string) =>
  (await clients.ssm.send(new GetParameterCommand({ Name })).catch(() => undefined))?.Parameter;
const described = async ({ clients }: Member, name: string) => {
  const ParameterFilters = [{ Key: 'Name', Values: [name] }];
  return (await clients.ssm.send(new DescribeParametersCommand({ ParameterFilters }))).Parameters?.[0];
};
const tagsOf = async ({ clients }: Member, ResourceId: string) => {
  const command = new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId });
  const found = await clients.ssm.send(command).catch(() => undefined);
  return found?.TagList?.map(({ Key, Value }) => `${Key}=${Value}`).sort();
};
const put = async (member: Member, Name: string, input: object) => {
  const Overwrite = (await get(member, Name)) !== undefined;
  await member.clients.ssm.send(
    new PutParameterCommand({ Name, Value: 'by hand', Type: 'String', Overwrite, ...input }),
  );
};
const remove = async ({ clients }: Member, Name: string) =>
  void (await clients.ssm.send(new DeleteParameterCommand({ Name })));
const untag = async ({ clients }: Member, ResourceId: string, TagKeys: string[]) =>
  void (await clients.ssm.send(
    new RemoveTagsFromResourceCommand({ ResourceType: 'Parameter', ResourceId, TagKeys }),
  ));
const tag = async ({ clients }: Member, ResourceId: string, Key: string, Value: string) =>
  void (await clients.ssm.send(
    new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId, Tags: [{ Key, Value }] }),
  ));

/** What only this section shows: types, tiers, tags of its own, and what happens to more than one parameter. */
const tamperings: readonly Tampering[] = [
  {
    name: 'a type changed by hand',
    tamper: (member) => put(member, zones.name, { Value: 'a,b', Type: 'String' }),
    read: async (member) => (await get(member, zones.name))?.Type,
    difference: { resource: zones.name, path: 'type', desired: 'StringList', actual: 'String' },
  },
  {
    name: 'a parameter that somebody made secret',
    tamper: (member) => put(member, '/orgkeeper/facts/2', { Value: 'hush', Type: 'SecureString' }),
    read: async (member) => (await get(member, '/orgkeeper/facts/2'))?.Type,
    difference: { resource: '/orgkeeper/facts/2', path: 'type', actual: 'SecureString' },
  },
  {
    name: 'a tier that somebody raised',
    tamper: (member) => put(member, '/orgkeeper/facts/3', { Value: 'fact 3', Tier: 'Advanced' }),
    read: async (member) => (await described(member, '/orgkeeper/facts/3'))?.Tier,
    difference: { resource: '/orgkeeper/facts/3', path: 'tier', desired: 'Standard', actual: 'Advanced' },
  },
  {
    name: 'a tag with another value',
    tamper: (member) => tag(member, zones.name, 'team', 'other'),
    read: (member) => tagsOf(member, zones.name),
    difference: { resource: zones.name, path: 'tags.team', desired: 'genomics' },
  },
  {
    name: 'a tag that was taken off',
    tamper: (member) => untag(member, zones.name, ['team']),
    read: (member) => tagsOf(member, zones.name),
    difference: { resource: zones.name, path: 'tags.team', action: 'created' },
  },
  {
    name: 'a parameter that lost all its tags, those of its owner too',
    tamper: (member) => untag(member, '/orgkeeper/facts/4', ['orgkeeper:owner', 'orgkeeper:name']),
    read: (member) => tagsOf(member, '/orgkeeper/facts/4'),
    difference: { resource: '/orgkeeper/facts/4', path: 'tags.orgkeeper:owner' },
  },
  {
    name: 'one of more parameters than SSM gives in a call',
    section: many,
    tamper: (member) => put(member, '/many/11', { Value: 'by hand' }),
    read: async (member) => (await get(member, '/many/11'))?.Value,
    difference: { resource: '/many/11', path: 'value', desired: '11' },
  },
  {
    name: 'every parameter deleted',
    alone: true,
    tamper: async (member) => {
      for (const { name } of section) await remove(member, name);
    },
    read: async (member) => (await get(member, plain.name))?.Value,
    difference: { resource: vpc.name, path: '', action: 'created' },
  },
];

describeKind(parameters, {
  section,
  values: {
    'account.name': 'genomics',
    'main.id': MAIN,
    'vpc.id': 'vpc-0123456789abcdef0',
    'vpc.cidr': '10.0.0.0/16',
    'subnet.public.id': 'subnet-0123456789abcdef0',
    'role.arn': 'arn:aws:iam::456789012345:role/orgkeeper-execution',
  },
  memberValues: ({ account }) => ({ 'account.id': account.accountId }),
  predecessor: { output: 'vpc.id', value: 'vpc-0123456789abcdef0', section: [vpc] },
  async inventory(member) {
    const found: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await member.clients.ssm.send(new DescribeParametersCommand({ NextToken }));
      for (const { Name = '', Type, Tier } of page.Parameters ?? []) {
        const value = Type === 'SecureString' ? 'secret' : (await get(member, Name))?.Value;
        found.push([Name, Type, Tier, value, ...((await tagsOf(member, Name)) ?? [])].join(' '));
      }
      NextToken = page.NextToken;
    } while (NextToken);
    return found;
  },
  tamperings: [...tamperings, ...sharedTamperings('parameters')],
  foreign: [
    {
      name: 'a parameter that was there before, and keeps only its value',
      when: 'before',
      plant: (member) => put(member, plain.name, { Value: plain.value, Description: '' }),
      read: async (member) => (await get(member, plain.name))?.Version,
      outcome: 'beside',
    },
    {
      name: 'a parameter that no baseline names',
      when: 'after',
      plant: (member) => put(member, '/orgkeeper/theirs', {}),
      read: (member) => get(member, '/orgkeeper/theirs'),
      outcome: 'beside',
    },
    {
      name: 'a parameter of another Orgkeeper that stands where ours should',
      when: 'before',
      plant: async (member) => {
        await put(member, plain.name, {});
        await tag(member, plain.name, 'orgkeeper:owner', '999999999999');
      },
      read: async (member) => [await get(member, plain.name), await tagsOf(member, plain.name)],
      outcome: 'beside',
    },
    {
      name: 'a parameter of another Orgkeeper',
      when: 'after',
      plant: async (member) => {
        await put(member, '/other/one', {});
        await tag(member, '/other/one', 'orgkeeper:owner', '999999999999');
        await tag(member, '/other/one', 'orgkeeper:name', '/other/one');
      },
      read: (member) => tagsOf(member, '/other/one'),
      outcome: 'beside',
    },
    {
      name: 'a parameter with the tags of ours on it, which somebody copied',
      when: 'after',
      plant: async (member) => {
        await put(member, '/other/copied', {});
        await tag(member, '/other/copied', 'orgkeeper:owner', MAIN);
        await tag(member, '/other/copied', 'orgkeeper:name', vpc.name);
      },
      read: async (member) => [await get(member, '/other/copied'), await tagsOf(member, '/other/copied')],
      outcome: 'reported',
    },
  ],
  harmless: [
    { name: 'a tag that somebody added', tamper: (member) => tag(member, vpc.name, 'costs', 'research') },
  ],
  revisions: [
    {
      name: 'only what was there before Orgkeeper is left of what it no longer names',
      plant: (member) => put(member, plain.name, { Value: 'theirs' }),
      section: [vpc],
      difference: { resource: zones.name, action: 'removed' },
      read: async ({ clients }) =>
        (await clients.ssm.send(new DescribeParametersCommand({}))).Parameters?.map(
          ({ Name }) => Name,
        ).sort(),
      wanted: [vpc.name, plain.name],
    },
    {
      name: 'a parameter that it no longer names is removed',
      section: section.filter(({ name }) => name !== zones.name),
      difference: { resource: zones.name, path: '', action: 'removed' },
      read: async (member) => (await get(member, zones.name))?.Value,
      wanted: undefined,
    },
    {
      name: 'a parameter that was there before Orgkeeper stays with the last value',
      plant: (member) => put(member, zones.name, { Value: 'theirs', Type: 'StringList' }),
      section: [plain, { name: zones.name, value: 'last', type: 'StringList' }],
      difference: { resource: zones.name, path: 'value', desired: 'last' },
      read: async (member) => [(await get(member, zones.name))?.Value, await tagsOf(member, zones.name)],
      wanted: ['last', [`orgkeeper:name=${zones.name}`, 'team=genomics']],
    },
  ],
});
