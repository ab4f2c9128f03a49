import { randomUUID } from 'node:crypto';
import type { Table } from '../shared/aws/main-clients.ts';
import { AccountId, type AccountRecord } from '../shared/domain/account.ts';
import {
  type AccountView,
  accountView,
  type Secrets,
  unreadableView,
} from '../shared/domain/account-view.ts';
import { type BaselineDocument, formatBaseline, parseBaselineReference } from '../shared/domain/baseline.ts';
import type { Claims } from '../shared/domain/cause.ts';
import { UnreadableItem } from '../shared/domain/errors.ts';
import { OUR_SOURCE } from '../shared/domain/event-sources.ts';
import { laterOf } from '../shared/domain/order.ts';
import type { AccountStatus } from '../shared/domain/status.ts';
import {
  accountKey,
  getRecord,
  getStatuses,
  loadAccount,
  recordPages,
  saveRecord,
} from '../shared/store/accounts.ts';
import { currentBaseline, getBaseline } from '../shared/store/baselines.ts';
import type { Page } from '../shared/store/item.ts';
import { Failure } from './failure.ts';
import { sayUnreadable } from './unreadable.ts';

/** Every readable record, sorted by account id; says which cannot be read. */
export async function allRecords(table: Table): Promise<readonly AccountRecord[]> {
  const { items, unreadable } = await flatten(recordPages(table));
  sayUnreadable(unreadable);
  return items;
}

/** One account as users see it. @throws Failure, as `findAccount` */
export async function oneView(
  table: Table,
  accountId: string,
  secrets: Secrets = 'masked',
): Promise<AccountView> {
  try {
    return accountView({ ...(await findAccount(table, accountId)), now: new Date() }, secrets);
  } catch (error) {
    if (!(error instanceof UnreadableItem)) throw error;
    const isRecord = error.sk === accountKey(accountId).sk;
    const record = isRecord ? undefined : await getRecord(table, accountId);
    return unreadableView(error, { accountId, record, now: new Date() });
  }
}

/** The readable statuses of these accounts, by account id. */
export async function statusesOf(
  table: Table,
  accountIds: readonly string[],
): Promise<Map<string, AccountStatus>> {
  const { items } = await getStatuses(table, accountIds);
  return new Map(items.map((status) => [status.accountId, status]));
}

/**
 * One account's items.
 * @throws Failure if `id` is not an account id, or not known to Orgkeeper; UnreadableItem
 */
export async function findAccount(table: Table, id: string) {
  const accountId = readAccountId(id);
  const { record, ...rest } = await loadAccount(table, accountId);
  if (!record) {
    throw new Failure(
      `Orgkeeper does not know account ${accountId}: \`orgkeeper accounts\` lists all known accounts.`,
    );
  }
  return { record, ...rest };
}

/** @throws Failure if the text is not an account id */
export function readAccountId(text: string): string {
  if (AccountId.safeParse(text).success) return text;
  throw new Failure(`'${text}' is not an account id: an account id has exactly 12 digits.`);
}

/** A baseline, at one version if it is given. */
type BaselineChoice = NonNullable<ReturnType<typeof parseBaselineReference>>;

/** @throws Failure if the text is neither `name` nor `name@version` */
export function readBaselineReference(text: string): BaselineChoice {
  const reference = parseBaselineReference(text);
  if (reference) return reference;
  throw new Failure(`'${text}' is not a baseline: write name or name@version.`);
}

/** True if a baseline is the chosen one, at the chosen version if there is one. Pure. */
export function isChosen(baseline: BaselineChoice | undefined, { name, version }: BaselineChoice): boolean {
  return baseline?.name === name && (version === undefined || baseline.version === version);
}

async function flatten<T>(pages: AsyncGenerator<Page<T>>): Promise<Page<T>> {
  const items: T[] = [];
  const unreadable: UnreadableItem[] = [];
  for await (const page of pages) {
    items.push(...page.items);
    unreadable.push(...page.unreadable);
  }
  return { items, unreadable };
}

/** A published baseline; without `version`, its newest version. @throws Failure if there is none */
export async function publishedBaseline(
  table: Table,
  { name, version }: { readonly name: string; readonly version?: number },
): Promise<BaselineDocument> {
  const newest = await currentBaseline(table, name);
  if (!newest)
    throw new Failure(`There is no baseline ${name}: \`orgkeeper baseline list\` lists all baselines.`);
  if (!version || version === newest.version) return newest;
  const found = await getBaseline(table, name, version);
  if (found) return found;
  throw new Failure(
    `There is no ${formatBaseline({ name, version })}: the newest version is ${formatBaseline(newest)}.`,
  );
}

const ATTEMPTS = 10;
/** After this time, the tick of the minute sends the work message that the edit owes, unless a run has seen the record. */
const PASS_SECONDS = 600;

/**
 * Changes an account's record. A concurrent change is not lost: the record is read and edited again. If `edit` returns undefined,
 * nothing is saved and the result is false. A change of desired state owes a run, and older requests do not undo it.
 * @param owing the sweep whose circuit breaker that run obeys; who asks for it, and why
 */
export async function editRecord(
  table: Table,
  accountId: string,
  edit: (record: AccountRecord) => AccountRecord | undefined,
  now = new Date(),
  { sweepId, by }: { readonly sweepId?: string; readonly by?: Claims } = {},
): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { record } = await findAccount(table, accountId);
    const edited = edit(record);
    if (!edited) return false;
    const changedBy = `cli:${randomUUID()}`;
    if (edited.generation === record.generation) {
      if (await saveRecord(table, { ...edited, changedBy }, record)) return true;
      continue;
    }
    const requestedAt = now.toISOString();
    const changedAt = laterOf(requestedAt, edited.changedAt);
    const cause = { source: OUR_SOURCE, detailType: 'CommandLine', id: changedBy, ...by };
    const work = { accountId, cause, requestedAt, ...(sweepId !== undefined && { sweepId }) };
    const owes = { announce: [], work: [work], seconds: PASS_SECONDS };
    if (await saveRecord(table, { ...edited, changedBy, changedAt }, record, owes)) return true;
  }
  throw new Failure(`Others keep changing account ${accountId} at the same time: try again.`);
}
