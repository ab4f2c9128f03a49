import type { AccountRecord } from '../../shared/domain/account.ts';
import { Conflict, NotYetConsistent } from '../../shared/domain/errors.ts';
import { orderOf } from '../../shared/domain/order.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { getRecord, getTrace, saveRecord } from '../../shared/store/accounts.ts';
import { nextStep, type Step } from '../fleet/adoption.ts';
import type { IntakeDeps } from '../fleet/deps.ts';
import { createOnboarding } from '../fleet/onboarding.ts';
import { followedBefore, type Incoming, type IntakeOutcome, rejected } from '../fleet/outcome.ts';
import { announcement, register, work } from '../fleet/register.ts';

/** What an event says beside which account. */
export interface Hint {
  /** It came, just now: one that is recorded as unmanaged may be new all the same. */
  readonly came?: boolean;
  /** It was moved out of this unit. */
  readonly movedFrom?: string;
  /** It went: that it is not in the organization is no wonder. */
  readonly went?: boolean;
  /** Others are done with it: a pass that waits need not wait longer. */
  readonly settled?: boolean;
}

/** One account to look at, and what the event says of it. */
export interface LookRequest extends Hint {
  readonly accountId: string;
  /** What Organizations says now; undefined when it is not in the organization. */
  readonly described: OrganizationAccount | undefined;
  /** Where the event names the account, when that is known: for a refusal. */
  readonly path?: string;
}

/** An event is about what came or joined within so long, whatever the first listing took for old. */
const NEW_MS = 3_600_000;
/** So long AWS may not know everywhere of an account that an event is about. */
const YOUNG_MS = 3_600_000;

/**
 * Records where an account stands in the organization now: keeps it, lets the rules choose again, or stops keeping it.
 * The same event again sends only what is still owed. Of one that is older than what somebody asked for since, what it
 * says beside the account counts no more.
 * @throws NotYetConsistent while the event is young and Organizations does not know the account yet
 */
export async function lookAt(
  incoming: Incoming,
  { accountId, described, path = 'detail', went = false, settled = false, ...hint }: LookRequest,
  deps: IntakeDeps,
): Promise<IntakeOutcome> {
  const { table } = deps.main;
  const changedBy = incoming.cause.id;
  const record = await getRecord(table, accountId);
  const order = orderOf({ id: changedBy, time: incoming.time }, record ?? (await getTrace(table, accountId)));
  if (order === 'followed') return followedBefore(record);
  const { came = false, movedFrom = undefined } = order === 'overtaken' ? {} : hint;
  if (!described && !went && isYoung(incoming))
    throw new NotYetConsistent(`Organizations does not know account ${accountId} yet.`);
  if (came && !described) {
    const message = 'is not in the organization';
    return rejected('NotInOrganization', `Account ${accountId} ${message}.`, [{ path, message }]);
  }
  if (!record && !came) return { did: 'ignored', why: 'the account is not recorded: the listing finds it' };
  const onboarding = createOnboarding({ config: deps.config, table, organization: deps.organization });
  const since = deps.config.onboard.since ?? new Date(Date.parse(incoming.time) - NEW_MS).toISOString();
  const look = {
    record,
    account: described,
    since,
    came,
    movedFrom,
    changedBy,
    now: new Date(incoming.time),
  };
  const step = await nextStep(look, onboarding);
  switch (step.is) {
    case 'nothing':
      if (!settled || record?.lifecycle !== 'managed') return { did: 'ignored', why: step.why };
      return { did: 'accepted', announce: [], work: [work(record, incoming)] };
    case 'onboard':
      return register(incoming, { accountId, name: step.account.name }, step.account, deps);
    case 'save':
      return save(step, record, incoming, deps);
  }
}

async function save(
  { record, pass }: Extract<Step, { is: 'save' }>,
  read: AccountRecord | undefined,
  incoming: Incoming,
  { main }: IntakeDeps,
): Promise<IntakeOutcome> {
  const owes = {
    announce: pass ? [announcement(record, incoming)] : [],
    work: pass ? [work(record, incoming)] : [],
  };
  if (!(await saveRecord(main.table, record, read, owes)))
    throw new Conflict(`Somebody else changed the record of account ${record.accountId}.`);
  return { did: 'accepted', ...owes, ...(pass && !read?.owed && { owedBy: [record] }) };
}

function isYoung({ time, arrivedAt }: Incoming): boolean {
  return arrivedAt !== undefined && Date.parse(arrivedAt) - Date.parse(time) < YOUNG_MS;
}
