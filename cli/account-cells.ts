import { reasonOf } from '../shared/domain/account-view.ts';
import { formatBaseline } from '../shared/domain/baseline.ts';
import type { ListedAccount } from '../shared/store/listed-accounts.ts';

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
