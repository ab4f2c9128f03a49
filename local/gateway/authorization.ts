import {
  DescribeEventBusCommand,
  EventBridgeClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-eventbridge';
import { evaluate } from '../../shared/policy/evaluate.ts';
import type { BusAddress, BusRequest } from './buses.ts';
import type { Caller } from './callers.ts';
import { type Iam, remembered } from './iam.ts';
import { organizationOf } from './organization.ts';
import type { AssumeRequest } from './shims/assume-role.ts';
import type { Trusts } from './shims/trust-principals.ts';
import type { Upstream } from './upstream.ts';
import { type Call, isRead } from './wire.ts';

/** What the decisions need that the local runtime makes as AWS does. */
export interface AuthorizerDeps {
  readonly upstream: Upstream;
  readonly iam: Iam;
  readonly trusts: Trusts;
}

/** The decisions of IAM that the local runtime makes as AWS does. */
export interface Authorizer {
  /** Whether trust policy, the caller's own policies and its session policy together let it assume the role. */
  roleAdmits(request: AssumeRequest): Promise<boolean>;
  /** Whether the caller's policies and the policy of the bus let it put this event there. */
  busAdmits(request: BusRequest): Promise<boolean>;
  /** To be told of every call that went through, so that nothing stale is remembered. */
  after(call: Call): void;
}

const ADMINISTRATOR = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});

/** Decides by the policies that the emulator holds now. */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  const { upstream, trusts } = deps;
  const buses = new Map<string, Promise<{ arn: string; policy: string | undefined } | undefined>>();
  const organizations = new Map<string, Promise<string | undefined>>();

  async function readBus({ account, region, name }: BusAddress) {
    const client = upstream.client(EventBridgeClient, { account, region });
    try {
      const { Arn = '', Policy } = await client.send(new DescribeEventBusCommand({ Name: name }));
      return { arn: Arn, policy: Policy };
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  async function readOrganization(account: string) {
    return (await organizationOf(upstream, account))?.Id;
  }

  return {
    async roleAdmits({ caller, role, context }) {
      return isAllowed(
        { principal: await principalOf(caller, deps), action: 'sts:AssumeRole', resource: role.arn, context },
        { ...(await policiesOf(caller, deps)), trust: await trusts.seen(role) },
      );
    },
    async busAdmits({ caller, bus, source, detailType }) {
      const key = JSON.stringify([bus.account, bus.region, bus.name]);
      const found = await remembered(buses, key, () => readBus(bus));
      // The emulator itself answers that there is no such bus.
      if (!found) return bus.account === caller.account;
      const organization = await remembered(organizations, caller.account, () =>
        readOrganization(caller.account),
      );
      const context: Record<string, string> = { 'events:source': source, 'events:detail-type': detailType };
      if (organization) context['aws:PrincipalOrgID'] = organization;
      return isAllowed(
        {
          principal: await principalOf(caller, deps),
          action: 'events:PutEvents',
          resource: found.arn,
          context,
        },
        { ...(await policiesOf(caller, deps)), ...(found.policy ? { resource: found.policy } : {}) },
      );
    },
    after(call) {
      if (isRead(call) || call.action === 'PutEvents') return;
      if (call.service === 'events' || call.service === 'cloudformation') buses.clear();
      if (call.service === 'organizations') organizations.clear();
    },
  };
}

function isAllowed(...[request, policies]: Parameters<typeof evaluate>): boolean {
  try {
    return evaluate(request, policies).decision === 'Allowed';
  } catch {
    // A policy that cannot be read allows nothing.
    return false;
  }
}

async function principalOf(caller: Caller, { iam }: AuthorizerDeps) {
  if (!caller.session) return { arn: caller.arn };
  const { roleArn, roleId } = caller.session;
  const role = await iam.role(roleArn);
  return { arn: caller.arn, roleArn, uniqueId: role?.id ?? roleId };
}

async function policiesOf(caller: Caller, { iam }: AuthorizerDeps) {
  if (!caller.session) return { identity: ADMINISTRATOR };
  const { identity, boundary } = await iam.grants(caller.session.roleArn);
  const { policy } = caller.session;
  return {
    identity,
    ...(boundary.length > 0 ? { boundary } : {}),
    ...(policy === undefined ? {} : { session: policy }),
  };
}
