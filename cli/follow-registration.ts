import { isDeepStrictEqual } from 'node:util';
import type { Table } from '../shared/aws/main-clients.ts';
import type { AccountRecord } from '../shared/domain/account.ts';
import { type AccountView, accountView } from '../shared/domain/account-view.ts';
import { formatBaseline } from '../shared/domain/baseline.ts';
import type { RegistrationRequest } from '../shared/domain/requests.ts';
import { staysPutBack } from '../shared/domain/status.ts';
import { loadAccount } from '../shared/store/accounts.ts';
import { currentBaseline } from '../shared/store/baselines.ts';
import { Failure } from './failure.ts';
import { hasFailed, inTheWay, inWords, obstacles } from './obstacles.ts';
import { poll, startProgress } from './progress.ts';
import { failIfRejected } from './rejection.ts';

/** A registration that was asked for. */
export interface Registration {
  readonly request: RegistrationRequest;
  /** The record as it was before. */
  readonly before: AccountRecord | undefined;
  readonly eventId: string;
  readonly seconds: number;
}

/** Intake takes seconds; after so long without a trace, nobody takes requests. */
const TAKEN_SECONDS = 30;

/**
 * Follows a registration until the account is ready, or as far as a pass gets that may not write.
 * @throws Failure when it is rejected, when a pass fails, or when it takes too long
 */
export async function followRegistration(table: Table, asked: Registration): Promise<AccountView> {
  const id = asked.request.accountId;
  const progress = startProgress(`Waiting for account ${id} to be taken up …`);
  try {
    if ((await waitUntilTaken(table, asked)) === 'same') await failIfFailed(table, id);
    progress.update(`Account ${id} is registered; waiting for its first pass …`);
    const wait = { accountId: id, seconds: asked.seconds };
    return await waitUntilReady(table, wait, (text) => progress.update(text));
  } finally {
    progress.stop();
  }
}

/** Waits until the record says what was asked for: because it was changed, or as before. */
async function waitUntilTaken(table: Table, asked: Registration): Promise<'changed' | 'same'> {
  const { request, before, eventId } = asked;
  const baseline = await resolve(table, request.baseline);
  return poll(
    async () => {
      await failIfRejected(table, eventId);
      const { record, status } = await loadAccount(table, request.accountId);
      const changed = record?.changedBy === eventId || record?.changedBy !== before?.changedBy;
      if (!record) return undefined;
      // Asked for with the same content, a change of the role that was put back is tried once more.
      const same = says(record, request, baseline) && !staysPutBack(record, status);
      if (changed) return 'changed';
      return same ? 'same' : undefined;
    },
    {
      seconds: Math.min(asked.seconds, TAKEN_SECONDS),
      every: 500,
      late: () =>
        `Nothing came of it for ${Math.min(asked.seconds, TAKEN_SECONDS)} s: intake has not taken event ` +
        `${eventId} up; look at its function's log, and at \`orgkeeper doctor\`.`,
    },
  );
}

/** @throws Failure where the last pass failed: the same registration again has nothing looked at. */
async function failIfFailed(table: Table, id: string): Promise<void> {
  const { record, status, control } = await loadAccount(table, id);
  const view = record && accountView({ record, status, control });
  if (view?.state !== 'failed') return;
  throw new Failure(
    `Account ${id} is registered like that already, and the same again has nothing looked at: ` +
      `\`orgkeeper sweep ${id} --wait\` looks now. Its last pass failed:${inTheWay(view)}`,
  );
}

/**
 * Waits until a registered account is ready, or as far as a pass gets that may not write.
 * @throws Failure when a pass fails, or when it takes too long
 */
export async function waitUntilReady(
  table: Table,
  { accountId: id, seconds }: { readonly accountId: string; readonly seconds: number },
  update: (text: string) => void,
): Promise<AccountView> {
  let view: AccountView | undefined;
  return poll(
    async () => {
      const { record, status, control } = await loadAccount(table, id);
      if (!record) throw new Failure(`Account ${id} is no longer registered: somebody removed it.`);
      view = accountView({ record, status, control });
      if (hasFailed(view)) throw new Failure(`Account ${id} failed:${inTheWay(view)}`);
      if (view.ready) return view;
      const seen = status?.observedGeneration === record.generation;
      const [first] = seen ? obstacles(view.conditions) : [];
      update(`Account ${id} is ${view.state}: ${first ? inWords(first) : 'its pass is not over'}`);
      return seen && view.lastPass?.result === 'drifted' ? view : undefined;
    },
    {
      seconds,
      every: 1_000,
      late: () =>
        `Account ${id} is not ready after ${Math.round(seconds)} s:${view ? inTheWay(view) : ' no pass is over'}`,
    },
  );
}

/** `name@version` of what was asked for: intake takes the newest version where none is named. */
async function resolve(table: Table, baseline: string | undefined): Promise<string | undefined> {
  if (!baseline || baseline.includes('@')) return baseline;
  const current = await currentBaseline(table, baseline);
  return current ? formatBaseline(current) : baseline;
}

/** Whether a record already says all that a registration asks for: then it changes nothing. */
function says(
  record: AccountRecord,
  { baseline: _, ...asked }: RegistrationRequest,
  baseline: string | undefined,
): boolean {
  if (baseline && (!record.baseline || formatBaseline(record.baseline) !== baseline)) return false;
  return (
    record.lifecycle === 'managed' &&
    Object.entries(asked).every(([key, value]) =>
      isDeepStrictEqual(record[key as keyof AccountRecord], value),
    )
  );
}
