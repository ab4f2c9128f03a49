import {
  DescribePolicyCommand,
  ListParentsCommand,
  ListPoliciesForTargetCommand,
  ListRootsCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { type NamedPolicy, remembered } from '../iam.ts';
import { organizationOf } from '../organization.ts';
import type { Upstream } from '../upstream.ts';
import { type Call, isRead } from '../wire.ts';

/** An account's place in its organization, and the policies attached between the root and the account. */
export interface Membership {
  readonly organizationId: string;
  readonly managementAccountId: string;
  /** As `aws:PrincipalOrgPaths` has it: `o-…/r-…/ou-…/`. */
  readonly path: string;
  /** Root first, account last; empty if the organization has not enabled this type of policy. */
  readonly scp?: readonly (readonly NamedPolicy[])[];
  readonly rcp?: readonly (readonly NamedPolicy[])[];
}

/** What decisions need of the emulator's organizations. Cached until an organization changes. */
export interface Organizations {
  /** Undefined for an account without an organization. */
  membership(account: string): Promise<Membership | undefined>;
  /** Must be called after every call, to drop cached reads that the call may have changed. */
  after(call: Call): void;
}

const TYPES = { scp: 'SERVICE_CONTROL_POLICY', rcp: 'RESOURCE_CONTROL_POLICY' } as const;

/** Reads on demand. */
export function createOrganizations(upstream: Upstream): Organizations {
  const memberships = new Map<string, Promise<{ readonly found: Membership | undefined }>>();

  async function read(account: string): Promise<Membership | undefined> {
    const organization = await organizationOf(upstream, account);
    const { Id: organizationId, MasterAccountId: managementAccountId } = organization ?? {};
    if (!organizationId || !managementAccountId) return undefined;
    const client = clientOf(upstream, managementAccountId);
    const { Roots = [] } = await client.send(new ListRootsCommand({}));
    const way = await wayTo(client, account);
    const enabled = (Roots[0]?.PolicyTypes ?? []).flatMap(({ Type, Status }) =>
      Status === 'ENABLED' && Type ? [Type as string] : [],
    );
    const levels = async (kind: keyof typeof TYPES) =>
      enabled.includes(TYPES[kind])
        ? {
            [kind]: await Promise.all(
              [...way, account].map((target) => attachedTo(client, target, TYPES[kind])),
            ),
          }
        : {};
    return {
      organizationId,
      managementAccountId,
      path: `${[organizationId, ...way].join('/')}/`,
      ...(await levels('scp')),
      ...(await levels('rcp')),
    };
  }

  return {
    membership: async (account) =>
      (await remembered(memberships, account, async () => ({ found: await read(account) }))).found,
    after(call) {
      if (call.service !== 'organizations' || isRead(call)) return;
      // A new account changes nothing for those that are there.
      if (!/^(Create(GovCloud)?Account|(Unt|T)agResource)$/.test(call.action)) memberships.clear();
    },
  };
}

/** Root and units above an account, the root first; empty for an account that the organization does not list. */
async function wayTo(client: OrganizationsClient, account: string): Promise<string[]> {
  const way: string[] = [];
  for (let child = account; !child.startsWith('r-'); ) {
    const { Parents = [] } = await client.send(new ListParentsCommand({ ChildId: child }));
    const [parent] = Parents;
    if (!parent?.Id) break;
    way.unshift(parent.Id);
    child = parent.Id;
  }
  return way;
}

async function attachedTo(
  client: OrganizationsClient,
  TargetId: string,
  Filter: (typeof TYPES)[keyof typeof TYPES],
): Promise<NamedPolicy[]> {
  const { Policies = [] } = await client.send(new ListPoliciesForTargetCommand({ TargetId, Filter }));
  return Promise.all(
    Policies.map(async ({ Id: PolicyId, Name = '' }) => {
      const { Policy } = await client.send(new DescribePolicyCommand({ PolicyId }));
      return { name: Name, document: Policy?.Content ?? '' };
    }),
  );
}

function clientOf(upstream: Upstream, account: string): OrganizationsClient {
  return upstream.client(OrganizationsClient, { account, region: 'us-east-1' });
}
