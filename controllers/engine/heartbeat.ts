/** A run that works says so this often. One that was killed says nothing more. */
const BEAT_MS = 10_000;
/** Nobody else writes into the account for so long after a beat. */
export const LEASE_SECONDS = 30;
/** Nobody else gets the message for so long after a beat: the lease has ended by then. */
export const VISIBLE_SECONDS = 40;

/** What a run says while it works, so that one that is killed starts again within the minute. */
export interface Heartbeat {
  /** Says this too, before all else, with each beat. */
  also(say: () => Promise<void>): void;
  /** Ends it; nothing is on its way any more afterwards. */
  stop(): Promise<void>;
}

/**
 * Says something every ten seconds until it is stopped, one after the other. What fails is told to `failed`, and said
 * again with the next beat.
 */
export function startHeartbeat(say: () => Promise<void>, failed: (error: unknown) => void): Heartbeat {
  const sayings = [say];
  let beating = beat();
  const timer = setInterval(() => {
    beating = beating.then(beat);
  }, BEAT_MS);
  async function beat(): Promise<void> {
    for (const each of [...sayings]) await each().catch(failed);
  }
  return {
    also: (more) => void sayings.unshift(more),
    async stop() {
      clearInterval(timer);
      await beating;
    },
  };
}
