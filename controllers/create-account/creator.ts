import {
  CreateAccountCommand,
  type CreateAccountStatus,
  DescribeCreateAccountStatusCommand,
  ListCreateAccountStatusCommand,
  ListParentsCommand,
  MoveAccountCommand,
} from '@aws-sdk/client-organizations';
import type { Access } from '../../shared/aws/access.ts';
import { organizationsClient } from '../../shared/aws/main-clients.ts';
import { pagesOf } from '../../shared/aws/pages.ts';
import { isNotInOrganization } from '../../shared/aws/translate-error.ts';
import type { Config } from '../../shared/deployment/config.ts';
import { REQUEST_TAG, tagValue } from '../../shared/domain/creation.ts';
import { ServiceFault } from '../../shared/domain/errors.ts';
import type { CreationRequest } from '../../shared/domain/requests.ts';

/** How far AWS is with an account. */
export interface CreationStatus {
  readonly creationId: string;
  readonly state: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';
  readonly name: string;
  readonly requestedAt: Date;
  /** With SUCCEEDED. */
  readonly accountId?: string;
  /** With FAILED. */
  readonly failureReason?: string;
}

/** The calls of Organizations that make accounts, through the organization role. */
export interface Creator {
  /** Asks for an account and returns AWS's id of the creation. Sent once: when nobody answers, AWS may have heard it. */
  create(key: string, request: CreationRequest): Promise<string>;
  status(creationId: string): Promise<CreationStatus>;
  /** Of every creation, or of those in progress, whoever asked. It carries no email. */
  statuses(which: 'all' | 'in progress'): Promise<CreationStatus[]>;
  /** What an account or organizational unit lies in; undefined when it is not in the organization. */
  parent(id: string): Promise<string | undefined>;
  /** @throws DestinationParentNotFoundException, as the SDK has it, when there is no such place */
  move(accountId: string, from: string, to: string): Promise<void>;
}

/** The creator by way of the organization role, whose session is shared with whoever else uses this `access`. */
export function createCreator(config: Config, access: Pick<Access, 'organization'>): Creator {
  const client = async (options?: { once: boolean }) =>
    organizationsClient(config, await access.organization('orgkeeper-creation'), options);
  return {
    async create(key, request) {
      const tags = { ...request.tags, [REQUEST_TAG]: tagValue(key) };
      const { CreateAccountStatus: status } = await (await client({ once: true })).send(
        new CreateAccountCommand({
          AccountName: request.name,
          Email: request.email,
          RoleName: config.accessRoleNames[0],
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        }),
      );
      if (!status?.Id) throw new ServiceFault('Organizations gave no id for the creation.');
      return status.Id;
    },
    async status(creationId) {
      const { CreateAccountStatus: status } = await (await client()).send(
        new DescribeCreateAccountStatusCommand({ CreateAccountRequestId: creationId }),
      );
      return toStatus(status ?? { Id: creationId });
    },
    async statuses(which) {
      const States = which === 'all' ? undefined : (['IN_PROGRESS'] as const);
      const organizations = await client();
      const pages = pagesOf(
        (NextToken) =>
          organizations.send(
            new ListCreateAccountStatusCommand({
              MaxResults: 20,
              ...(States && { States: [...States] }),
              ...(NextToken && { NextToken }),
            }),
          ),
        ({ NextToken }) => NextToken,
      );
      const all: CreationStatus[] = [];
      for await (const page of pages) all.push(...(page.CreateAccountStatuses ?? []).map(toStatus));
      return all;
    },
    async parent(id) {
      try {
        const { Parents = [] } = await (await client()).send(new ListParentsCommand({ ChildId: id }));
        return Parents[0]?.Id;
      } catch (error) {
        if (isNotInOrganization(error)) return undefined;
        throw error;
      }
    },
    async move(accountId, from, to) {
      await (await client()).send(
        new MoveAccountCommand({ AccountId: accountId, SourceParentId: from, DestinationParentId: to }),
      );
    },
  };
}

function toStatus(status: CreateAccountStatus): CreationStatus {
  return {
    creationId: status.Id ?? '',
    state: status.State === 'SUCCEEDED' || status.State === 'FAILED' ? status.State : 'IN_PROGRESS',
    name: status.AccountName ?? '',
    requestedAt: status.RequestedTimestamp ?? new Date(0),
    ...(status.AccountId && { accountId: status.AccountId }),
    ...(status.FailureReason && { failureReason: status.FailureReason }),
  };
}
