import { AsyncLocalStorage } from 'node:async_hooks';

/** A clock whose time passes only when nothing is left to do at the present time. */
export interface VirtualClock {
  /** Milliseconds, as `Date.now()`. */
  readonly now: () => number;
  /** Resolves after so many milliseconds of virtual time. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Calls this after so many milliseconds of virtual time. */
  readonly after: (milliseconds: number, work: () => void) => void;
  /**
   * Lets time pass until `isDone`, asked after everything that a moment holds has happened.
   * @param seconds of virtual time, at most
   * @returns false if `isDone` was not true by then, or if nothing was left that could make it true
   */
  readonly run: (isDone: () => boolean, seconds: number) => Promise<boolean>;
  /** Puts the clock and the timers of the process back. */
  readonly uninstall: () => void;
}

interface Timer {
  at: number;
  readonly work: () => void;
  readonly every?: number;
  isCancelled: boolean;
}

/**
 * Replaces `Date` and the timers of this process, so that code that waits, retries or renews takes its real waits in virtual time.
 * Jest's own fake timers look through all timers for each step: with ten thousand accounts, that is too slow.
 */
export function installVirtualClock(start: number): VirtualClock {
  const real = {
    ...{ Date: globalThis.Date, setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout },
    ...{ setInterval: globalThis.setInterval, clearInterval: globalThis.clearInterval },
  };
  const agenda = new Agenda();
  let time = start;

  function begin(work: () => void, milliseconds: number, every?: number): Timer {
    // Timers run in the context of whoever set them.
    const inContext = AsyncLocalStorage.snapshot();
    const at = time + Math.max(0, Math.ceil(milliseconds || 0));
    const timer = {
      at,
      work: () => inContext(work),
      isCancelled: false,
      ...(every !== undefined && { every: Math.max(1, Math.ceil(every)) }),
    };
    agenda.add(timer);
    return timer;
  }

  const fakeTimeout = (work: (...args: unknown[]) => void, milliseconds = 0, ...args: unknown[]) =>
    new Handle(begin(() => work(...args), milliseconds));
  const fakeInterval = (work: (...args: unknown[]) => void, milliseconds = 0, ...args: unknown[]) =>
    new Handle(begin(() => work(...args), milliseconds, milliseconds));
  const cancel = (handle?: unknown) => {
    if (handle instanceof Handle) handle.timer.isCancelled = true;
    else real.clearTimeout(handle as NodeJS.Timeout);
  };

  class VirtualDate extends real.Date {
    constructor(...args: ConstructorParameters<DateConstructor> | []) {
      if (args.length === 0) super(time);
      else super(...args);
    }
    static override now(): number {
      return time;
    }
    static override [Symbol.hasInstance](value: unknown): boolean {
      return Object.prototype.toString.call(value) === '[object Date]';
    }
  }
  Object.assign(globalThis, {
    ...{ Date: VirtualDate, setTimeout: fakeTimeout, clearTimeout: cancel },
    ...{ setInterval: fakeInterval, clearInterval: cancel },
  });

  return {
    now: () => time,
    sleep: (milliseconds) => new Promise((resolve) => begin(resolve, milliseconds)),
    after: (milliseconds, work) => void begin(work, milliseconds),
    async run(isDone, seconds) {
      const end = time + seconds * 1000;
      for (;;) {
        await everythingHappened();
        if (isDone()) return true;
        const next = agenda.next();
        if (next === undefined || next > end) return false;
        time = next;
        for (const timer of agenda.take(next)) {
          if (timer.isCancelled) continue;
          timer.work();
          if (timer.every === undefined) continue;
          timer.at = time + timer.every;
          agenda.add(timer);
        }
      }
    },
    uninstall: () => void Object.assign(globalThis, real),
  };
}

/** What `setTimeout` and `setInterval` return. */
class Handle {
  readonly timer: Timer;
  constructor(timer: Timer) {
    this.timer = timer;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

/** Promises have been continued, and files that clients read when they are made have been read. */
async function everythingHappened(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq')));
}

/** Timers by the millisecond at which they are due: a heap of the times, since many timers share one. */
class Agenda {
  readonly #due = new Map<number, Timer[]>();
  readonly #times: number[] = [];

  add(timer: Timer): void {
    const there = this.#due.get(timer.at);
    if (there) there.push(timer);
    else {
      this.#due.set(timer.at, [timer]);
      this.#push(timer.at);
    }
  }

  /** When the next timer is due. */
  next(): number | undefined {
    return this.#times[0];
  }

  /** Removes the timers of that time, which is the next. */
  take(time: number): Timer[] {
    const timers = this.#due.get(time) ?? [];
    this.#due.delete(time);
    this.#pop();
    return timers;
  }

  #push(time: number): void {
    const times = this.#times;
    times.push(time);
    for (let at = times.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if ((times[above] ?? 0) <= time) break;
      this.#swap(at, above);
      at = above;
    }
  }

  #pop(): void {
    const times = this.#times;
    const last = times.pop();
    if (last === undefined || times.length === 0) return;
    times[0] = last;
    for (let at = 0; ; ) {
      const below = [2 * at + 1, 2 * at + 2].filter((child) => child < times.length);
      const least = below.reduce(
        (best, child) => ((times[child] ?? 0) < (times[best] ?? 0) ? child : best),
        at,
      );
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(one: number, other: number): void {
    const times = this.#times;
    [times[one], times[other]] = [times[other] ?? 0, times[one] ?? 0];
  }
}
