import pLimit from 'p-limit';
import type { AccountRecord, BaselineReference } from '../shared/account.ts';
import { formatBaseline, parseBaselineReference } from '../shared/baseline.ts';
import { currentBaseline, getBaseline } from '../shared/store/baselines.ts';
import type { Table } from '../shared/store/table.ts';
import { ask } from './ask.ts';
import type { Deployment } from './context.ts';
import { editRecord } from './edit-record.ts';
import { Failure } from './failure.ts';
import { allRecords, findAccount } from './fleet.ts';

/** Which accounts are to move: named ones, all that are kept, or those of one baseline (at a version). */
export type Selection =
  | { readonly by: 'ids'; readonly ids: readonly string[] }
  | { readonly by: 'all' }
  | { readonly by: 'from'; readonly name: string; readonly version?: number };

/** Accounts in one request: its event stays far below what EventBridge and SQS take. */
const ACCOUNTS_PER_REQUEST = 5_000;

/** The published baseline that `name@version` names. @throws Failure for anything else */
export async function findTarget(table: Table, text: string): Promise<BaselineReference> {
  const reference = parseBaselineReference(text);
  if (!reference) throw new Failure(`'${text}' is no baseline: write it as name@version.`);
  const { name, version } = reference;
  const current = await currentBaseline(table, name);
  if (!current)
    throw new Failure(`There is no baseline ${name}: \`orgkeeper baseline list\` shows those there are.`);
  if (!version) throw new Failure(`Say at which version: ${formatBaseline(current)} is the newest.`);
  if (version !== current.version && !(await getBaseline(table, name, version))) {
    throw new Failure(`There is no ${text}: ${formatBaseline(current)} is the newest.`);
  }
  return { name, version };
}

/** The accounts that would move: those selected and kept that are elsewhere. @throws Failure for a named one not kept */
export async function selectMoves(
  table: Table,
  to: BaselineReference,
  selection: Selection,
): Promise<AccountRecord[]> {
  const records = await selected(table, selection);
  return records.filter(({ baseline }) => !baseline || formatBaseline(baseline) !== formatBaseline(to));
}

async function selected(table: Table, selection: Selection): Promise<AccountRecord[]> {
  if (selection.by === 'ids') {
    const records: AccountRecord[] = [];
    for (const id of new Set(selection.ids)) records.push((await findAccount(table, id)).record);
    const other = records.find(({ lifecycle }) => lifecycle !== 'managed');
    if (!other) return records;
    throw new Failure(`Account ${other.accountId} is ${other.lifecycle}: register it first.`);
  }
  const kept = (await allRecords(table)).filter(({ lifecycle }) => lifecycle === 'managed');
  if (selection.by === 'all') return kept;
  const { name, version } = selection;
  return kept.filter(({ baseline }) => baseline?.name === name && (!version || baseline.version === version));
}

/**
 * Moves accounts to a baseline and asks for a pass of each that moved. One that somebody else moved there meanwhile,
 * or took out of keeping, is left. Safe to repeat.
 */
export async function moveAccounts(
  { table, bus }: Pick<Deployment, 'table' | 'bus'>,
  to: BaselineReference,
  accountIds: readonly string[],
): Promise<{ moved: string[]; eventIds: string[] }> {
  const limit = pLimit(8);
  const moves = accountIds.map((id) => limit(async () => ((await move(table, id, to)) ? id : [])));
  const moved = (await Promise.all(moves)).flat();
  const eventIds: string[] = [];
  for (let start = 0; start < moved.length; start += ACCOUNTS_PER_REQUEST) {
    const some = moved.slice(start, start + ACCOUNTS_PER_REQUEST);
    const reason = `baseline ${formatBaseline(to)} assigned`;
    eventIds.push(await ask(bus, 'DriftSweepRequested', { accountIds: some, reason }));
  }
  return { moved, eventIds };
}

function move(table: Table, accountId: string, to: BaselineReference): Promise<boolean> {
  return editRecord(table, accountId, (record) => {
    const there = record.baseline && formatBaseline(record.baseline) === formatBaseline(to);
    if (there || record.lifecycle !== 'managed') return undefined;
    return { ...record, baseline: { ...to }, baselineBy: 'request', generation: record.generation + 1 };
  });
}
