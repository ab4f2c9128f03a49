import { z } from 'zod';
import { inPlainWords } from '../../shared/domain/plain-words.ts';
import { zodProblems } from '../../shared/domain/requests.ts';
import type { IntakeDeps } from '../fleet/deps.ts';
import { type Incoming, type IntakeOutcome, rejected } from '../fleet/outcome.ts';
import { accountIdsIn, textIn } from './account-ids.ts';
import { createAccountResult } from './create-account-result.ts';
import { type Hint, lookAt } from './look-at.ts';

type Follow = (incoming: Incoming, deps: IntakeDeps) => Promise<IntakeOutcome>;

/**
 * The events that are followed, by source and name. An invited account that accepts, and one that leaves, is told of by
 * AccountJoinedOrganization and AccountDepartedOrganization: its own call is recorded in its own trail alone. An event only says which accounts to look at, and a hint: what
 * Organizations says of them now decides. The stack of the management account forwards these and no others.
 */
export const EVENTS: Readonly<Record<string, Readonly<Record<string, Follow>>>> = {
  'aws.organizations': {
    CreateAccountResult: createAccountResult,
    AccountJoinedOrganization: (incoming, deps) => {
      const created = /^created$/i.test(textIn(incoming.detail, 'joinedMethod'));
      if (created) return ignored('CreateAccountResult tells of accounts that are created');
      return lookAtAccounts({ came: true }, incoming, deps);
    },
    MoveAccount: (incoming, deps) => {
      const from = textIn(incoming.detail, 'sourceParentId');
      return lookAtAccounts(from ? { movedFrom: from } : {}, incoming, deps);
    },
    CloseAccountResult: (incoming, deps) => lookAtAccounts({ went: true }, incoming, deps),
    AccountDepartedOrganization: (incoming, deps) => lookAtAccounts({ went: true }, incoming, deps),
    RemoveAccountFromOrganization: (incoming, deps) => lookAtAccounts({ went: true }, incoming, deps),
  },
  'aws.controltower': { CreateManagedAccount: managedAccount, UpdateManagedAccount: managedAccount },
};

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const Detail = z.object({ eventID: z.string(), eventName: z.string(), errorCode: z.string().optional() });

/** Follows an event of AWS Organizations or Control Tower, as CloudTrail delivers it. Failed calls are ignored. */
export async function organizationEvent(incoming: Incoming, deps: IntakeDeps): Promise<IntakeOutcome> {
  const parsed = Detail.safeParse(incoming.detail, { error: inPlainWords });
  if (!parsed.success) {
    return rejected('InvalidEvent', 'The event is not as CloudTrail writes it.', zodProblems(parsed.error));
  }
  const { eventName, errorCode } = parsed.data;
  if (errorCode) return { did: 'ignored', why: `the call failed with ${errorCode}` };
  const events = EVENTS[incoming.cause.source] ?? {};
  const follow = Object.hasOwn(events, eventName) ? events[eventName] : undefined;
  return follow ? follow(incoming, deps) : { did: 'ignored', why: `${eventName} is not followed` };
}

/** Control Tower is done with an account: it can be entered now, and may have moved. */
function managedAccount(incoming: Incoming, deps: IntakeDeps): Promise<IntakeOutcome> {
  const state = textIn(incoming.detail, 'state');
  if (state !== 'SUCCEEDED') return ignored(`Control Tower says ${state || 'nothing of its state'}`);
  return lookAtAccounts({ came: true, settled: true }, incoming, deps);
}

/** Looks at every account that the event names; what is to be done for each is done together. */
async function lookAtAccounts(hint: Hint, incoming: Incoming, deps: IntakeDeps): Promise<IntakeOutcome> {
  const ids = accountIdsIn(incoming.detail).filter((id) => id !== deps.config.managementAccountId);
  if (ids.length === 0) return ignored('it names no account: the listing finds what it is about');
  const outcomes: IntakeOutcome[] = [];
  for (const accountId of ids) {
    const described = await deps.organization.describe(accountId);
    outcomes.push(await lookAt(incoming, { ...hint, accountId, described }, deps));
  }
  const accepted = outcomes.flatMap((outcome) => (outcome.did === 'accepted' ? [outcome] : []));
  if (accepted.length === 0) return outcomes[0] ?? ignored('it names no account');
  const owedBy = accepted.flatMap(({ owedBy = [] }) => owedBy);
  return {
    did: 'accepted',
    announce: accepted.flatMap(({ announce }) => announce),
    work: accepted.flatMap(({ work }) => work),
    ...(owedBy.length > 0 && { owedBy }),
  };
}

async function ignored(why: string): Promise<IntakeOutcome> {
  return { did: 'ignored', why };
}
