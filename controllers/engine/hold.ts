import { isPaused } from '../../shared/domain/control.ts';
import { Conflict, UnreadableItem } from '../../shared/domain/errors.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { renewLease, takeLease } from '../../shared/store/statuses.ts';
import { brakeHolds } from './brake.ts';
import type { Hold } from './conditions.ts';
import { LEASE_SECONDS } from './heartbeat.ts';
import type { Pass, PassDeps } from './pass-types.ts';

/** What keeps a pass from writing whatever it finds: people's word alone. Pure. */
export function stopped({ record, control }: Pick<Pass, 'record' | 'control'>): Hold | undefined {
  if (record.mode === 'observe') return 'Observed';
  return isPaused(record, control) ? (control.unreadable ?? 'Paused') : undefined;
}

/** What keeps a pass that found differences from writing: people's word, or its sweep's brake. */
export async function holdReason(pass: Pass, deps: PassDeps): Promise<Hold | undefined> {
  const { record, before, request } = pass;
  const said = stopped(pass);
  if (said) return said;
  const { sweepId } = request.message;
  if (!sweepId || !before?.readySince) return undefined;
  try {
    return (await brakeHolds(deps.main, sweepId, record.accountId)) ? 'SweepStopped' : undefined;
  } catch (error) {
    if (error instanceof UnreadableItem) return error;
    throw error;
  }
}

/** Takes the right to write into the account for this pass. @throws Conflict when another pass has it */
export async function lease(pass: Pass, deps: PassDeps): Promise<void> {
  const { table } = deps.main;
  const { accountId } = pass.record;
  const { heartbeat, until } = pass.request;
  const end = () => (heartbeat ? new Date(Date.now() + LEASE_SECONDS * 1000) : until);
  const first = end();
  await takeLease(table, {
    accountId,
    passId: pass.id,
    until: first,
    now: new Date(),
    readVersion: pass.before?.version ?? 0,
    record: pass.record,
    home: pass.stands.home,
  });
  pass.turn.leased(first);
  let renewal: Promise<void> | undefined;
  let isEnding = false;
  const renew = async () => {
    const next = end();
    const renewed = await renewLease(table, { accountId, passId: pass.id, until: next });
    pass.turn.leased(renewed ? next : undefined);
  };
  heartbeat?.also(async () => {
    if (isEnding) return;
    renewal = renew();
    await renewal;
  });
  // A renewal while the status is saved would be in its way. What fails was told to the heartbeat.
  pass.turn.beforeEnd(async () => {
    isEnding = true;
    await renewal?.catch(() => undefined);
  });
}

/**
 * What keeps a pass from writing any more that might write when it began: looked at before each kind that it writes.
 * @throws Conflict where something else is desired by now, which is for another pass
 */
export async function stoppedSince(pass: Pass, deps: PassDeps): Promise<Hold | undefined> {
  const { record } = pass;
  const { record: now, control } = await loadAccount(deps.main.table, record.accountId);
  if (now && isPaused(now, control)) return control.unreadable ?? 'Paused';
  if (now?.generation === record.generation && now.lifecycle === record.lifecycle) return undefined;
  throw new Conflict(`Something else is desired of account ${record.accountId} since this run began.`);
}
