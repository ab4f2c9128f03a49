import type { AccountRecord, BaselineReference, Owed } from '../../shared/domain/account.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import { laterOf, orderOf } from '../../shared/domain/order.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { registered, standingBaseline } from '../../shared/domain/records.ts';
import type { RegistrationRequest } from '../../shared/domain/requests.ts';
import { staysPutBack } from '../../shared/domain/status.ts';
import { getRecord, getStatus, getTrace, saveRecord } from '../../shared/store/accounts.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import type { IntakeDeps } from './deps.ts';
import { createOnboarding } from './onboarding.ts';
import { followedBefore, type Incoming, type IntakeOutcome, overtaken } from './outcome.ts';
import { rejectedFor, unknownBaseline } from './refusal.ts';
import { accountRefusals } from './refuse-account.ts';

/**
 * Registers an account, or corrects its registration: the record is saved, a pass is asked for, and the change is
 * announced. The same content again changes nothing, unless a change of its role was put back: a person asks for that
 * once more. The same event again sends only what is still owed, and one that is older than what was asked for since
 * changes nothing.
 */
export async function register(
  incoming: Incoming,
  request: RegistrationRequest,
  described: OrganizationAccount | undefined,
  deps: IntakeDeps,
): Promise<IntakeOutcome> {
  const { main } = deps;
  const existing = await getRecord(main.table, request.accountId);
  const seen = existing ?? (await getTrace(main.table, request.accountId));
  const named = incoming.cause.source === REQUEST_SOURCE;
  const order = orderOf({ id: incoming.cause.id, time: incoming.time }, seen);
  if (order === 'followed') return followedBefore(existing);
  if (order === 'overtaken' && named) {
    return overtaken(`account ${request.accountId}`, incoming, seen?.changedAt);
  }
  if (order === 'overtaken')
    return { did: 'ignored', why: `something was asked for since, at ${seen?.changedAt}` };
  const chosen = request.baseline ? await findBaseline(main.table, request.baseline) : undefined;
  const refused = rejectedFor([
    ...accountRefusals({ request, described, existing }, deps.config),
    request.baseline && !chosen ? unknownBaseline(request.baseline) : undefined,
  ]);
  if (refused) return refused;
  const baseline = chosen ?? (await chosenBaseline(request, existing, described, deps));
  const changedBy = incoming.cause.id;
  const { time } = incoming;
  const asked = registered(existing, { request, baseline, described, named, changedBy, time });
  const isSame = asked === existing;
  const onceMore = isSame && named && (await waitsPutBack(asked, deps));
  if (isSame && !onceMore) {
    // What was asked for before does not undo that somebody wants the account as it is.
    if (named) await save(askedAgain(asked, incoming), existing, deps);
    return { did: 'ignored', why: 'registered already, with the same content' };
  }
  const record = onceMore
    ? { ...asked, generation: asked.generation + 1, changedBy, changedAt: time }
    : asked;
  const owes = { announce: [announcement(record, incoming)], work: [work(record, incoming)] };
  await save(record, existing, deps, owes);
  return { did: 'accepted', ...owes, ...(!existing?.owed && { owedBy: [record] }) };
}

async function save(
  record: AccountRecord,
  read: AccountRecord | undefined,
  { main }: IntakeDeps,
  owes?: Owed,
): Promise<void> {
  if (await saveRecord(main.table, record, read, owes)) return;
  throw new Conflict(`Somebody else changed the record of account ${record.accountId}.`);
}

/** The record of an account that is asked for once more, as it is. Pure. */
function askedAgain(record: AccountRecord, { cause, time }: Incoming): AccountRecord {
  return {
    ...record,
    followed: [...(record.followed ?? []), cause.id],
    changedAt: laterOf(time, record.changedAt),
  };
}

/** Whether a change of the role that the record asks for was put back. */
async function waitsPutBack(record: AccountRecord, { main }: IntakeDeps): Promise<boolean> {
  return staysPutBack(record, await getStatus(main.table, record.accountId));
}

/** The baseline for a registration that names none: the one it has, or the one that the rules choose. */
async function chosenBaseline(
  request: RegistrationRequest,
  existing: AccountRecord | undefined,
  described: OrganizationAccount | undefined,
  { config, main, organization }: IntakeDeps,
): Promise<BaselineReference> {
  const { table } = main;
  const standing = standingBaseline(existing);
  if (standing) return standing;
  const { accountId, name, tags } = request;
  return createOnboarding({ config, table, organization }).baseline({ accountId, name, described, tags });
}

/** What is said of an account that is kept from now on, or otherwise than before. */
export function announcement(record: AccountRecord, { cause }: Incoming) {
  const { accountId, name, baseline } = record;
  return { detailType: 'AccountRegistered', detail: { accountId, name, baseline, cause } };
}

/** The pass that follows. */
export function work(record: AccountRecord, incoming: Incoming) {
  return { accountId: record.accountId, cause: incoming.cause, requestedAt: incoming.time };
}
