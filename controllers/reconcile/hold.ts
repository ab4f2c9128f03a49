import { isPaused } from '../../shared/control.ts';
import { UnreadableItem } from '../../shared/errors.ts';
import { takeLease } from '../../shared/store/statuses.ts';
import { brakeHolds } from './brake.ts';
import type { Hold } from './conditions.ts';
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
export function lease(pass: Pass, deps: PassDeps): Promise<void> {
  return takeLease(deps.main.table, {
    accountId: pass.record.accountId,
    passId: pass.id,
    until: pass.request.until,
    now: new Date(),
    readVersion: pass.before?.version ?? 0,
  });
}
