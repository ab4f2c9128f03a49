import { isDeepStrictEqual } from 'node:util';

/** Who paused, when, why, and until when. What an older version paused has none. */
export interface Pause {
  /** ISO time of the command. */
  readonly at: string;
  /** The ARN of the caller, in the words of the command line. */
  readonly requestedBy?: string;
  readonly reason?: string;
  /** ISO time at which the pause is over by itself; absent: it lasts until `resume`. */
  readonly until?: string;
}

/** True for a pause whose time is over. One that says no end lasts until somebody resumes it. Pure. */
export function isOver(pause: Pause | undefined, now: Date): boolean {
  return pause?.until !== undefined && Date.parse(pause.until) <= now.getTime();
}

/** The pause that somebody ends now. It stays with what was paused, which may be written from its end on. Pure. */
export function endedPause(pause: Pause | undefined, now: Date): Pause {
  if (pause && isOver(pause, now)) return pause;
  const at = now.toISOString();
  return { ...(pause ?? { at }), until: at };
}

/** `since 2026-11-20 …, until …, requested by …, because: …`, as far as it is known. Pure. */
export function pauseInWords({ at, until, requestedBy, reason }: Partial<Pause>): string {
  return [
    ...(at === undefined ? [] : [`since ${at}`]),
    until === undefined ? 'until somebody resumes it' : `until ${until}`,
    ...(requestedBy === undefined ? [] : [`by ${requestedBy}`]),
    ...(reason === undefined ? [] : [`because: ${reason}`]),
  ].join(', ');
}

/** The pause that follows when somebody pauses again: the first one, if nothing but the time of the command differs. Pure. */
export function pausedAgain(before: Pause | undefined, pause: Pause): Pause {
  return before && isDeepStrictEqual({ ...before, at: pause.at }, pause) ? before : pause;
}
