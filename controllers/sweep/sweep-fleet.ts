import { sendSweep, sendWork } from '../../shared/aws/queue.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { SweepMessage, WorkMessage } from '../../shared/domain/work.ts';
import { accountOf, recordPages } from '../../shared/store/accounts.ts';
import { advanceSweep, startSweep } from '../../shared/store/controls.ts';
import type { TaskDeps } from '../fleet/list-organization.ts';

type FleetSweep = Extract<SweepMessage, { task: 'sweep' }>;

/**
 * Sends a pass to every account that is kept or retiring (of a baseline, if named), a page at a time, and lists the organization as
 * well. Remembers how far it has come: after a crash, and when time runs out, it goes on behind that.
 * @returns how many passes it sent
 */
export async function sweepFleet(message: FleetSweep, deps: TaskDeps): Promise<number> {
  const { table } = deps.main;
  const accounts = await countAccounts(message, deps);
  const sweep = await startSweep(table, {
    sweepId: message.sweepId,
    accounts,
    startedAt: message.requestedAt,
  });
  if (!sweep.cursor) await sendSweep(deps.main.sweep, { task: 'list' });
  let sent = 0;
  for await (const page of recordPages(table, sweep.cursor)) {
    // What is in the way of a removal may be gone by now; such an account is none of those that the brake counts.
    const kept = page.items.filter(
      (record) => concerns(record, message) || concerns(record, message, 'retiring'),
    );
    // Of what its record would say nothing is known: a pass says so.
    const ids = [
      ...kept.map(({ accountId }) => accountId),
      ...page.unreadable.map(({ pk }) => accountOf(pk)),
    ];
    await sendWork(
      deps.main.work,
      ids.map((accountId) => work(accountId, message)),
    );
    sent += ids.length;
    if (page.last === undefined) continue;
    await advanceSweep(table, message.sweepId, page.last);
    if (!deps.timeLeft()) {
      await sendSweep(deps.main.sweep, message);
      break;
    }
  }
  return sent;
}

async function countAccounts(message: FleetSweep, deps: TaskDeps): Promise<number> {
  let accounts = 0;
  for await (const page of recordPages(deps.main.table)) {
    accounts += page.items.filter((record) => concerns(record, message)).length;
  }
  return accounts;
}

function concerns(
  record: Pick<AccountRecord, 'lifecycle' | 'baseline'>,
  message: FleetSweep,
  lifecycle: AccountRecord['lifecycle'] = 'managed',
): boolean {
  return record.lifecycle === lifecycle && (!message.baseline || record.baseline?.name === message.baseline);
}

function work(accountId: string, { sweepId, cause, requestedAt }: FleetSweep): WorkMessage {
  return { accountId, cause, requestedAt, sweepId };
}
