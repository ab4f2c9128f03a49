import { randomInt } from 'node:crypto';
import type { AccountRecord, BaselineReference } from './account.ts';
import { isEarlier, laterOf } from './order.ts';
import type { OrganizationAccount } from './organization.ts';
import type { RegistrationRequest } from './requests.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A new ExternalId: 32 random letters and digits. Each account has its own. */
export function newExternalId(): string {
  return Array.from({ length: 32 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** A registration, requested by a person or caused by an event of the organization. */
export interface Registration {
  readonly request: RegistrationRequest;
  readonly baseline: BaselineReference;
  /** The account in AWS Organizations; undefined for a standalone account. */
  readonly described: OrganizationAccount | undefined;
  /** True if a request gave the name; false if it was read from the organization. */
  readonly named: boolean;
  /** Id of the event. */
  readonly changedBy: string;
  /** ISO time of the event. */
  readonly time: string;
}

/**
 * The record after a registration. What the registration does not mention stays as it was; if nothing differs, returns
 * `existing` itself. Pure except for a new ExternalId if there was none.
 */
export function registered(existing: AccountRecord | undefined, registration: Registration): AccountRecord {
  const { request, described, time } = registration;
  // An account that was managed before gets its former settings back; an unmanaged record has no requested settings.
  const known = existing?.lifecycle !== 'unmanaged' && existing?.baseline ? existing : undefined;
  const kept = known?.lifecycle === 'managed' ? known : undefined;
  const entered = request.executionRoleArn ?? known?.executionRoleArn;
  const email = request.email ?? described?.email ?? existing?.email;
  const wanted: Content = {
    schemaVersion: 1,
    accountId: request.accountId,
    name: request.name,
    ...(registration.named && { namedByRequest: true as const }),
    ...(email && { email }),
    origin: entered || !described ? 'invited' : described.joinedBy,
    lifecycle: 'managed',
    ...optional('keptSince', kept ? kept.keptSince : existing && existing.generation + 1),
    paused: known?.paused ?? false,
    ...optional('pause', known?.pause),
    mode: request.mode ?? known?.mode ?? 'enforce',
    baseline: registration.baseline,
    ...optional('baselineBy', baselineBy(request, existing)),
    ...optional('unit', described && (described.units?.at(-1) ?? existing?.unit)),
    externalId: request.externalId ?? existing?.externalId ?? newExternalId(),
    ...optional('executionRoleArn', entered),
    ...optional('accessRoleName', request.accessRoleName ?? known?.accessRoleName),
    ...optional('network', request.network ?? known?.network),
    ...optional('regions', request.regions ?? known?.regions),
    ...optional('clearing', clearingOf(kept, registration)),
    ...optional('clusters', kept?.clusters),
    ...optional('exceptions', kept?.exceptions),
    values: request.values ?? known?.values ?? {},
    tags: request.tags ?? known?.tags ?? {},
    registeredAt: kept?.registeredAt ?? time,
    requestedAt: kept?.requestedAt ?? time,
  };
  if (existing && sameContent(existing, wanted)) return existing;
  const { changedBy } = registration;
  const generation = (existing?.generation ?? 0) + 1;
  const marks = registration.named
    ? requestMarks(existing, time)
    : optional('changedAt', existing?.changedAt);
  return { ...wanted, generation, changedBy, ...marks };
}

/** The regions that are being cleared, unless the registration changes which regions the account has. */
function clearingOf(
  kept: AccountRecord | undefined,
  { request: { regions }, baseline }: Registration,
): AccountRecord['clearing'] {
  const isSame =
    canonical([regions ?? kept?.regions, baseline]) === canonical([kept?.regions, kept?.baseline]);
  return isSame ? kept?.clearing : undefined;
}

/** Who chose the baseline of a registration. */
function baselineBy(request: RegistrationRequest, existing: AccountRecord | undefined) {
  if (request.baseline) return 'request';
  return standingBaseline(existing) ? existing?.baselineBy : 'rules';
}

/**
 * The baseline that a registration without a baseline keeps: that of a managed account, or the one that a person chose for an
 * account that was managed before. Undefined where the rules choose. Pure.
 */
export function standingBaseline(existing: AccountRecord | undefined): BaselineReference | undefined {
  const chosen = existing?.baselineBy !== 'rules' && existing?.lifecycle !== 'unmanaged';
  return chosen || existing?.lifecycle === 'managed' ? existing?.baseline : undefined;
}

/**
 * The record of an unmanaged account, which is shown and never entered: it existed before Orgkeeper, or is in a unit whose
 * accounts are not onboarded. ExternalId and times of `existing` stay.
 */
export function unmanaged(
  account: OrganizationAccount,
  options: { readonly existing: AccountRecord | undefined; readonly changedBy: string; readonly now: Date },
): AccountRecord {
  const { existing, changedBy, now } = options;
  return {
    schemaVersion: 1,
    accountId: account.accountId,
    name: account.name,
    ...optional('email', account.email),
    origin: account.joinedBy,
    lifecycle: 'unmanaged',
    mode: 'observe',
    ...optional('unit', account.units?.at(-1)),
    generation: (existing?.generation ?? 0) + 1,
    paused: false,
    externalId: existing?.externalId ?? newExternalId(),
    values: {},
    tags: {},
    registeredAt: existing?.registeredAt ?? now.toISOString(),
    requestedAt: account.joinedAt,
    changedBy,
    ...optional('changedAt', existing?.changedAt),
  };
}

/**
 * The record with what AWS Organizations says now: name (unless a request gave one), email, and whether the account is active.
 * An account that left (`account` is undefined), is suspended or closed becomes `departed`, or `retired` if it was being retired;
 * a reinstated account gets its former settings back. Returns `record` itself if nothing changed.
 */
export function refreshed(
  record: AccountRecord,
  account: OrganizationAccount | undefined,
  changedBy: string,
): AccountRecord {
  const generation = record.generation + 1;
  if (!account?.active) {
    const lifecycleReason = account?.state ?? 'DEPARTED';
    if (record.lifecycle === 'retired' || record.lifecycleReason === lifecycleReason) return record;
    const lifecycle = record.lifecycle === 'retiring' ? 'retired' : 'departed';
    return { ...record, lifecycle, lifecycleReason, generation, changedBy };
  }
  const { lifecycleReason, ...rest } = record;
  const back = record.baseline ? 'managed' : 'unmanaged';
  const current: AccountRecord = record.lifecycle === 'departed' ? { ...rest, lifecycle: back } : record;
  const wanted: AccountRecord = {
    ...current,
    name: record.namedByRequest ? record.name : account.name,
    ...optional('email', account.email ?? record.email),
  };
  const unit = account.units?.at(-1) ?? record.unit;
  if (!sameContent(record, withoutChange(wanted)))
    return { ...wanted, ...optional('unit', unit), generation, changedBy };
  return unit === record.unit ? record : { ...record, ...optional('unit', unit), changedBy };
}

/** Whether the account is or was in the organization, according to its record. Pure. */
export function wasInOrganization({ origin, unit }: Pick<AccountRecord, 'origin' | 'unit'>): boolean {
  return origin !== 'invited' || unit !== undefined;
}

/**
 * The record after a command that assigns a baseline, whose regions may be others; undefined if the account is not managed. The
 * command counts as the latest request also where the account has the baseline: a registration on its way names another. Pure.
 * @param at ISO time of the command
 */
export function withBaseline(
  record: AccountRecord,
  to: BaselineReference,
  at: string,
): AccountRecord | undefined {
  if (record.lifecycle !== 'managed') return undefined;
  const { baseline, changedAt, requestedAt, generation } = record;
  const since = record.assigned?.at === changedAt ? record.assigned?.since : changedAt;
  const latest = laterOf(at, changedAt);
  const assigned = { changedAt: latest, assigned: { at: latest, since: since ?? requestedAt } };
  if (baseline?.name === to.name && baseline.version === to.version) return { ...record, ...assigned };
  const { clearing: _, ...rest } = record;
  return {
    ...rest,
    ...assigned,
    baseline: { ...to },
    baselineBy: 'request',
    generation: generation + 1,
  };
}

/**
 * The baseline that a command assigned after this registration, if nothing else was requested since, and from when on earlier
 * registrations count; else undefined. Pure.
 * @param time ISO time of the registration
 */
export function assignedSince(
  { assigned, baseline, changedAt }: AccountRecord,
  time: string,
): { readonly baseline: BaselineReference; readonly since: string } | undefined {
  const isLatest = assigned !== undefined && assigned.at === changedAt;
  if (!isLatest || !baseline || !isEarlier(time, assigned.at)) return undefined;
  return { baseline, since: assigned.since };
}

/** How a record marks that it has followed a person's request, which may be older than the assignment of its baseline. Pure. */
export function requestMarks(
  record: AccountRecord | undefined,
  time: string,
): Pick<AccountRecord, 'changedAt' | 'assigned'> {
  const { assigned } = record ?? {};
  return {
    changedAt: laterOf(time, record?.changedAt),
    ...(record && assigned && assignedSince(record, time) && { assigned: { ...assigned, since: time } }),
  };
}

/** A record without the fields that only mark its changes. */
type Content = Omit<AccountRecord, Marks>;
type Marks =
  | 'generation'
  | 'changedBy'
  | 'changedAt'
  | 'assigned'
  | 'removal'
  | 'followed'
  | 'owed'
  | 'dueAt';

function withoutChange(record: AccountRecord): Content {
  const { generation, changedBy, changedAt, assigned, removal, followed, owed, dueAt, ...content } = record;
  return content;
}

function sameContent(existing: AccountRecord, wanted: Content): boolean {
  return canonical(withoutChange(existing)) === canonical(wanted);
}

/** JSON with sorted keys, so that equal content gives equal text. */
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
