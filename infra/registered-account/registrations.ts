import type { Bus } from '../../shared/aws/bus.ts';
import { putEvents } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import { orderOf } from '../../shared/domain/order.ts';
import { parseRequest } from '../../shared/domain/requests.ts';
import { unmet } from '../../shared/domain/status.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { getRejection } from '../../shared/store/rejections.ts';

/** What the provider framework of the CDK says of the custom resource. */
export interface ResourceEvent {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Readonly<Record<string, unknown>>;
  /** What `onEvent` returned. */
  readonly Data?: { readonly eventId?: string };
}

/** The two functions of the custom resource. */
export interface Registrations {
  /** Puts the registration. A deleted resource changes nothing: the account stays managed. @throws Error if it is not valid */
  onEvent(event: ResourceEvent): Promise<{ PhysicalResourceId?: string; Data?: { eventId: string } }>;
  /** Whether the account is ready. @throws Error that says why it never will be without a change */
  isComplete(event: ResourceEvent): Promise<{ IsComplete: boolean; Data?: Record<string, string> }>;
}

const DETAIL_TYPE = 'AccountRegistrationRequested';

export function registrations({
  table,
  bus,
  now,
}: {
  table: Table;
  bus: Bus;
  now: () => Date;
}): Registrations {
  return {
    async onEvent({ RequestType, PhysicalResourceId, ResourceProperties }) {
      if (RequestType === 'Delete') return { ...(PhysicalResourceId && { PhysicalResourceId }) };
      const detail = detailIn(ResourceProperties);
      const [eventId = ''] = await putEvents(bus, [{ detailType: DETAIL_TYPE, detail }], REQUEST_SOURCE);
      return { PhysicalResourceId: detail.accountId, Data: { eventId } };
    },
    async isComplete({ RequestType, ResourceProperties, Data }) {
      if (RequestType === 'Delete') return { IsComplete: true };
      const { accountId } = detailIn(ResourceProperties);
      const id = Data?.eventId ?? '';
      const rejection = await getRejection(table, id);
      if (rejection)
        throw new Error(`The registration was rejected: ${rejection.reason}: ${rejection.message}`);
      const { record, status, control } = await loadAccount(table, accountId);
      // Before intake has followed the request, the account may be ready as it was.
      if (!record || orderOf({ id, time: now().toISOString() }, record) !== 'followed')
        return { IsComplete: false };
      const { state, ready, conditions, outputs } = accountView({ record, status, control, now: now() });
      const problem = unmet(conditions);
      if (state === 'failed' && problem?.status === 'False')
        throw new Error(`Account ${accountId} failed: ${problem.type} ${problem.reason}: ${problem.message}`);
      if (!ready) return { IsComplete: false };
      const { 'role.arn': roleArn, 'vpc.id': vpcId } = outputs;
      return { IsComplete: true, Data: { ...(roleArn && { roleArn }), ...(vpcId && { vpcId }) } };
    },
  };
}

/** The detail of the request. CloudFormation adds the ARN of the function to the properties. */
function detailIn({
  ServiceToken: _,
  ServiceTimeout: __,
  ...properties
}: ResourceEvent['ResourceProperties']) {
  const parsed = parseRequest(DETAIL_TYPE, properties);
  if ('request' in parsed && parsed.request.type === DETAIL_TYPE) return parsed.request.detail;
  const problems = 'problems' in parsed ? parsed.problems : [];
  throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join('; '));
}
