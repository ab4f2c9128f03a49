/** Read-write locks, one for each lane, so that calls that could disturb each other in the emulator do not run concurrently. */
export interface Lanes {
  /** Runs the work when the lane is free: readers together, a writer alone. */
  run<T>(lane: string, writes: boolean, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly writes: boolean;
  readonly start: () => void;
}

interface Lane {
  readers: number;
  writing: boolean;
  readonly waiting: Waiting[];
}

/** Creates the locks. First come, first served: a reader does not overtake a waiting writer. */
export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>();

  function proceed(name: string, lane: Lane): void {
    for (;;) {
      const next = lane.waiting[0];
      if (!next || lane.writing || (next.writes && lane.readers > 0)) break;
      lane.waiting.shift();
      if (next.writes) lane.writing = true;
      else lane.readers += 1;
      next.start();
    }
    if (lane.readers === 0 && !lane.writing && lane.waiting.length === 0) lanes.delete(name);
  }

  return {
    async run(name, writes, work) {
      const lane = lanes.get(name) ?? { readers: 0, writing: false, waiting: [] };
      lanes.set(name, lane);
      await new Promise<void>((start) => {
        lane.waiting.push({ writes, start });
        proceed(name, lane);
      });
      try {
        return await work();
      } finally {
        if (writes) lane.writing = false;
        else lane.readers -= 1;
        proceed(name, lane);
      }
    },
  };
}

/** The lane of a call: one for each service of each account, since these do not affect each other. */
export function laneOf(service: string, account: string): string {
  return `${service} ${account}`;
}
