import { randomUUID } from 'node:crypto';
import type { Buses } from '../buses.ts';
import { organizationOf } from '../organization.ts';
import type { Deviation, KnownCall, Shim } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { type Call, isObject, parseObject, type Reply } from '../wire.ts';
import { putServiceEvent, type ServiceEvent } from './put-events.ts';

type Details = Record<string, unknown>;

/** The dependencies of this shim. */
export interface OrganizationDeps {
  readonly upstream: Upstream;
  readonly buses: Buses;
}

/**
 * The events that CloudTrail delivers after a successful call to Organizations, by action. The management account's default bus in
 * us-east-1 gets them, whoever made the call.
 */
const AFTER: Record<string, (answer: Details, management: string, call: Call) => ServiceEvent[]> = {
  CreateAccount: createAccountResult,
  CreateGovCloudAccount: createAccountResult,
  CloseAccount: (_, management, call) => [
    serviceEvent(management, 'CloseAccountResult', {
      closeAccountStatus: {
        accountId: call.params.AccountId,
        state: 'SUCCEEDED',
        requestedTimestamp: americanTime(undefined),
        completedTimestamp: americanTime(undefined),
      },
    }),
  ],
  RemoveAccountFromOrganization: (_, management, call) => [
    serviceEvent(management, 'AccountDepartedOrganization', {
      accountId: call.params.AccountId,
      departedMethod: 'Removed',
    }),
  ],
};

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'has no CloudTrail, so services put no events',
  here: "each finished operation of Organizations is an event on the management account's default bus, whoever called",
};

/** Puts the events that a successful call to Organizations causes on AWS. */
export function organizationEventsShim(deps: OrganizationDeps): Shim {
  return {
    services: ['organizations'],
    actions: Object.keys(AFTER),
    async answer(call, next) {
      const reply = await next(call);
      await putOrganizationEvents(call, reply, deps);
      return reply;
    },
  };
}

/** Puts the events for this answer; none for a failed call. */
export async function putOrganizationEvents(
  call: KnownCall,
  reply: Reply,
  deps: OrganizationDeps,
): Promise<void> {
  const make = AFTER[call.action];
  if (!make || reply.status !== 200) return;
  const management = await managementAccount(deps.upstream, call.caller.account);
  for (const event of make(parseObject(reply.body) ?? {}, management, call)) {
    await putServiceEvent(deps.buses, { account: management, region: 'us-east-1', name: 'default' }, event);
  }
}

async function managementAccount(upstream: Upstream, account: string): Promise<string> {
  return (await organizationOf(upstream, account))?.MasterAccountId ?? account;
}

function createAccountResult(answer: Details, management: string): ServiceEvent[] {
  const status = isObject(answer.CreateAccountStatus) ? answer.CreateAccountStatus : {};
  const { Id, State, AccountId, GovCloudAccountId, FailureReason, RequestedTimestamp, CompletedTimestamp } =
    status;
  return [
    serviceEvent(management, 'CreateAccountResult', {
      createAccountStatus: {
        id: Id,
        state: State,
        accountName: '****',
        ...(State === 'SUCCEEDED' ? { accountId: AccountId } : { failureReason: FailureReason }),
        ...(GovCloudAccountId ? { govCloudAccountId: GovCloudAccountId } : {}),
        requestedTimestamp: americanTime(RequestedTimestamp),
        completedTimestamp: americanTime(CompletedTimestamp),
      },
    }),
  ];
}

/** An "AWS Service Event via CloudTrail" of Organizations, for a finished operation. */
function serviceEvent(management: string, eventName: string, serviceEventDetails: Details): ServiceEvent {
  return {
    source: 'aws.organizations',
    detailType: 'AWS Service Event via CloudTrail',
    detail: {
      eventVersion: '1.08',
      userIdentity: { accountId: management, invokedBy: 'organizations.amazonaws.com' },
      eventTime: `${new Date().toISOString().slice(0, 19)}Z`,
      eventSource: 'organizations.amazonaws.com',
      eventName,
      awsRegion: 'us-east-1',
      sourceIPAddress: 'organizations.amazonaws.com',
      userAgent: 'organizations.amazonaws.com',
      responseElements: null,
      eventID: randomUUID(),
      readOnly: false,
      managementEvent: true,
      recipientAccountId: management,
      eventCategory: 'Management',
      requestParameters: null,
      eventType: 'AwsServiceEvent',
      serviceEventDetails,
    },
  };
}

/** CloudTrail formats these times as US text: `Nov 20, 2026 9:13:58 AM`. */
function americanTime(seconds: unknown): string {
  const time = new Date(Number(seconds ?? Date.now() / 1000) * 1000);
  const format = { timeZone: 'UTC', hour12: true } as const;
  const day = time.toLocaleDateString('en-US', { ...format, dateStyle: 'medium' });
  return `${day} ${time.toLocaleTimeString('en-US', { ...format, timeStyle: 'medium' }).replace(/\u202f/g, ' ')}`;
}
