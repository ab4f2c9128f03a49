import type { AccountRecord } from '../../shared/account.ts';
import { nextStep } from '../../shared/adoption.ts';
import { Conflict } from '../../shared/errors.ts';
import { createOnboarding } from '../../shared/onboarding.ts';
import type { OrganizationAccount } from '../../shared/organization.ts';
import { getRecord, saveRecord } from '../../shared/store/accounts.ts';
import type { IntakeDeps } from './deps.ts';
import { type Incoming, type IntakeOutcome, rejected } from './outcome.ts';
import { announcement, register, work } from './register.ts';

/** What an event says beside which account. */
export interface Hint {
  /** It came, just now: one that is recorded as unmanaged may be new all the same. */
  readonly came?: boolean;
  /** It was moved out of this unit. */
  readonly movedFrom?: string;
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

/**
 * Records where an account stands in the organization now: keeps it, lets the rules choose again, or stops keeping it.
 * The same event again repeats only what a crash may have lost.
 */
export async function lookAt(
  incoming: Incoming,
  { accountId, described, path = 'detail', came = false, movedFrom, settled = false }: LookRequest,
  deps: IntakeDeps,
): Promise<IntakeOutcome> {
  const { table } = deps.main;
  const changedBy = incoming.cause.id;
  const record = await getRecord(table, accountId);
  if (came && !described) {
    const message = 'is not in the organization';
    return rejected('NotInOrganization', `Account ${accountId} ${message}.`, [{ path, message }]);
  }
  if (!record && !came) return { did: 'ignored', why: 'the account is not recorded: the listing finds it' };
  if (record?.changedBy === changedBy && record.lifecycle === 'managed') return accepted(record, incoming);
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
      if (!(await saveRecord(table, step.record, record)))
        throw new Conflict(`Somebody else changed the record of account ${accountId}.`);
      return step.pass ? accepted(step.record, incoming) : { did: 'accepted', announce: [], work: [] };
  }
}

function accepted(record: AccountRecord, incoming: Incoming): IntakeOutcome {
  return { did: 'accepted', announce: [announcement(record, incoming)], work: [work(record, incoming)] };
}
