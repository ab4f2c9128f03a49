import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';

/** A pass that started this much later than a message was sent has seen what the message is about. */
const SETTLED_MS = 5_000;

/**
 * Why a message needs no pass, or undefined when it does. Pure. A message is dropped for coalescing only if the last
 * finished pass started more than 5 s after it was sent, did not fail or wait, saw the current generation, and owes
 * the bus nothing.
 */
export function skipReason(given: {
  record: AccountRecord | undefined;
  before: AccountStatus | undefined;
  sentAt: Date;
  config: Config;
}): string | undefined {
  const { record, before } = given;
  if (!record) return 'no such account';
  if (record.accountId === given.config.managementAccountId) return 'the management account is never kept';
  if (!isWorkedOn(record.lifecycle)) return `the account is ${record.lifecycle}`;
  const seenNow = before?.observedGeneration === record.generation;
  if (record.lifecycle === 'retiring' && seenNow && before.retired && !before.unannounced) {
    return 'the account is retired, and nothing of ours is left in it';
  }
  const last = before?.lastPass;
  if (!last || last.result === 'failed' || last.result === 'waiting') return undefined;
  if (!seenNow || before.unannounced) return undefined;
  const seen = Date.parse(last.startedAt) - given.sentAt.getTime() > SETTLED_MS;
  return seen ? `pass ${last.id} has started since and found it ${last.result}` : undefined;
}

/** True for accounts that passes enter: to keep them, or to take away what was made in them. */
export function isWorkedOn(lifecycle: AccountRecord['lifecycle']): boolean {
  return lifecycle === 'managed' || lifecycle === 'retiring';
}
