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

/** AWS's state of a creation. */
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

/** The calls of AWS Organizations that create accounts, through the creating role. */
export interface Creator {
  /** Requests an account and returns AWS's id of the creation. Never retried: without an answer, AWS may still have received it. */
  create(key: string, request: CreationRequest): Promise<string>;
  status(creationId: string): Promise<CreationStatus>;
  /** Every creation, or those in progress, whoever requested them. They have no email. */
  statuses(which: 'all' | 'in progress'): Promise<CreationStatus[]>;
  /** The parent of an account or organizational unit; undefined if it is not in the organization. */
  parent(id: string): Promise<string | undefined>;
  /** @throws the SDK's DestinationParentNotFoundException if there is no such unit */
  move(accountId: string, from: string, to: string): Promise<void>;
}

/** The creator through the organization role; other users of this `access` share its session. */
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
      if (!status?.Id) throw new ServiceFault('Organizations returned no id for the creation.');
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
