import type { AccountRecord, BaselineReference } from '../../shared/account.ts';
import { REQUEST_SOURCE } from '../../shared/bus.ts';
import { Conflict } from '../../shared/errors.ts';
import { createOnboarding } from '../../shared/onboarding.ts';
import type { OrganizationAccount } from '../../shared/organization.ts';
import { registered, standingBaseline } from '../../shared/records.ts';
import type { RegistrationRequest } from '../../shared/requests.ts';
import { staysPutBack } from '../../shared/status.ts';
import { getRecord, getStatus, saveRecord } from '../../shared/store/accounts.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import type { IntakeDeps } from './deps.ts';
import type { Incoming, IntakeOutcome } from './outcome.ts';
import { rejectedFor, unknownBaseline } from './refusal.ts';
import { accountRefusals } from './refuse-account.ts';

/**
 * Registers an account, or corrects its registration: the record is saved, a pass is asked for, and the change is
 * announced. The same content again changes nothing, unless a change of its role was put back: a person asks for that
 * once more. The same event again repeats only what a crash may have lost.
 */
export async function register(
  incoming: Incoming,
  request: RegistrationRequest,
  described: OrganizationAccount | undefined,
  deps: IntakeDeps,
): Promise<IntakeOutcome> {
  const { main } = deps;
  const existing = await getRecord(main.table, request.accountId);
  if (existing && isOvertaken(incoming, existing)) {
    return { did: 'ignored', why: `a later event, ${existing.changedBy}, changed the account since` };
  }
  const chosen = request.baseline ? await findBaseline(main.table, request.baseline) : undefined;
  const refused = rejectedFor([
    ...accountRefusals({ request, described, existing }, deps.config),
    request.baseline && !chosen ? unknownBaseline(request.baseline) : undefined,
  ]);
  if (refused) return refused;
  const baseline = chosen ?? (await chosenBaseline(request, existing, described, deps));
  const changedBy = incoming.cause.id;
  const { time } = incoming;
  const named = incoming.cause.source === REQUEST_SOURCE;
  const asked = registered(existing, { request, baseline, described, named, changedBy, time });
  const onceMore = named && asked === existing && (await waitsPutBack(existing, changedBy, deps));
  const record = onceMore
    ? { ...asked, generation: asked.generation + 1, changedBy, changedAt: time }
    : asked;
  if (record !== existing && !(await saveRecord(main.table, record, existing))) {
    throw new Conflict(`Somebody else changed the record of account ${record.accountId}.`);
  }
  if (record.changedBy !== changedBy)
    return { did: 'ignored', why: 'registered already, with the same content' };
  return { did: 'accepted', announce: [announcement(record, incoming)], work: [work(record, incoming)] };
}

/** Whether a change of the role that the record asks for was put back, and this is another event that asks for it. */
async function waitsPutBack(record: AccountRecord, askedBy: string, { main }: IntakeDeps): Promise<boolean> {
  return record.changedBy !== askedBy && staysPutBack(record, await getStatus(main.table, record.accountId));
}

/** An event that comes again, after a crash, does not undo what was asked for later. */
function isOvertaken(
  { redelivered, cause, time }: Incoming,
  { changedBy, changedAt }: AccountRecord,
): boolean {
  return (
    redelivered &&
    changedBy !== cause.id &&
    changedAt !== undefined &&
    Date.parse(changedAt) > Date.parse(time)
  );
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
