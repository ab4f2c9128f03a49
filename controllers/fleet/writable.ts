import type { AccountRecord } from '../../shared/domain/account.ts';
import { type Rejection, refusal } from './outcome.ts';

/**
 * The record, if runs may write into the account; else why they may not. Pure.
 * @param retired what else such an account would need, after `is retired: `
 */
export function writable(
  accountId: string,
  record: AccountRecord | undefined,
  retired: string,
): AccountRecord | Rejection {
  const of = (reason: string, message: string) =>
    refusal(reason, 'detail.accountId', message, `Account ${accountId} ${message}.`);
  switch (record?.lifecycle) {
    case undefined:
    case 'unmanaged':
      return of('UnknownAccount', 'is not managed by Orgkeeper');
    case 'departed':
      return of('AccountDeparted', 'cannot be entered, since it has left or is suspended or closed');
    case 'retiring':
      return of('AccountRetired', `is being retired, or is retired already: ${retired}`);
    case 'retired':
      return of('AccountRetired', `is retired: ${retired}`);
    case 'managed':
      if (record.mode === 'enforce') return record;
      return of('ObservedOnly', 'is in mode observe: register it with mode enforce first');
  }
}
