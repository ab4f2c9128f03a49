import { describe, expect, it } from '@jest/globals';
import { nextStep, type Sight, type Step } from '../../controllers/fleet/rollout-step.ts';
import { RUNNING } from '../../shared/domain/control.ts';
import { endedPause } from '../../shared/domain/pause.ts';
import { moverOf, type Rollout } from '../../shared/domain/rollout.ts';
import { ordered } from '../../shared/domain/rollout-changes.ts';
import type { RolloutAccount } from '../../shared/domain/rollout-progress.ts';
import { NOW } from '../kit/clock.ts';
import { aPass, aRecord, aRollout, aStatus } from '../kit/factories.ts';

const [A, B, C] = ['111111111111', '222222222222', '333333333333'];
const OLD = { name: 'analytics', version: 3 };
const NEW = { name: 'analytics', version: 4 };
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000).toISOString();

/** An account that got a version an hour and a half ago. */
const on = (baseline: typeof OLD, given: Partial<RolloutAccount['record']> = {}): RolloutAccount => ({
  record: aRecord({ baseline, changedAt: minutesAgo(90), ...given }),
});
const behind = on(OLD);
const pending: RolloutAccount = { ...on(NEW), status: aStatus({ observedGeneration: 2 }) };
const ready: RolloutAccount = { ...on(NEW), status: aStatus() };
const unmet = (status: 'False' | 'Unknown', minutes = 4) => [
  { type: 'Network', status, reason: 'InUse', message: 'It is used.', changedAt: minutesAgo(minutes) },
];
const failing = (given: Parameters<typeof aStatus>[0] = {}): RolloutAccount => ({
  ...on(NEW),
  status: aStatus({
    ready: false,
    conditions: unmet('False'),
    lastPass: aPass({ result: 'failed', finishedAt: minutesAgo(4) }),
    ...given,
  }),
});
const failed = failing();
const correctedAt = (
  minutes: number,
  given: Partial<RolloutAccount['record']> = {},
  kinds: readonly string[] = ['network'],
): RolloutAccount => {
  const differences = kinds.map((kind) => ({ kind, resource: 'one', path: '', action: 'updated' as const }));
  const lastPass = aPass({ result: 'corrected', startedAt: minutesAgo(minutes), differences });
  return { ...on(NEW, given), status: aStatus({ lastPass }) };
};
const anException = (given: { readonly until: string; readonly endedAt?: string }) => ({
  ...{ path: 'network:*', because: 'a test', request: 'event-5', at: minutesAgo(180), ...given },
});

/** A pause that ends, or has ended, by itself. */
const until = (minutes: number) => ({ at: minutesAgo(180), until: minutesAgo(minutes) });
/** A pause that a person has ended. */
const resumedAgo = (minutes: number) =>
  endedPause({ at: minutesAgo(180), reason: 'repair' }, new Date(minutesAgo(minutes)));
const rolling = (wave: number, given: Partial<Rollout> = {}) =>
  aRollout({ stage: { is: 'rolling', wave }, patientFrom: minutesAgo(40), ...given });
/** Waves of one account each, unless others are given. */
function sight(accounts: readonly RolloutAccount[], more: Partial<Sight> = {}): Sight {
  const ids = [A, B, C].slice(0, accounts.length);
  return {
    waves: ids.map((id) => [id]),
    accounts: new Map(accounts.map((account, index) => [ids[index] ?? '', account])),
    control: RUNNING,
    now: NOW,
    ...more,
  };
}
const wait = (until: string | Date): Step => ({ is: 'wait', until: new Date(until) });
const move = (...accountIds: string[]): Step => ({ is: 'move', accountIds, from: OLD, to: NEW });
const saves = (rollout: object) => ({ is: 'save', rollout });

describe('nextStep of a roll-out', () => {
  it.each<[why: string, Rollout, Sight, step: object]>([
    [
      'lists its accounts first',
      aRollout({ stage: { is: 'planning' } }),
      sight([]),
      { is: 'plan', plan: 'forth', stage: { is: 'rolling', wave: 0 } },
    ],
    [
      'is finished where no account is left to move',
      rolling(0),
      sight([]),
      saves({ stage: { is: 'finished' } }),
    ],
    ['moves the accounts of the first wave only', rolling(0), sight([behind, behind]), move(A)],
    [
      'moves the accounts of the next wave',
      rolling(1, { readyAt: [minutesAgo(40)] }),
      sight([ready, behind]),
      move(B),
    ],
    [
      'looks again at the next tick while an account is not ready',
      rolling(0),
      sight([pending, behind]),
      wait(NOW),
    ],
    [
      'waits for an account whose run failed and is repeated soon',
      rolling(0),
      sight([failing({ dueAt: minutesAgo(3.5) }), behind]),
      wait(NOW),
    ],
    [
      'waits while it is not known yet why an account is not ready',
      rolling(0),
      sight([failing({ conditions: unmet('Unknown') }), behind]),
      wait(NOW),
    ],
    [
      'notes when all accounts of a wave are ready',
      rolling(0),
      sight([ready, behind]),
      saves({ readyAt: [NOW.toISOString()] }),
    ],
    [
      'looks every five minutes while a wave bakes',
      rolling(0, { readyAt: [minutesAgo(1)] }),
      sight([ready, behind]),
      wait(minutesAgo(-5)),
    ],
    [
      'looks again at the minute when a wave has baked',
      rolling(0, { readyAt: [minutesAgo(28)] }),
      sight([ready, behind]),
      wait(minutesAgo(-2)),
    ],
    [
      'goes on to the next wave when this one has baked',
      rolling(0, { readyAt: [minutesAgo(30)] }),
      sight([ready, behind]),
      saves({ stage: { is: 'rolling', wave: 1 }, dueAt: NOW.toISOString() }),
    ],
    [
      'looks for accounts that were late for its list when the last wave has baked',
      rolling(1, { readyAt: [minutesAgo(70), minutesAgo(30)] }),
      sight([ready, ready]),
      { is: 'planLate', wave: 2 },
    ],
    [
      'moves an account again that somebody put back',
      rolling(1, { readyAt: [minutesAgo(40)] }),
      sight([behind, ready]),
      move(A),
    ],
    [
      'does not wait for accounts that left: retired, on another baseline, unknown',
      rolling(0),
      sight([on(NEW, { lifecycle: 'retired' }), on({ name: 'lake', version: 1 }), {}], {
        waves: [[A, B, C]],
      }),
      saves({ readyAt: [NOW.toISOString()] }),
    ],
    [
      'does not wait for accounts that no run writes: paused, only observed',
      rolling(0),
      sight([on(NEW, { paused: true }), on(NEW, { mode: 'observe' })], { waves: [[A, B]] }),
      saves({ readyAt: [NOW.toISOString()] }),
    ],
    [
      'stands still while the fleet is paused, whatever failed meanwhile',
      rolling(0),
      sight([failed, behind], { control: { fleetPaused: true, pausedBaselines: [] } }),
      { is: 'stand' },
    ],
    [
      'stands still while the baseline is paused',
      rolling(0),
      sight([behind], { control: { fleetPaused: false, pausedBaselines: ['analytics'] } }),
      { is: 'stand' },
    ],
    [
      'stands still on the way back, too',
      aRollout({ stage: { is: 'goingBack' } }),
      sight([ready], { control: { fleetPaused: true, pausedBaselines: [] } }),
      { is: 'stand' },
    ],
    [
      'goes on once the pause of the fleet is over by itself',
      rolling(0),
      sight([behind], { control: { ...RUNNING, fleetPaused: true, pauses: { fleet: until(0) } } }),
      move(A),
    ],
    [
      'goes on once the pause of the baseline is over by itself',
      rolling(0),
      sight([behind], {
        control: {
          ...RUNNING,
          pausedBaselines: ['analytics'],
          pauses: { baselines: { analytics: until(0) } },
        },
      }),
      move(A),
    ],
    [
      'does not wait for an account whose pause is not over',
      rolling(0),
      sight([{ ...pending, ...on(NEW, { paused: true, pause: until(-1) }) }, behind]),
      saves({ readyAt: [NOW.toISOString()] }),
    ],
    [
      'waits an hour for an account once its pause is over by itself',
      rolling(0, { patientFrom: minutesAgo(90) }),
      sight([{ ...pending, ...on(NEW, { paused: true, pause: until(59) }) }, behind]),
      wait(NOW),
    ],
    [
      'counts what the first run after the pause of an account writes as no drift',
      rolling(0, { readyAt: [minutesAgo(10)] }),
      sight([correctedAt(5, { paused: true, pause: until(6) }), behind]),
      wait(minutesAgo(-5)),
    ],
    [
      'counts what the first run after somebody resumed an account writes as no drift',
      rolling(0, { readyAt: [minutesAgo(10)] }),
      sight([correctedAt(5, { paused: false, pause: resumedAgo(6) }), behind]),
      wait(minutesAgo(-5)),
    ],
    [
      'waits an hour for an account once somebody has resumed it',
      rolling(0, { patientFrom: minutesAgo(90) }),
      sight([{ ...pending, ...on(NEW, { paused: false, pause: resumedAgo(59) }) }, behind]),
      wait(NOW),
    ],
    [
      'halts when more accounts have failed than are tolerated',
      rolling(0),
      sight([failed, behind]),
      saves({
        stage: {
          is: 'halted',
          wave: 0,
          reason: 'TooManyFailures',
          message:
            'Wave 1 of the roll-out to analytics@4 has halted (accounts so far: 1; failed: 1; drifted: 0; tolerated: 5%).',
        },
        owed: [
          { detailType: 'RolloutHalted', detail: expect.objectContaining({ accountIds: [A], wave: 1 }) },
        ],
      }),
    ],
    [
      'halts before it moves the rest of a wave',
      rolling(0),
      sight([failed, behind], { waves: [[A, B]] }),
      saves({ stage: { is: 'halted', wave: 0 } }),
    ],
    [
      'halts when an account that was ready has drifted while its wave bakes',
      rolling(0, { readyAt: [minutesAgo(10)] }),
      sight([correctedAt(5), behind]),
      saves({ stage: { is: 'halted', reason: 'TooMuchDrift' } }),
    ],
    [
      'halts when an account of an earlier wave has drifted',
      rolling(1, { readyAt: [minutesAgo(60)] }),
      sight([correctedAt(5), pending]),
      saves({ stage: { is: 'halted', wave: 1, reason: 'TooMuchDrift' } }),
    ],
    [
      'halts for an account that no run has seen an hour after it got the version',
      rolling(0, { patientFrom: minutesAgo(90) }),
      sight([pending, behind]),
      saves({ stage: { is: 'halted', reason: 'TooManyFailures' } }),
    ],
    [
      'halts for an account that has not been ready for an hour, for whatever reason',
      rolling(0, { patientFrom: minutesAgo(90) }),
      sight([failing({ conditions: unmet('Unknown', 61) }), behind]),
      saves({ stage: { is: 'halted', reason: 'TooManyFailures' } }),
    ],
    [
      'waits for an account that was ready and of which something is unknown for a moment',
      rolling(0, { patientFrom: minutesAgo(90), readyAt: [minutesAgo(10)] }),
      sight([failing({ conditions: unmet('Unknown') }), behind]),
      wait(NOW),
    ],
    [
      'waits for an account whose desired state a person has just changed',
      rolling(0, { patientFrom: minutesAgo(90), readyAt: [minutesAgo(10)] }),
      sight([{ ...pending, ...on(NEW, { changedAt: minutesAgo(1) }) }, behind]),
      wait(NOW),
    ],
    [
      'waits for a run of an account in which an exception was just requested',
      rolling(0, { patientFrom: minutesAgo(90), readyAt: [minutesAgo(10)] }),
      sight([
        {
          ...pending,
          ...on(NEW, { exceptions: [{ ...anException({ until: minutesAgo(-60) }), at: minutesAgo(1) }] }),
        },
        behind,
      ]),
      wait(NOW),
    ],
    [
      'halts for an account whose items cannot be read',
      rolling(0),
      sight([{ unreadable: true }, behind]),
      saves({ stage: { is: 'halted', reason: 'TooManyFailures' } }),
    ],
    [
      'counts what a run made of the new version itself as no drift',
      rolling(0, { readyAt: [minutesAgo(10)] }),
      sight([correctedAt(11), behind]),
      wait(minutesAgo(-5)),
    ],
    [
      'counts what a person has changed since as no drift',
      rolling(0, { readyAt: [minutesAgo(10)] }),
      sight([correctedAt(5, { changedAt: minutesAgo(6) }), behind]),
      wait(minutesAgo(-5)),
    ],
    [
      'counts the correction of what an exception covered as no drift once that is over',
      rolling(0, { readyAt: [minutesAgo(10)] }),
      sight([correctedAt(5, { exceptions: [anException({ until: minutesAgo(6) })] }), behind]),
      wait(minutesAgo(-5)),
    ],
    [
      'counts the correction of what an exception covered as no drift once a request has ended that',
      rolling(0, { readyAt: [minutesAgo(10)] }),
      sight([
        correctedAt(5, { exceptions: [anException({ until: minutesAgo(-60), endedAt: minutesAgo(6) })] }),
        behind,
      ]),
      wait(minutesAgo(-5)),
    ],
    [
      'halts when an account has drifted in which an exception holds',
      rolling(0, { readyAt: [minutesAgo(10)] }),
      sight([correctedAt(5, { exceptions: [anException({ until: minutesAgo(-60) })] }), behind]),
      saves({ stage: { is: 'halted', reason: 'TooMuchDrift' } }),
    ],
    [
      'counts clusters that begin and end as no drift',
      rolling(0, { readyAt: [minutesAgo(10)] }),
      sight([correctedAt(5, {}, ['clusters']), behind]),
      wait(minutesAgo(-5)),
    ],
    [
      'halts when an account has drifted in which a cluster ends, too',
      rolling(0, { readyAt: [minutesAgo(10)] }),
      sight([correctedAt(5, {}, ['clusters', 'network']), behind]),
      saves({ stage: { is: 'halted', reason: 'TooMuchDrift' } }),
    ],
    [
      'goes on past failures that are tolerated',
      rolling(0, { failures: '34%', readyAt: [minutesAgo(30)] }),
      sight([failed, ready, ready], { waves: [[A, B, C]] }),
      { is: 'planLate', wave: 1 },
    ],
    [
      'tolerates a number of accounts as well as a share',
      rolling(0, { failures: '1' }),
      sight([failed, ready], { waves: [[A, B]] }),
      saves({ readyAt: [NOW.toISOString()] }),
    ],
    [
      'sends what it owes before anything else',
      aRollout({
        stage: { is: 'halted', wave: 0, reason: 'TooManyFailures', message: '' },
        owed: [{ detailType: 'RolloutHalted', detail: {} }],
      }),
      sight([failed]),
      { is: 'announce', events: [{ detailType: 'RolloutHalted', detail: {} }] },
    ],
    [
      'rests once it has halted',
      aRollout({ stage: { is: 'halted', wave: 0, reason: 'TooManyFailures', message: '' } }),
      sight([ready]),
      { is: 'rest' },
    ],
    [
      'rests while it is paused',
      aRollout({ stage: { is: 'paused', wave: 0 } }),
      sight([behind]),
      { is: 'rest' },
    ],
    ['rests once it is aborted', aRollout({ stage: { is: 'aborted' } }), sight([behind]), { is: 'rest' }],
    [
      'lists the accounts that go back',
      aRollout({ stage: { is: 'planningBack' } }),
      sight([]),
      { is: 'plan', plan: 'back', stage: { is: 'goingBack' } },
    ],
    [
      'gives the old version again on the way back, past failures',
      aRollout({ stage: { is: 'goingBack' } }),
      sight([failed, { ...on(OLD), status: aStatus() }], { waves: [[A, B]] }),
      { is: 'move', accountIds: [A], from: NEW, to: OLD },
    ],
    [
      'waits on the way back until the old version is reached',
      aRollout({ stage: { is: 'goingBack' } }),
      sight([{ ...on(OLD), status: aStatus({ observedGeneration: 2 }) }]),
      wait(NOW),
    ],
    [
      'is rolled back when no account is on its way any more',
      aRollout({ stage: { is: 'goingBack' } }),
      sight([{ ...on(OLD), status: aStatus() }]),
      saves({ stage: { is: 'rolledBack' } }),
    ],
  ])('%s', (_, rollout, sight, step) => {
    expect(nextStep(rollout, sight)).toMatchObject(step);
  });

  it('saves each step as the next version, and is due only if it goes on by itself', () => {
    const next = nextStep(rolling(0, { readyAt: [minutesAgo(30)], version: 7 }), sight([ready, behind]));
    expect(next).toMatchObject({ rollout: { version: 8, dueAt: NOW.toISOString() } });
    const none = nextStep(rolling(0, { version: 7, dueAt: NOW.toISOString() }), sight([]));
    expect(none).toMatchObject({ rollout: { version: 8, stage: { is: 'finished' } } });
    expect(none.is === 'save' && none.rollout.dueAt).toBeUndefined();
  });
});

describe('an order to a roll-out', () => {
  const halted = aRollout({
    stage: { is: 'halted', wave: 1, reason: 'TooMuchDrift', message: '' },
    readyAt: [minutesAgo(60), minutesAgo(20)],
  });
  const now = NOW.toISOString();
  it.each<[string, Rollout, Parameters<typeof ordered>[1], object]>([
    ['pause keeps its wave', rolling(1), 'pause', { stage: { is: 'paused', wave: 1 }, version: 2 }],
    ['pause before the accounts are listed', aRollout(), 'pause', { stage: { is: 'paused' } }],
    ['pause of one that has halted is refused', halted, 'pause', { reason: 'RolloutHalted' }],
    [
      'resume continues its wave, which bakes again, and forgets earlier drift',
      halted,
      'resume',
      { stage: { is: 'rolling', wave: 1 }, readyAt: [now], dueAt: now },
    ],
    [
      'resume before the accounts were listed lists them',
      aRollout({ stage: { is: 'paused' } }),
      'resume',
      { stage: { is: 'planning' } },
    ],
    ['resume of one that is under way is refused', rolling(0), 'resume', { reason: 'RolloutUnderWay' }],
    ['abort ends it', rolling(0), 'abort', { stage: { is: 'aborted' } }],
    [
      'abort with going back lists the accounts that go back',
      halted,
      'rollBack',
      { stage: { is: 'planningBack' }, dueAt: now },
    ],
    [
      'abort ends the way back, too',
      aRollout({ stage: { is: 'goingBack' } }),
      'abort',
      { stage: { is: 'aborted' } },
    ],
    [
      'pause on the way back is refused',
      aRollout({ stage: { is: 'goingBack' } }),
      'pause',
      { reason: 'RolloutGoesBack' },
    ],
    [
      'any order after the end is refused',
      aRollout({ stage: { is: 'finished' } }),
      'rollBack',
      { reason: 'RolloutEnded' },
    ],
  ])('%s', (_, rollout, order, expected) => {
    expect(ordered(rollout, order, {}, NOW)).toMatchObject(expected);
  });

  it('is kept with who gave it: the start, and the latest orders', () => {
    const start = { order: 'start', at: 'then', requestedBy: 'ana' } as const;
    let rollout = aRollout({ stage: { is: 'rolling', wave: 0 }, orders: [start] });
    for (let index = 1; index <= 15; index++)
      for (const order of ['pause', 'resume'] as const) {
        const next = ordered(rollout, order, { requestedBy: 'ben', reason: String(index) }, NOW);
        if ('why' in next) throw new Error(next.why);
        rollout = next;
      }
    const { orders = [] } = rollout;
    expect(orders).toHaveLength(20);
    expect(orders[0]).toEqual(start);
    expect(orders.at(-1)).toEqual({
      order: 'resume',
      at: NOW.toISOString(),
      requestedBy: 'ben',
      reason: '15',
    });
    expect(moverOf(rollout)).toEqual({ requestedBy: 'ana' });
    expect(moverOf(aRollout())).toEqual({});
  });

  it('given twice changes nothing the second time', () => {
    const paused = aRollout({ stage: { is: 'paused', wave: 0 } });
    expect(ordered(paused, 'pause', {}, NOW)).toBe(paused);
    const back = aRollout({ stage: { is: 'goingBack' } });
    expect(ordered(back, 'rollBack', {}, NOW)).toBe(back);
  });
});
