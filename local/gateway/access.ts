import { evaluate } from '../../shared/policy/evaluate.ts';
import type { Caller } from './callers.ts';
import type { BusRequest } from './events.ts';
import type { Iam } from './iam.ts';
import { organizationOf } from './organization-events.ts';
import type { AssumeRequest } from './sts.ts';
import type { Trusts } from './trusts.ts';
import type { Upstream } from './upstream.ts';
import { parseObject, text } from './wire.ts';

/** What the two decisions need that the local runtime makes as AWS does. */
export interface AccessDeps {
  readonly upstream: Upstream;
  readonly iam: Iam;
  readonly trusts: Trusts;
}

const ADMINISTRATOR = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});

/** Whether trust policy, the caller's own policies and its session policy together let it assume the role. */
export async function roleAdmits(request: AssumeRequest, deps: AccessDeps): Promise<boolean> {
  const { caller, role, context } = request;
  return isAllowed(
    { principal: await principalOf(caller, deps), action: 'sts:AssumeRole', resource: role.arn, context },
    { ...(await policiesOf(caller, deps)), trust: await deps.trusts.seen(role) },
  );
}

/** Whether the caller's policies and the policy of the bus let it put this event there. */
export async function busAdmits(request: BusRequest, deps: AccessDeps): Promise<boolean> {
  const { caller, bus, source, detailType } = request;
  const as = { account: bus.account, region: bus.region, service: 'events' };
  const reply = await deps.upstream.json('AWSEvents.DescribeEventBus', { Name: bus.name }, as);
  const described = parseObject(reply.body) ?? {};
  if (reply.status !== 200) return bus.account === caller.account;
  const organization = await organizationOf(deps.upstream, caller.account);
  const context: Record<string, string> = { 'events:source': source, 'events:detail-type': detailType };
  if (typeof organization?.Id === 'string') context['aws:PrincipalOrgID'] = organization.Id;
  const policy = text(described, 'Policy');
  return isAllowed(
    {
      principal: await principalOf(caller, deps),
      action: 'events:PutEvents',
      resource: text(described, 'Arn') ?? '',
      context,
    },
    { ...(await policiesOf(caller, deps)), ...(policy ? { resource: policy } : {}) },
  );
}

function isAllowed(...[request, policies]: Parameters<typeof evaluate>): boolean {
  try {
    return evaluate(request, policies).decision === 'Allowed';
  } catch {
    // A policy that cannot be read allows nothing.
    return false;
  }
}

async function principalOf(caller: Caller, { iam }: AccessDeps) {
  if (!caller.session) return { arn: caller.arn };
  const { roleArn, roleId } = caller.session;
  const role = await iam.role(roleArn);
  return { arn: caller.arn, roleArn, uniqueId: role?.id ?? roleId };
}

async function policiesOf(caller: Caller, { iam }: AccessDeps) {
  if (!caller.session) return { identity: ADMINISTRATOR };
  const { identity, boundary } = await iam.grants(caller.session.roleArn);
  const { policy } = caller.session;
  return {
    identity,
    ...(boundary.length > 0 ? { boundary } : {}),
    ...(policy === undefined ? {} : { session: policy }),
  };
}
