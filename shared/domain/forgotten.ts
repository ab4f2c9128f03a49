import type { AccountRecord } from './account.ts';
import { laterOf } from './order.ts';
import { newExternalId, wasInOrganization } from './records.ts';

/**
 * What remains of a forgotten account's record: nothing; or, if the account is still in the organization as far as is known, an
 * unmanaged record, since the next listing would otherwise onboard it as a new account. Pure except for the new ExternalId.
 */
export function forgotten(
  record: AccountRecord,
  { changedBy, now }: { readonly changedBy: string; readonly now: Date },
): AccountRecord | undefined {
  const { schemaVersion, accountId, name, email, unit, registeredAt, requestedAt } = record;
  if (!wasInOrganization(record) || record.lifecycleReason !== undefined) return undefined;
  return {
    schemaVersion,
    accountId,
    name,
    ...(email !== undefined && { email }),
    origin: record.origin === 'invited' ? 'joined' : record.origin,
    lifecycle: 'unmanaged',
    mode: 'observe',
    ...(unit !== undefined && { unit }),
    generation: record.generation + 1,
    paused: false,
    externalId: newExternalId(),
    values: {},
    tags: {},
    registeredAt,
    requestedAt,
    changedBy,
    changedAt: laterOf(now.toISOString(), record.changedAt),
  };
}
