import { formatBaseline } from '../shared/domain/baseline.ts';
import { isMissing } from './account-filter.ts';
import { obstacles } from './conditions.ts';
import type { ListedAccount } from './fleet.ts';
import { cell, time } from './terminal.ts';

/** The columns of a CSV of accounts, with the account's values; all empty without an account. Pure. */
export function accountCells(account: ListedAccount | undefined): Readonly<Record<string, string>> {
  const { view, record } = account ?? {};
  return {
    accountId: view?.accountId ?? '',
    name: view?.name ?? '',
    email: view?.email ?? '',
    baseline: view?.baseline ? formatBaseline(view.baseline) : '',
    state: view?.state ?? '',
    ready: view ? String(view.ready) : '',
    reason: view ? reasonOf(view) : '',
    lastResult: view?.lastPass?.result ?? '',
    lastRun: view?.lastPass?.finishedAt ?? '',
    mode: view?.mode ?? '',
    origin: view?.origin ?? '',
    organizationalUnit: record?.unit ?? '',
    regions: record?.regions?.join(' ') ?? '',
  };
}

/** Why it is paused; else `Network InUse`: the most important condition that is not met, of a managed account; else empty. Pure. */
export function reasonOf(view: ListedAccount['view']): string {
  const [pause] = view.pauses ?? [];
  if (view.state === 'paused' && pause) {
    const until = pause.until === undefined ? '' : ` until ${time(pause.until)}`;
    return cell(`${pause.of} paused${until}${pause.reason === undefined ? '' : `: ${pause.reason}`}`);
  }
  const [first] = isMissing(view) ? obstacles(view.conditions) : [];
  return first ? `${first.type} ${first.reason}` : '';
}
