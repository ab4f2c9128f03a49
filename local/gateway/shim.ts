import type { Caller } from './callers.ts';
import type { Call, Reply } from './wire.ts';

/** A call with a known caller. */
export interface KnownCall extends Call {
  readonly caller: Caller;
}

/** Answers a call, by the next shim that matches, in the end by the emulator. */
export type Forward = (call: KnownCall) => Promise<Reply>;

/** One difference between the emulator and AWS, for the table of decision 9: what the emulator does, and what this gateway does. */
export interface Deviation {
  readonly emulator: string;
  readonly here: string;
}

/** Hides one difference: matches some calls, and answers them itself or changes the request or the answer. */
export interface Shim {
  /** Signing names: `iam`, `events`; absent: every service. */
  readonly services?: readonly string[];
  /** Values of `Call.action`; absent: every action of these services. */
  readonly actions?: readonly string[];
  answer(call: KnownCall, next: Forward): Promise<Reply>;
}

/** Passes a call through the shims that match, first to last, then to `emulator`. */
export function chain(shims: readonly Shim[], emulator: Forward): Forward {
  return shims.reduceRight<Forward>(
    (next, shim) => (call) => (takes(shim, call) ? shim.answer(call, next) : next(call)),
    emulator,
  );
}

function takes({ services, actions }: Shim, { service, action }: Call): boolean {
  return (
    (services === undefined || services.includes(service)) &&
    (actions === undefined || actions.includes(action))
  );
}
