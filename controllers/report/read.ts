import type { Table } from '../../shared/aws/main-clients.ts';
import type { UnreadableItem } from '../../shared/domain/errors.ts';
import { getControl, sweepPages } from '../../shared/store/controls.ts';
import type { Page } from '../../shared/store/item.ts';
import { accountPages } from '../../shared/store/listed-accounts.ts';
import { rejectionPages } from '../../shared/store/rejections.ts';
import { listRollouts } from '../../shared/store/rollouts.ts';
import { type FleetPass, fleetHistory } from '../../shared/store/statuses.ts';
import {
  chartFrom,
  type DifferingByDay,
  noteDiffering,
  type ReportParts,
  type SeenAccount,
  seen,
} from './model.ts';

const ITEMS_PER_PAGE = 500;

/**
 * Reads the fleet, and the indexes of what happened. Of each account, and of a run from before the time, only what a report needs is
 * kept in memory.
 * @param onAccounts called after each page with the number of accounts so far
 */
export async function readParts(
  table: Table,
  since: string,
  now: Date,
  onAccounts: (count: number) => void = () => undefined,
): Promise<ReportParts> {
  const accounts: SeenAccount[] = [];
  for await (const page of accountPages(table)) {
    accounts.push(...page.map(seen));
    onAccounts(accounts.length);
  }
  const readySince = new Map(accounts.map((one) => [one.shown.accountId, one.readySince]));
  const unreadable: UnreadableItem[] = [];
  async function* readable<T>(pages: AsyncGenerator<Page<T>>): AsyncGenerator<T> {
    for await (const page of pages) {
      unreadable.push(...page.unreadable);
      yield* page.items;
    }
  }
  const passes: FleetPass[] = [];
  const differing: DifferingByDay = new Map();
  const from = [since, chartFrom(now)].toSorted()[0] ?? since;
  for await (const pass of readable(fleetHistory(table, { since: from }, ITEMS_PER_PAGE))) {
    noteDiffering(differing, pass, readySince.get(pass.accountId));
    if (pass.startedAt >= since) passes.push(pass);
  }
  const sweeps = await all(readable(sweepPages(table, { since }, ITEMS_PER_PAGE)));
  const rejected = await all(readable(rejectionPages(table, { since }, ITEMS_PER_PAGE)));
  const rollouts = await listRollouts(table);
  unreadable.push(...rollouts.unreadable);
  const control = await getControl(table);
  return {
    ...{ accounts, passes, differing, sweeps, rejected, rollouts: rollouts.items },
    ...{ unreadable, control, since, now },
  };
}

async function all<T>(items: AsyncGenerator<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
