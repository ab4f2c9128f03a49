import type { Caller } from './callers.ts';
import type { Call, Reply } from './wire.ts';

/** A call with a known caller. */
export interface KnownCall extends Call {
  readonly caller: Caller;
}

/** Answers a call: the next shim that matches it, and at last the emulator. */
export type Forward = (call: KnownCall) => Promise<Reply>;

/** One difference between the emulator and AWS, for the table of decision 9: what the emulator does, and what the gateway does. */
export interface Deviation {
  readonly emulator: string;
  readonly here: string;
}

/** Hides one difference: matches some calls, and answers them itself or changes the request or the answer. */
export interface Shim {
  /** Signing names: `iam`, `events`; every service when left out. */
  readonly services?: readonly string[];
  /** As `Call.action` has them; every action of these services when left out. */
  readonly actions?: readonly string[];
  answer(call: KnownCall, next: Forward): Promise<Reply>;
}

/** A call goes through the shims that take it, first to last, then to `emulator`. */
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
