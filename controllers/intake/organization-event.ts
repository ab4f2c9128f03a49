import { z } from 'zod';
import { check } from '../../shared/domain/plain-words.ts';
import { zodProblems } from '../../shared/domain/requests.ts';
import { type FleetDeps, type Outcome, rejected } from '../fleet/outcome.ts';
import { together } from '../fleet/owed.ts';
import { createAccountResult } from './create-account-result.ts';
import type { Incoming } from './event.ts';
import { type Hint, reviewAccount } from './review-account.ts';

type Follow = (incoming: Incoming, deps: FleetDeps) => Promise<Outcome>;

/**
 * The handled events, by source and name. The management stack forwards these and no others. An event only says which accounts to
 * check, with a hint; the current answer of AWS Organizations decides. Accounts that accept an invitation or leave do so by a call
 * in their own trail, so the management account gets AccountJoinedOrganization and AccountDepartedOrganization instead.
 */
export const EVENTS: Readonly<Record<string, Readonly<Record<string, Follow>>>> = {
  'aws.organizations': {
    CreateAccountResult: createAccountResult,
    AccountJoinedOrganization: (incoming, deps) => {
      const created = /^created$/i.test(textIn(incoming.detail, 'joinedMethod'));
      if (created) return ignored('CreateAccountResult reports created accounts');
      return reviewAccounts({ came: true }, incoming, deps);
    },
    MoveAccount: (incoming, deps) => {
      const from = textIn(incoming.detail, 'sourceParentId');
      return reviewAccounts(from ? { movedFrom: from } : {}, incoming, deps);
    },
    CloseAccountResult: (incoming, deps) => reviewAccounts({ went: true }, incoming, deps),
    AccountDepartedOrganization: (incoming, deps) => reviewAccounts({ went: true }, incoming, deps),
    RemoveAccountFromOrganization: (incoming, deps) => reviewAccounts({ went: true }, incoming, deps),
  },
  'aws.controltower': { CreateManagedAccount: managedAccount, UpdateManagedAccount: managedAccount },
};

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const Detail = z.object({ eventID: z.string(), eventName: z.string(), errorCode: z.string().optional() });

/** Handles an event of AWS Organizations or Control Tower, as CloudTrail delivers it. Ignores failed calls. */
export async function organizationEvent(incoming: Incoming, deps: FleetDeps): Promise<Outcome> {
  const parsed = check(Detail, incoming.detail);
  if (!parsed.success) {
    return rejected(
      'InvalidEvent',
      "The event does not have CloudTrail's format.",
      zodProblems(parsed.error),
    );
  }
  const { eventName, errorCode } = parsed.data;
  if (errorCode) return { did: 'ignored', why: `the call failed with ${errorCode}` };
  const events = EVENTS[incoming.cause.source] ?? {};
  const follow = Object.hasOwn(events, eventName) ? events[eventName] : undefined;
  return follow ? follow(incoming, deps) : { did: 'ignored', why: `${eventName} is not handled` };
}

/** Control Tower has finished with an account: it can be entered now, and may have moved. */
function managedAccount(incoming: Incoming, deps: FleetDeps): Promise<Outcome> {
  const state = textIn(incoming.detail, 'state');
  if (state !== 'SUCCEEDED') return ignored(`Control Tower reports ${state || 'no state'}`);
  return reviewAccounts({ came: true, settled: true }, incoming, deps);
}

/** Reviews every account that the event names, and returns one outcome for all. */
async function reviewAccounts(hint: Hint, incoming: Incoming, deps: FleetDeps): Promise<Outcome> {
  const ids = accountIdsIn(incoming.detail).filter((id) => id !== deps.config.managementAccountId);
  if (ids.length === 0) return ignored('the event names no account; the listing finds the change');
  const outcomes: Outcome[] = [];
  for (const accountId of ids) {
    const account = await deps.organization.describe(accountId);
    outcomes.push(await reviewAccount(incoming, { ...hint, accountId, account }, deps));
  }
  const accepted = outcomes.filter((outcome) => outcome.did === 'accepted');
  return accepted.length > 0 ? together(accepted) : (outcomes[0] ?? ignored('the event names no account'));
}

async function ignored(why: string): Promise<Outcome> {
  return { did: 'ignored', why };
}

/**
 * The ids of the accounts that an event of CloudTrail is about. Their place is not documented for every event, so every
 * `accountId`, and every party of type ACCOUNT of a handshake, anywhere in request and response counts. Pure.
 */
export function accountIdsIn(detail: unknown): string[] {
  const { requestParameters, responseElements, serviceEventDetails } = fields(detail);
  const named = [requestParameters, responseElements, serviceEventDetails].flatMap(idsIn);
  const ids = named.filter((id) => typeof id === 'string' && /^\d{12}$/.test(id));
  return [...new Set(ids as string[])];
}

/** The first text under a key, at any depth; empty if there is none. Pure. */
export function textIn(value: unknown, key: string): string {
  const found = findIn(value, key);
  return typeof found === 'string' ? found : '';
}

function findIn(value: unknown, key: string): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  if (!Array.isArray(value) && Object.hasOwn(value, key)) return fields(value)[key];
  for (const item of Object.values(value)) {
    const found = findIn(item, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function idsIn(value: unknown): unknown[] {
  if (value === null || typeof value !== 'object') return [];
  const { accountId, type, id } = fields(value);
  return [accountId, ...(type === 'ACCOUNT' ? [id] : []), ...Object.values(value).flatMap(idsIn)];
}

function fields(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}
