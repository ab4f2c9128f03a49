/** What happens after a failure. */
export type Retry =
  /** Make the message visible again after a backoff; parked with a due time in the end. */
  | 'again'
  /** Put into the account's condition; looked at again when due. */
  | 'when-due'
  /** Put into the condition; tried again when desired state changes, or by the sweep. */
  | 'when-changed';

/** What may be known of a failure beside its message. */
export interface ErrorDetails {
  /** One sentence: what the person on call can do. */
  readonly remedy?: string;
  readonly cause?: unknown;
  /** Seconds until it is worth another look; for `when-due`, and for a `when-changed` that others may change. */
  readonly retryAfterSeconds?: number;
}

/**
 * Every failure that Orgkeeper knows. `reason` is one PascalCase word for machines, `message` one sentence for
 * the person on call, `remedy` what they can do. The class decides what happens next (`Retry`); SDK errors
 * become these in one place, shared/aws/translate-error.ts.
 */
export abstract class ControllerError extends Error {
  abstract override readonly name: string;
  abstract readonly retry: Retry;
  /** PascalCase, one word. The class's own unless something more precise is known. */
  readonly reason: string;
  readonly remedy: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(reason: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.remedy = details.remedy;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** AWS asks to slow down. */
export class Throttled extends ControllerError {
  readonly name = 'Throttled';
  readonly retry = 'again';
  constructor(message: string, details?: ErrorDetails) {
    super('Throttled', message, details);
  }
}

/** AWS, or the way to it, failed: 5xx, time-out, connection refused. */
export class ServiceFault extends ControllerError {
  readonly name = 'ServiceFault';
  readonly retry = 'again';
  constructor(message: string, details?: ErrorDetails) {
    super('ServiceFault', message, details);
  }
}

/** Somebody else saved first; the next look sees what they saved. */
export class Conflict extends ControllerError {
  readonly name = 'Conflict';
  readonly retry = 'again';
  constructor(message: string, details?: ErrorDetails) {
    super('Conflict', message, details);
  }
}

/** The run's time is nearly over: what is left is for the next one. */
export class OutOfTime extends ControllerError {
  readonly name = 'OutOfTime';
  readonly retry = 'again';
  constructor(message: string, details?: ErrorDetails) {
    super('OutOfTime', message, details);
  }
}

/** True already or soon, not seen everywhere yet: IAM changes, fresh ids, an unanswered create. */
export class NotYetConsistent extends ControllerError {
  readonly name = 'NotYetConsistent';
  readonly retry = 'when-due';
  constructor(message: string, details?: ErrorDetails & { reason?: string }) {
    super(details?.reason ?? 'Settling', message, { retryAfterSeconds: 30, ...details });
  }
}

/** Refused by IAM, a trust policy, or an organization policy. */
export class AccessDenied extends ControllerError {
  readonly name = 'AccessDenied';
  readonly retry = 'when-due';
  constructor(message: string, details?: ErrorDetails & { reason?: string }) {
    super(details?.reason ?? 'AccessDenied', message, { retryAfterSeconds: 900, ...details });
  }
}

/** A quota of the account, or an end of what there is to share out, stands in the way. */
export class QuotaExceeded extends ControllerError {
  readonly name = 'QuotaExceeded';
  readonly retry = 'when-due';
  constructor(message: string, details?: ErrorDetails & { reason?: string }) {
    super(details?.reason ?? 'QuotaExceeded', message, { retryAfterSeconds: 3600, ...details });
  }
}

/** A fresh account, or a region in it, cannot be used yet. */
export class AccountNotReady extends ControllerError {
  readonly name = 'AccountNotReady';
  readonly retry = 'when-due';
  constructor(message: string, details?: ErrorDetails & { reason?: string }) {
    super(details?.reason ?? 'AccountNotReady', message, details);
  }
}

/** The desired state itself makes no sense. `problems` name each by path. */
export class InvalidDesiredState extends ControllerError {
  readonly name = 'InvalidDesiredState';
  readonly retry = 'when-changed';
  readonly problems: readonly Problem[];
  constructor(
    message: string,
    problems: readonly Problem[] = [],
    details?: ErrorDetails & { reason?: string },
  ) {
    super(details?.reason ?? 'InvalidDesiredState', message, details);
    this.problems = problems;
  }
}

/** What stands where ours should stand belongs to somebody else. */
export class ForeignResource extends ControllerError {
  readonly name = 'ForeignResource';
  readonly retry = 'when-changed';
  constructor(message: string, details?: ErrorDetails & { reason?: string }) {
    super(details?.reason ?? 'ForeignResource', message, details);
  }
}

/**
 * An item of the table is not what its sort of item is: edited by hand, half restored, or of a newer Orgkeeper. What it
 * is about stops; nothing else does.
 */
export class UnreadableItem extends ControllerError {
  readonly name = 'UnreadableItem';
  readonly retry = 'when-changed';
  readonly pk: string;
  readonly sk: string;
  readonly problems: readonly Problem[];
  constructor(key: { readonly pk: string; readonly sk: string }, problems: readonly Problem[]) {
    const what = problems.map(({ path, message }) => `${path} ${message}`).join('; ');
    super('UnreadableItem', `The item ${key.pk} / ${key.sk} of the table cannot be read: ${what}.`, {
      remedy: 'Correct it in the table, or restore it from a backup.',
    });
    this.pk = key.pk;
    this.sk = key.sk;
    this.problems = problems;
  }
}

/** One thing that is wrong, and where: `path` like `parameters[2].value`. */
export interface Problem {
  readonly path: string;
  readonly message: string;
  /** 1-based line of the YAML text, where there is one. */
  readonly line?: number;
}
