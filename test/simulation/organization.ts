import type { VirtualClock } from './clock.ts';
import { failure } from './failure.ts';
import type { MemberAccount } from './member.ts';
import { newMember } from './member.ts';

/** An account of the organization. */
interface Listed {
  readonly Id: string;
  readonly Name: string;
  readonly Email: string;
  readonly JoinedTimestamp: Date;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
}

interface Creation {
  readonly Id: string;
  readonly AccountName: string;
  readonly RequestedTimestamp: Date;
  State: 'IN_PROGRESS' | 'SUCCEEDED';
  AccountId?: string;
}

/** Creations at once, and how long one takes. */
const CREATIONS_AT_ONCE = 5;
const SECONDS_TO_CREATE = 60;
const ROOT = { Id: 'r-root', Type: 'ROOT' };
const PAGE = 20;

/** The organization in memory: its accounts, and the creation of more. */
export function createOrganization(clock: VirtualClock, created: (event: object) => void) {
  const listed = new Map<string, Listed>();
  const members = new Map<string, MemberAccount>();
  const creations: Creation[] = [];

  function join(accountId: string, name: string, tags: Listed['tags'] = []): void {
    const Email = `${name}@example.com`;
    const JoinedTimestamp = new Date(clock.now());
    listed.set(accountId, { Id: accountId, Name: name, Email, JoinedTimestamp, tags });
  }

  function find(accountId: string): Listed {
    const one = listed.get(accountId);
    if (!one) throw failure('AccountNotFoundException', 400);
    return one;
  }

  function create(name: string, tags: Listed['tags']): Creation {
    if (creations.filter(({ State }) => State === 'IN_PROGRESS').length >= CREATIONS_AT_ONCE)
      throw failure('TooManyRequestsException', 429, 'Only five accounts can be created at once.');
    const creation: Creation = {
      ...{ Id: `car-${String(creations.length + 1).padStart(32, '0')}`, AccountName: name },
      ...{ RequestedTimestamp: new Date(clock.now()), State: 'IN_PROGRESS' },
    };
    creations.push(creation);
    clock.after(SECONDS_TO_CREATE * 1000, () => {
      const accountId = String(700_000_000_000 + creations.indexOf(creation));
      Object.assign(creation, { State: 'SUCCEEDED', AccountId: accountId });
      join(accountId, name, tags);
      members.set(accountId, newMember(accountId));
      created(createdEvent(accountId, creation.Id));
    });
    return creation;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the inputs of the SDK's commands, each of its own type
  const answers: Readonly<Record<string, (input: any) => object>> = {
    'organizations:DescribeAccount': ({ AccountId }) => ({ Account: described(find(AccountId)) }),
    'organizations:ListTagsForResource': ({ ResourceId }) => ({ Tags: find(ResourceId).tags }),
    'organizations:ListParents': ({ ChildId }) => ({ Parents: [ROOT], ...(find(ChildId) && {}) }),
    'organizations:ListAccounts': ({ NextToken = '0' }) => {
      const from = Number(NextToken);
      const page = [...listed.values()].slice(from, from + PAGE).map(described);
      return { Accounts: page, ...(from + PAGE < listed.size && { NextToken: String(from + PAGE) }) };
    },
    'organizations:CreateAccount': ({ AccountName, Tags }) => ({
      CreateAccountStatus: create(AccountName, Tags),
    }),
    'organizations:DescribeCreateAccountStatus': ({ CreateAccountRequestId }) => ({
      CreateAccountStatus: creations.find(({ Id }) => Id === CreateAccountRequestId),
    }),
    'organizations:ListCreateAccountStatus': ({ States }) => ({
      CreateAccountStatuses: creations.filter(({ State }) => !States || States.includes(State)),
    }),
  };
  return { join, members, creations, answers };
}

function described({ tags: _, ...account }: Listed) {
  return {
    ...account,
    State: 'ACTIVE',
    JoinedMethod: 'CREATED',
    Paths: [`o-exampleorg1/r-root/${account.Id}/`],
  };
}

/** The detail of the event by which AWS says that an account was made. */
export function createdEvent(accountId: string, creationId: string): object {
  const createAccountStatus = { id: creationId, state: 'SUCCEEDED', accountName: '****', accountId };
  return {
    eventID: `created-${accountId}`,
    eventSource: 'organizations.amazonaws.com',
    eventName: 'CreateAccountResult',
    eventType: 'AwsServiceEvent',
    serviceEventDetails: { createAccountStatus },
  };
}
