import type { Table } from '../shared/aws/main-clients.ts';
import type { AccountStatus, PassRecord } from '../shared/domain/status.ts';
import { loadAccount } from '../shared/store/accounts.ts';
import { allStatuses } from './fleet.ts';
import { poll, startProgress } from './progress.ts';
import { counted } from './words.ts';

/** A request that has been sent, and how long its passes may take. */
export interface Sent {
  readonly eventId: string;
  readonly at: Date;
  readonly accountIds: readonly string[];
  readonly seconds: number;
}

/** Work is dropped in favour of a pass that began this much later than the asking: it has seen the same world. */
const COALESCED_MS = 5_000;
/** Up to so many accounts are asked for one by one, more by going through all. */
const FEW = 25;

/**
 * Follows a request until the pass of each account is over, and returns those passes.
 * @throws Failure when some are not over in time, naming one
 */
export async function followPasses(table: Table, sent: Sent): Promise<Map<string, PassRecord>> {
  const total = sent.accountIds.length;
  const over = new Map<string, PassRecord>();
  const progress = startProgress(`Waiting for ${counted(total, 'pass', 'passes')} …`);
  const open = () => sent.accountIds.filter((id) => !over.has(id));
  try {
    return await poll(
      async () => {
        const statuses = await readStatuses(table, open());
        for (const id of open()) {
          const pass = statuses.get(id)?.lastPass;
          if (pass && answers(pass, sent)) over.set(id, pass);
        }
        progress.update(`${over.size} of ${counted(total, 'pass', 'passes')} over …`);
        return over.size === total ? over : undefined;
      },
      {
        seconds: sent.seconds,
        every: total > FEW ? 3_000 : 500,
        late: () =>
          `${open().length} of ${counted(total, 'pass', 'passes')} not over after ${sent.seconds} s, that of account ${open()[0]} ` +
          'for one; they go on: `orgkeeper accounts` shows how they end.',
      },
    );
  } finally {
    progress.stop();
  }
}

/** Whether a pass is the one that was asked for, or began late enough to stand for it. */
function answers(pass: PassRecord, sent: Pick<Sent, 'eventId' | 'at'>): boolean {
  return pass.cause.id === sent.eventId || Date.parse(pass.startedAt) > sent.at.getTime() + COALESCED_MS;
}

async function readStatuses(table: Table, ids: readonly string[]): Promise<Map<string, AccountStatus>> {
  if (ids.length > FEW) return allStatuses(table);
  const items = await Promise.all(ids.map((id) => loadAccount(table, id)));
  return new Map(items.flatMap(({ status }) => (status ? [[status.accountId, status]] : [])));
}
