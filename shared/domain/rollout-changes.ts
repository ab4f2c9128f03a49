import type { Claims } from './cause.ts';
import { type GivenOrder, isOpen, type Order, type Rollout, type RolloutStage } from './rollout.ts';

/** The roll-out in another stage, due at once if it goes on by itself or owes an event. Pure. */
export function entered(rollout: Rollout, stage: RolloutStage, now: Date): Rollout {
  const { dueAt: _, ...rest } = rollout;
  const changedAt = now.toISOString();
  const isDue = goesOn(stage) || (rollout.owed ?? []).length > 0;
  return {
    ...rest,
    version: rollout.version + 1,
    stage,
    changedAt,
    patientFrom: changedAt,
    ...(isDue && { dueAt: changedAt }),
  };
}

function goesOn({ is }: RolloutStage): boolean {
  switch (is) {
    case 'planning':
    case 'rolling':
    case 'planningBack':
    case 'goingBack':
      return true;
    case 'paused':
    case 'halted':
    case 'finished':
    case 'aborted':
    case 'rolledBack':
      return false;
  }
}

/** Why an order is refused. */
export interface OrderRefusal {
  readonly reason: 'RolloutEnded' | 'RolloutHalted' | 'RolloutUnderWay' | 'RolloutGoesBack';
  /** The rest of a sentence about the roll-out. */
  readonly why: string;
}

/** How many orders a roll-out keeps: the first one, and the latest. */
const KEPT_ORDERS = 20;

/** The roll-out after an order, itself if the order changes nothing, or why the order is refused. Pure. */
export function ordered(rollout: Rollout, order: Order, by: Claims, now: Date): Rollout | OrderRefusal {
  const next = afterOrder(rollout, order, now);
  if ('why' in next || next === rollout) return next;
  const given: GivenOrder = { order, at: now.toISOString(), ...by };
  const [first, ...others] = [...(rollout.orders ?? []), given];
  return { ...next, orders: [...(first ? [first] : []), ...others.slice(1 - KEPT_ORDERS)] };
}

function afterOrder(rollout: Rollout, order: Order, now: Date): Rollout | OrderRefusal {
  const { stage } = rollout;
  if (!isOpen(rollout)) return { reason: 'RolloutEnded', why: `has ended (${stage.is})` };
  const isBack = stage.is === 'planningBack' || stage.is === 'goingBack';
  if (order === 'rollBack') return isBack ? rollout : entered(rollout, { is: 'planningBack' }, now);
  if (isBack && order !== 'abort')
    return { reason: 'RolloutGoesBack', why: 'is on its way back, which can only be aborted' };
  switch (order) {
    case 'abort':
      return entered(rollout, { is: 'aborted' }, now);
    case 'pause':
      if (stage.is === 'paused') return rollout;
      if (stage.is === 'halted')
        return { reason: 'RolloutHalted', why: 'has halted: it goes on only if it is resumed' };
      return entered(
        rollout,
        stage.is === 'rolling' ? { is: 'paused', wave: stage.wave } : { is: 'paused' },
        now,
      );
    case 'resume':
      return resumed(rollout, now);
  }
}

/** Every wave counts as ready from now on, so that what was found before is no drift; the last one bakes again. */
function resumed(rollout: Rollout, now: Date): Rollout | OrderRefusal {
  const { stage, readyAt } = rollout;
  if (stage.is !== 'paused' && stage.is !== 'halted')
    return { reason: 'RolloutUnderWay', why: 'is under way' };
  if (stage.wave === undefined) return entered(rollout, { is: 'planning' }, now);
  const again = readyAt.slice(0, stage.wave).map(() => now.toISOString());
  return entered({ ...rollout, readyAt: again }, { is: 'rolling', wave: stage.wave }, now);
}
