import { NotYetConsistent } from '../../shared/domain/errors.ts';
import { orderOf } from '../../shared/domain/order.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { getRecord, getTrace } from '../../shared/store/accounts.ts';
import { adopt, nextStep } from '../fleet/adopt.ts';
import { createOnboarding } from '../fleet/onboarding.ts';
import { type FleetDeps, type Outcome, rejected } from '../fleet/outcome.ts';
import { followedBefore, owedBy } from '../fleet/owed.ts';
import type { Incoming } from './event.ts';

/** What an event says about an account. */
export interface Hint {
  /** The account has just joined: it may be new although it is recorded as unmanaged. */
  readonly came?: boolean;
  /** The account was moved out of this unit. */
  readonly movedFrom?: string;
  /** The account left: it is expected that it is not in the organization. */
  readonly went?: boolean;
  /** Another system has finished with the account: a waiting run can go on. */
  readonly settled?: boolean;
}

/** An account to review, and what the event says about it. */
export interface Review extends Hint {
  readonly accountId: string;
  /** The account in AWS Organizations now; undefined if it is not in the organization. */
  readonly account: OrganizationAccount | undefined;
  /** The path of the account's id in the event, if known: for a refusal. */
  readonly path?: string;
}

/** An account that joined this recently is new, even if the first listing recorded it as unmanaged. */
const NEW_MS = 3_600_000;
/** For this time after an event, AWS Organizations may not know the account yet. */
const YOUNG_MS = 3_600_000;

/**
 * Records the account's current place in the organization: manages it, lets the rules choose again, or stops managing it. The same
 * event again returns only what is still owed. The hint of an event that is older than a request for the account is ignored.
 * @throws NotYetConsistent while the event is recent and Organizations does not know the account yet
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
  if (!record && !came) return { did: 'ignored', why: 'the account has no record; the listing finds it' };
  const onboarding = createOnboarding({ config, table: main.table, organization });
  const since = config.onboard.since ?? new Date(Date.parse(time) - NEW_MS).toISOString();
  const sighting = { record, account, since, came, movedFrom, requestedAt: seen?.changedAt };
  const step = await nextStep(sighting, incoming, onboarding);
  if (step.is === 'nothing') {
    if (!settled || record?.lifecycle !== 'managed') return { did: 'ignored', why: step.why };
    return { did: 'accepted', announce: [], work: owedBy(record, incoming).work };
  }
  if (step.is === 'onboard' && isOvertaken)
    return { did: 'ignored', why: `a later request was followed, of ${seen?.changedAt}` };
  return adopt(step, record, incoming, { main, onboarding }, { trace: seen });
}

function isYoung({ time, arrivedAt }: Incoming): boolean {
  return Date.parse(arrivedAt) - Date.parse(time) < YOUNG_MS;
}
