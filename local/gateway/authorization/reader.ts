import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeRouteTablesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  GetInstanceProfileCommand,
  GetRoleCommand,
  GetUserCommand,
  IAMClient,
  NoSuchEntityException,
} from '@aws-sdk/client-iam';
import { DescribePolicyCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { remembered } from '../iam.ts';
import { organizationOf } from '../organization.ts';
import type { KnownCall } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { isRead, text } from '../wire.ts';
import { type ResourceTags, readTags } from './resource-tags.ts';

/** Reads from the emulator what a call does not say about its resources. Cached until the account is written to. */
export interface ResourceReader {
  /** IAM's entity with this name; undefined if there is none. */
  named(kind: IamKind, account: string, name: string): Promise<IamEntity | undefined>;
  /** The organization of the account; undefined if the account has none. */
  organization(account: string): Promise<Organization | undefined>;
  /** The tags of a resource by its ARN; none if it does not exist. */
  tags(arn: string): Promise<ResourceTags>;
  /** The ARN of a policy of the organization that the account manages. */
  organizationPolicy(account: string, id: string): Promise<string>;
  /** A stack by its name or ARN; undefined if there is none. */
  stack(account: string, region: string, name: string): Promise<StandingStack | undefined>;
  /** The route table and subnet or gateway of an association; undefined if there is none with this id. */
  association(account: string, region: string, id: string): Promise<Association | undefined>;
}

/** What IAM finds by a name that leaves out its path. */
export type IamKind = 'role' | 'user' | 'instance-profile';

/** One of these, as far as decisions need it. */
export interface IamEntity {
  readonly arn: string;
  readonly boundaryArn?: string;
}

interface Organization {
  readonly id: string;
  readonly managementAccountId: string;
}

interface Association {
  readonly routeTableId: string;
  readonly subnetId?: string;
}

/** A stack as it is now. */
export interface StandingStack {
  readonly template: string;
  readonly parameters: readonly unknown[];
  /** The service role of whoever last changed it. */
  readonly roleArn?: string;
}

/** A reader that caches. */
export interface Listener {
  /** Must be called after every call, to drop cached reads that the call may have changed. */
  after(call: KnownCall): void;
}

/** Reads on demand. */
export function createReader(upstream: Upstream): ResourceReader & Listener {
  const names = new Map<string, Promise<IamEntity | undefined>>();
  const tags = new Map<string, Promise<ResourceTags>>();
  const organizations = new Map<string, Promise<Organization | undefined>>();

  async function readNamed(kind: IamKind, account: string, name: string): Promise<IamEntity | undefined> {
    const client = upstream.client(IAMClient, { account, region: 'us-east-1' });
    try {
      switch (kind) {
        case 'role':
          return namedOf((await client.send(new GetRoleCommand({ RoleName: name }))).Role);
        case 'user':
          return namedOf((await client.send(new GetUserCommand({ UserName: name }))).User);
        case 'instance-profile': {
          const asked = new GetInstanceProfileCommand({ InstanceProfileName: name });
          return namedOf((await client.send(asked)).InstanceProfile);
        }
      }
    } catch (error) {
      if (error instanceof NoSuchEntityException) return undefined;
      throw error;
    }
  }

  async function readOrganization(account: string): Promise<Organization | undefined> {
    const found = await organizationOf(upstream, account);
    return found && { id: found.Id ?? '', managementAccountId: found.MasterAccountId ?? '' };
  }

  return {
    named: (kind, account, name) =>
      remembered(names, [account, kind, name].join(' '), () => readNamed(kind, account, name)),
    organization: (account) => remembered(organizations, account, () => readOrganization(account)),
    tags: (arn) => remembered(tags, arn, () => readTags(upstream, arn).catch(noneIfGone)),
    async organizationPolicy(account, PolicyId) {
      const client = upstream.client(OrganizationsClient, { account, region: 'us-east-1' });
      const { Policy } = await client.send(new DescribePolicyCommand({ PolicyId }));
      return Policy?.PolicySummary?.Arn ?? '';
    },
    async stack(account, region, StackName) {
      const client = upstream.client(CloudFormationClient, { account, region });
      const described = await client.send(new DescribeStacksCommand({ StackName })).catch(noneIfUnknown);
      const [stack] = described?.Stacks ?? [];
      if (!stack) return undefined;
      const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName }));
      const { Parameters: parameters = [], RoleARN: roleArn } = stack;
      return { template: TemplateBody, parameters, ...(roleArn && { roleArn }) };
    },
    async association(account, region, id) {
      const client = upstream.client(EC2Client, { account, region });
      const filter = { Name: 'association.route-table-association-id', Values: [id] };
      const { RouteTables = [] } = await client.send(new DescribeRouteTablesCommand({ Filters: [filter] }));
      const [table] = RouteTables;
      if (!table?.RouteTableId) return undefined;
      const joined = table.Associations?.find((one) => one.RouteTableAssociationId === id);
      return { routeTableId: table.RouteTableId, ...(joined?.SubnetId && { subnetId: joined.SubnetId }) };
    },
    after(call) {
      if (isRead(call)) return;
      if (call.service === 'organizations') organizations.clear();
      tags.clear();
      const written = ['RoleName', 'UserName', 'InstanceProfileName'].flatMap(
        (one) => text(call.params, one) ?? [],
      );
      const touches = (key: string) =>
        call.service === 'iam' && written.length > 0
          ? written.some((name) => key.endsWith(` ${name}`))
          : ['iam', 'cloudformation', 'organizations'].includes(call.service);
      for (const key of names.keys()) if (touches(key)) names.delete(key);
    },
  };
}

/** CloudFormation's answer about a stack that does not exist. */
function noneIfUnknown(error: Error): undefined {
  if (error.name === 'ValidationError') return undefined;
  throw error;
}

/** No tags for a resource that does not exist. */
function noneIfGone(error: Error): ResourceTags {
  if (/NotFound|NoSuchEntity|NonExistent|InvalidResourceId|DoesNotExist/.test(error.name)) return {};
  throw error;
}

function namedOf(found: Held | undefined): IamEntity | undefined {
  if (!found?.Arn) return undefined;
  const boundaryArn = found.PermissionsBoundary?.PermissionsBoundaryArn;
  return { arn: found.Arn, ...(boundaryArn && { boundaryArn }) };
}

interface Held {
  readonly Arn?: string | undefined;
  readonly PermissionsBoundary?: { readonly PermissionsBoundaryArn?: string | undefined } | undefined;
}
