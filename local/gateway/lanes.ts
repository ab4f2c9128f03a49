/** Lets calls through so that those which could disturb each other in the emulator never meet: a read-write lock a lane. */
export interface Lanes {
  /** Runs the work when its turn comes: readers of a lane together, a writer alone. */
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

/** All lanes free. First come, first served: a reader does not overtake a writer that waits. */
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

/** The lane of a call: services of an account do not touch each other, nor do accounts. */
export function laneOf(service: string, account: string): string {
  return `${service} ${account}`;
}
