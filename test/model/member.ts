import {
  CreateAccountAliasCommand,
  DeleteAccountAliasCommand,
  IAMClient,
  ListAccountAliasesCommand,
} from '@aws-sdk/client-iam';
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import {
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  type PublicAccessBlockConfiguration,
  PutPublicAccessBlockCommand,
  S3ControlClient,
} from '@aws-sdk/client-s3-control';
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DescribeParametersCommand,
  type DescribeParametersCommandInput,
  GetParametersCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  SSMClient,
  type Tag,
} from '@aws-sdk/client-ssm';
import type { MemberClients, MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import { type AnyClient, watch } from '../../shared/aws/watch.ts';
import { type Answer, answering, on } from '../kit/sdk.ts';

interface StoredParameter {
  readonly value: string;
  readonly type: string;
  readonly tier: string;
  readonly description: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** What is in a member account, as far as the kinds of these tests look: alias, public access block, parameters. */
export interface MemberAccount {
  alias: string | undefined;
  publicAccessBlock: PublicAccessBlockConfiguration | undefined;
  readonly parameters: Map<string, StoredParameter>;
}

/** An account that holds somebody's parameter and nothing of ours. */
export function memberAccount(): MemberAccount {
  const theirs = {
    value: 'theirs',
    type: 'String',
    tier: 'Standard',
    description: '',
    tags: new Map<string, string>(),
  };
  return { alias: undefined, publicAccessBlock: undefined, parameters: new Map([['/theirs', theirs]]) };
}

/** Carries out a call on the account: later, or never, as whoever runs it likes. */
export type Touch = <T>(effect: () => T, writes?: boolean) => Promise<T>;

/** The services that the kinds of these tests call. */
export type ModelledService = 'iam' | 's3control' | 'ssm' | 'tag';

/** Clients by whose calls an account is read and changed: `entered` says which account, and carries the calls out. */
export function clientsOf(
  entered: (service: ModelledService) => { readonly account: MemberAccount; readonly touch: Touch },
  watched: Pick<MemberClientsOptions, 'onCall' | 'around'>,
): MemberClients {
  const settings = { region: 'eu-west-1' };
  const given = <C extends AnyClient>(
    name: ModelledService,
    client: C,
    answers: (account: MemberAccount) => readonly Answer[],
  ): C => {
    const { account, touch } = entered(name);
    const touched = answers(account).map(({ command, answer }) => ({
      command,
      answer: (input: never) => touch(() => answer(input), !/^(Get|List|Describe)/.test(command)),
    }));
    return watch(answering(client, ...touched), { name }, watched);
  };
  const clients = {
    get iam() {
      return given('iam', new IAMClient(settings), aliasAnswers);
    },
    get s3control() {
      return given('s3control', new S3ControlClient(settings), blockAnswers);
    },
    get ssm() {
      return given('ssm', new SSMClient(settings), parameterAnswers);
    },
    get tag() {
      return given('tag', new ResourceGroupsTaggingAPIClient(settings), tagAnswers);
    },
  };
  // The kinds of these tests call no other service.
  return clients as MemberClients;
}

function aliasAnswers(account: MemberAccount): Answer[] {
  return [
    on(ListAccountAliasesCommand, () => ({
      AccountAliases: account.alias === undefined ? [] : [account.alias],
    })),
    on(CreateAccountAliasCommand, ({ AccountAlias }) => {
      account.alias = AccountAlias;
      return {};
    }),
    on(DeleteAccountAliasCommand, ({ AccountAlias }) => {
      if (account.alias !== AccountAlias) throw failure('NoSuchEntityException');
      account.alias = undefined;
      return {};
    }),
  ];
}

function blockAnswers(account: MemberAccount): Answer[] {
  return [
    on(GetPublicAccessBlockCommand, () => {
      if (!account.publicAccessBlock) throw failure('NoSuchPublicAccessBlockConfiguration');
      return { PublicAccessBlockConfiguration: account.publicAccessBlock };
    }),
    on(PutPublicAccessBlockCommand, ({ PublicAccessBlockConfiguration }) => {
      account.publicAccessBlock = PublicAccessBlockConfiguration;
      return {};
    }),
    on(DeletePublicAccessBlockCommand, () => {
      account.publicAccessBlock = undefined;
      return {};
    }),
  ];
}

function parameterAnswers({ parameters }: MemberAccount): Answer[] {
  const found = (name = '', missing = 'InvalidResourceId') => {
    const one = parameters.get(name);
    if (!one) throw failure(missing);
    return one;
  };
  const existing = (names: readonly string[] = []) =>
    names.flatMap((Name) => {
      const one = parameters.get(Name);
      return one ? [{ Name, one }] : [];
    });
  return [
    on(GetParametersCommand, ({ Names }) => ({
      Parameters: existing(Names).map(({ Name, one }) => ({
        Name,
        Value: one.value,
        Type: one.type as 'String',
      })),
    })),
    on(DescribeParametersCommand, (input: DescribeParametersCommandInput) => ({
      Parameters: existing(input.ParameterFilters?.[0]?.Values).map(({ Name, one }) => ({
        Name,
        Tier: one.tier as 'Standard',
        Description: one.description,
      })),
    })),
    on(ListTagsForResourceCommand, ({ ResourceId }) => ({
      TagList: [...found(ResourceId).tags].map(([Key, Value]) => ({ Key, Value })),
    })),
    on(PutParameterCommand, ({ Name = '', Value = '', Type, Tier, Description, Tags, Overwrite }) => {
      const before = parameters.get(Name);
      if (before && !Overwrite) throw failure('ParameterAlreadyExists');
      parameters.set(Name, {
        value: Value,
        type: Type ?? before?.type ?? 'String',
        tier: Tier ?? 'Standard',
        description: Description ?? '',
        tags: Tags ? tagMap(Tags) : (before?.tags ?? new Map()),
      });
      return {};
    }),
    on(AddTagsToResourceCommand, ({ ResourceId = '', Tags = [] }) => {
      const before = found(ResourceId);
      parameters.set(ResourceId, { ...before, tags: new Map([...before.tags, ...tagMap(Tags)]) });
      return {};
    }),
    on(DeleteParameterCommand, ({ Name }) => {
      found(Name, 'ParameterNotFound');
      parameters.delete(Name ?? '');
      return {};
    }),
  ];
}

function tagAnswers({ parameters }: MemberAccount): Answer[] {
  return [
    on(GetResourcesCommand, ({ TagFilters = [] }) => ({
      ResourceTagMappingList: [...parameters]
        .filter(([, { tags }]) => TagFilters.every(({ Key = '' }) => tags.has(Key)))
        .map(([name, { tags }]) => ({
          ResourceARN: `arn:aws:ssm:eu-west-1:000000000000:parameter${name}`,
          Tags: [...tags].map(([Key, Value]) => ({ Key, Value })),
        })),
    })),
  ];
}

function tagMap(tags: readonly Tag[]): Map<string, string> {
  return new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

function failure(name: string): Error {
  return Object.assign(new Error(name), { name, $metadata: {} });
}
