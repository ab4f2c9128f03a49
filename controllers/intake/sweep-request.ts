import { sendSweep } from '../../shared/aws/queue.ts';
import type { Problem } from '../../shared/domain/errors.ts';
import type { SweepRequest } from '../../shared/domain/requests.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';
import { getRecords } from '../../shared/store/accounts.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import { startSweep } from '../../shared/store/controls.ts';
import { type FleetDeps, type Outcome, rejected, rejectedFor, unknownBaseline } from '../fleet/outcome.ts';
import type { Incoming } from './event.ts';

/**
 * A pass for each account named; for every account, or every one of a baseline, the sweep function goes through the
 * fleet. An account that is not managed is a problem, or a baseline that is none, and then nothing is swept.
 */
export async function sweepRequested(
  incoming: Incoming,
  request: SweepRequest,
  deps: FleetDeps,
): Promise<Outcome> {
  const { cause, time: requestedAt } = incoming;
  const sweepId = cause.id;
  const { accountIds, baseline } = request;
  const isKnown = !baseline || (await findBaseline(deps.main.table, baseline));
  const refused = rejectedFor([isKnown ? undefined : unknownBaseline(baseline)]);
  if (refused) return refused;
  if (!accountIds) {
    await sendSweep(deps.main.sweep, {
      task: 'sweep',
      sweepId,
      cause,
      requestedAt,
      ...(baseline && { baseline }),
    });
    return { did: 'accepted', announce: [], work: [] };
  }
  const problems = await unmanagedAccounts(accountIds, deps);
  if (problems.length > 0) {
    return rejected(
      'UnknownAccount',
      `${problems.length} of the accounts are not kept by Orgkeeper.`,
      problems,
    );
  }
  const unique = [...new Set(accountIds)];
  await startSweep(deps.main.table, { sweepId, accounts: unique.length, startedAt: requestedAt });
  const work = unique.map((accountId): WorkMessage => ({ accountId, cause, requestedAt, sweepId }));
  return { did: 'accepted', announce: [], work };
}

async function unmanagedAccounts(accountIds: readonly string[], deps: FleetDeps): Promise<Problem[]> {
  const records = await getRecords(deps.main.table, accountIds);
  return accountIds.flatMap((accountId, index) => {
    const record = records.get(accountId);
    if (record?.lifecycle === 'managed') return [];
    const message = record
      ? `account ${accountId} is ${record.lifecycle}`
      : `account ${accountId} was never registered`;
    return [{ path: `detail.accountIds[${index}]`, message }];
  });
}
