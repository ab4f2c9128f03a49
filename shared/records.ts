import { randomInt } from 'node:crypto';
import type { AccountRecord, BaselineReference } from './account.ts';
import type { OrganizationAccount } from './organization.ts';
import type { RegistrationRequest } from './requests.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A new ExternalId: 32 random letters and digits, one an account. */
export function newExternalId(): string {
  return Array.from({ length: 32 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** What a registration, by a person or by an event of the organization, makes of a record. */
export interface Registration {
  readonly request: RegistrationRequest;
  readonly baseline: BaselineReference;
  /** What Organizations says; absent for a standalone account. */
  readonly described: OrganizationAccount | undefined;
  /** The name was given by a person, not read from the organization. */
  readonly named: boolean;
  /** Id of the event. */
  readonly changedBy: string;
  /** ISO time of the event. */
  readonly time: string;
}

/**
 * The record that a registration asks for. Pure but for a new ExternalId where there is none. What a registration
 * does not mention it leaves as it is; where nothing differs it returns `existing` itself.
 */
export function registered(existing: AccountRecord | undefined, registration: Registration): AccountRecord {
  const { request, described, time } = registration;
  const known = existing?.lifecycle === 'managed' ? existing : undefined;
  const email = request.email ?? described?.email ?? existing?.email;
  const wanted: Omit<AccountRecord, 'generation' | 'changedBy'> = {
    schemaVersion: 1,
    accountId: request.accountId,
    name: request.name,
    ...(registration.named && { namedByRequest: true as const }),
    ...(email && { email }),
    origin: request.executionRoleArn || !described ? 'invited' : described.joinedBy,
    lifecycle: 'managed',
    paused: known?.paused ?? false,
    mode: request.mode ?? known?.mode ?? 'enforce',
    baseline: registration.baseline,
    externalId: request.externalId ?? existing?.externalId ?? newExternalId(),
    ...optional('executionRoleArn', request.executionRoleArn ?? known?.executionRoleArn),
    ...optional('accessRoleName', request.accessRoleName ?? known?.accessRoleName),
    ...optional('network', request.network ?? known?.network),
    ...optional('regions', request.regions ?? known?.regions),
    values: request.values ?? known?.values ?? {},
    tags: request.tags ?? known?.tags ?? {},
    registeredAt: known?.registeredAt ?? time,
    requestedAt: known?.requestedAt ?? time,
  };
  if (existing && sameContent(existing, wanted)) return existing;
  return { ...wanted, generation: (existing?.generation ?? 0) + 1, changedBy: registration.changedBy };
}

/** The record of an account that was there before Orgkeeper: shown, never entered. */
export function unmanaged(account: OrganizationAccount, now: Date): AccountRecord {
  return { ...described(account, now), lifecycle: 'unmanaged', mode: 'observe' };
}

/** The record of an account that came by itself and is kept from now on. */
export function newRecord(
  account: OrganizationAccount,
  baseline: BaselineReference,
  now: Date,
): AccountRecord {
  return { ...described(account, now), lifecycle: 'managed', mode: 'enforce', baseline };
}

/**
 * The record with what Organizations says now: name (unless a person gave another) and email, and whether the account
 * is still there (`account` is undefined when it left; suspended and closed ones count as departed, and come back as
 * they were). Returns `record` itself when nothing changed.
 */
export function refreshed(
  record: AccountRecord,
  account: OrganizationAccount | undefined,
  now: Date,
): AccountRecord {
  const change = (fields: Partial<AccountRecord>): AccountRecord => ({
    ...record,
    ...fields,
    generation: record.generation + 1,
    changedBy: `listing:${now.toISOString()}`,
  });
  if (!account?.active) {
    const gone = record.lifecycle === 'departed' || record.lifecycle === 'retired';
    return gone ? record : change({ lifecycle: 'departed', lifecycleReason: account?.state ?? 'DEPARTED' });
  }
  const lifecycle =
    record.lifecycle === 'departed' ? (record.baseline ? 'managed' : 'unmanaged') : record.lifecycle;
  const name = record.namedByRequest ? record.name : account.name;
  const email = account.email ?? record.email;
  const same = lifecycle === record.lifecycle && name === record.name && email === record.email;
  return same ? record : change({ lifecycle, name, ...optional('email', email) });
}

/** Id of the registration of an account that a listing found: the same however often it is found. */
export function listingId({ accountId, joinedAt }: OrganizationAccount): string {
  return `listing:${accountId}:${joinedAt}`;
}

function described(account: OrganizationAccount, now: Date) {
  return {
    schemaVersion: 1 as const,
    accountId: account.accountId,
    name: account.name,
    ...optional('email', account.email),
    origin: account.joinedBy,
    generation: 1,
    paused: false,
    externalId: newExternalId(),
    values: {},
    tags: {},
    registeredAt: now.toISOString(),
    requestedAt: account.joinedAt,
    changedBy: listingId(account),
  };
}

function sameContent(
  existing: AccountRecord,
  wanted: Omit<AccountRecord, 'generation' | 'changedBy'>,
): boolean {
  const { generation, changedBy, ...content } = existing;
  return canonical(content) === canonical(wanted);
}

/** JSON with sorted keys, so that equal content is equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
