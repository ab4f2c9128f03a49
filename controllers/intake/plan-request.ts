import { whyNoPlan } from '../../shared/domain/plan.ts';
import type { PlanRequest } from '../../shared/domain/requests.ts';
import { getRecord } from '../../shared/store/accounts.ts';
import { putPlanText } from '../../shared/store/plans.ts';
import { type FleetDeps, type Outcome, refusal, rejectedFor } from '../fleet/outcome.ts';
import type { Incoming } from './event.ts';

/**
 * Work that makes a plan of an account, and nothing else: no record changes. The text of a baseline file is kept for the
 * plan alone, and for an hour.
 */
export async function planRequested(
  { cause, time: requestedAt }: Incoming,
  { accountId, document }: PlanRequest,
  { main: { table } }: FleetDeps,
): Promise<Outcome> {
  const plan = document === undefined ? 'assigned' : 'file';
  const record = await getRecord(table, accountId);
  const why = record ? whyNoPlan(record, plan) : `Account ${accountId} was never registered.`;
  const refused = why === undefined ? undefined : refusal('UnknownAccount', 'detail.accountId', why, why);
  const rejected = rejectedFor([refused]);
  if (rejected) return rejected;
  if (document !== undefined) await putPlanText(table, cause.id, document, new Date(requestedAt));
  return { did: 'accepted', announce: [], work: [{ accountId, cause, requestedAt, plan }] };
}
