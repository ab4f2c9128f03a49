import { NotYetConsistent } from '../../shared/domain/errors.ts';
import { orderOf } from '../../shared/domain/order.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { getRecord, getTrace } from '../../shared/store/accounts.ts';
import { adopt, nextStep } from '../fleet/adopt.ts';
import { createOnboarding } from '../fleet/onboarding.ts';
import { type FleetDeps, type Outcome, rejected } from '../fleet/outcome.ts';
import { followedBefore, owedBy } from '../fleet/owed.ts';
import type { Incoming } from './event.ts';

/** What an event says beside which account. */
export interface Hint {
  /** It came, just now: one that is recorded as unmanaged may be new all the same. */
  readonly came?: boolean;
  /** It was moved out of this unit. */
  readonly movedFrom?: string;
  /** It went: that it is not in the organization is no wonder. */
  readonly went?: boolean;
  /** Others are done with it: a run that waits need not wait longer. */
  readonly settled?: boolean;
}

/** One account to review, and what the event says of it. */
export interface Review extends Hint {
  readonly accountId: string;
  /** What Organizations says now; undefined when it is not in the organization. */
  readonly account: OrganizationAccount | undefined;
  /** Where the event names the account, when that is known: for a refusal. */
  readonly path?: string;
}

/** An event is about what came or joined within so long, whatever the first listing took for old. */
const NEW_MS = 3_600_000;
/** So long AWS may not know everywhere of an account that an event is about. */
const YOUNG_MS = 3_600_000;

/**
 * Records where an account stands in the organization now: manages it, lets the rules choose again, or stops managing it.
 * The same event again returns only what is still owed. Of one that is older than what somebody asked for since, the hint
 * is ignored.
 * @throws NotYetConsistent while the event is young and Organizations does not know the account yet
 */
export async function reviewAccount(
  incoming: Incoming,
  { accountId, account, path = 'detail', went = false, settled = false, ...hint }: Review,
  deps: FleetDeps,
): Promise<Outcome> {
  const { config, main, organization } = deps;
  const { cause, time } = incoming;
  const record = await getRecord(main.table, accountId);
  const seen = record ?? (await getTrace(main.table, accountId));
  const order = orderOf({ id: cause.id, time }, seen);
  if (order === 'followed') return followedBefore(record);
  const isOvertaken = order === 'overtaken';
  const { came = false, movedFrom = undefined } = isOvertaken ? {} : hint;
  if (!account && !went && isYoung(incoming))
    throw new NotYetConsistent(`Organizations does not know account ${accountId} yet.`);
  if (came && !account) {
    const message = 'is not in the organization';
    return rejected('NotInOrganization', `Account ${accountId} ${message}.`, [{ path, message }]);
  }
  if (!record && !came) return { did: 'ignored', why: 'the account is not recorded: the listing finds it' };
  const onboarding = createOnboarding({ config, table: main.table, organization });
  const since = config.onboard.since ?? new Date(Date.parse(time) - NEW_MS).toISOString();
  const sighting = { record, account, since, came, movedFrom, requestedAt: seen?.changedAt };
  const step = await nextStep(sighting, incoming, onboarding);
  if (step.is === 'nothing') {
    if (!settled || record?.lifecycle !== 'managed') return { did: 'ignored', why: step.why };
    return { did: 'accepted', announce: [], work: owedBy(record, incoming).work };
  }
  if (step.is === 'onboard' && isOvertaken)
    return { did: 'ignored', why: `something was asked for since, at ${seen?.changedAt}` };
  return adopt(step, record, incoming, { main, onboarding }, { trace: seen });
}

function isYoung({ time, arrivedAt }: Incoming): boolean {
  return Date.parse(arrivedAt) - Date.parse(time) < YOUNG_MS;
}
