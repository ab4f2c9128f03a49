import { Conflict, OutOfTime } from '../../shared/domain/errors.ts';

/** Time that verifying the role, putting it back, saving and announcing may need. */
const ENDING_MS = 35_000;

/**
 * How long a pass goes on: until its time is nearly over, and with writing as long as its lease holds. Every call into
 * the account asks here first.
 */
export interface Turn {
  /** No call into the account begins after that, and none is tried again. */
  readonly deadline: Date;
  isOver(): boolean;
  /** @throws OutOfTime; Conflict for a call that writes where the lease was lost */
  check(call: { readonly writes: boolean }): void;
  /** The lease holds until then, as far as this pass knows; undefined when somebody else has it. */
  leased(until: Date | undefined): void;
  /** To be done before the end of the pass is saved: what runs beside it stops. */
  beforeEnd(stop: () => Promise<void>): void;
  end(): Promise<void>;
  /** What was changed is verified, and put back where need be, although the time is nearly over. */
  finishing(): void;
}

/** The turn of a pass whose function ends at `until`. */
export function takeTurn(until: Date, now: () => number = Date.now): Turn {
  const deadline = new Date(until.getTime() - ENDING_MS);
  let lease: Date | undefined | 'none yet' = 'none yet';
  let isFinishing = false;
  const stops: (() => Promise<void>)[] = [];
  const isOver = () => !isFinishing && now() >= deadline.getTime();
  return {
    deadline,
    isOver,
    check({ writes }) {
      if (isOver())
        throw new OutOfTime("The run's time was over before everything was looked at; the next one goes on.");
      if (!writes || isFinishing || lease === 'none yet') return;
      if (!lease || now() >= lease.getTime())
        throw new Conflict('Another run may have begun meanwhile: this one writes no more.');
    },
    leased(next) {
      lease = next;
    },
    beforeEnd(stop) {
      stops.push(stop);
    },
    async end() {
      for (const stop of stops) await stop();
    },
    finishing() {
      isFinishing = true;
    },
  };
}
