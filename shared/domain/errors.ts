/** The classes of failures. */
export type FailureName =
  | 'Throttled'
  | 'ServiceFault'
  | 'Conflict'
  | 'OutOfTime'
  | 'NotYetConsistent'
  | 'AccessDenied'
  | 'QuotaExceeded'
  | 'AccountNotReady'
  | 'InvalidDesiredState'
  | 'ForeignResource'
  | 'UnreadableItem';

/** Optional details of a failure. */
export interface ErrorDetails {
  /** One PascalCase word for machines; the name of the class unless something more precise is known. */
  readonly reason?: string;
  /** One sentence: what the person on call can do. */
  readonly remedy?: string;
  readonly cause?: unknown;
  /** Seconds until another try is worthwhile, if known for this failure; otherwise its class decides. */
  readonly retryAfterSeconds?: number;
}

/**
 * Every failure that Orgkeeper knows. `message` is one sentence for the person on call. The class decides what happens
 * next: controllers/engine/retry.ts. SDK errors become these in one place, shared/aws/translate-error.ts.
 */
export abstract class ControllerError extends Error {
  abstract override readonly name: FailureName;
  readonly reason: string;
  readonly remedy: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, details: ErrorDetails & { readonly reason: string }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = details.reason;
    this.remedy = details.remedy;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** A class of failures: its name (the default `reason`), and defaults of the details. */
function failure<Name extends FailureName>(name: Name, defaults: ErrorDetails = {}) {
  return class extends ControllerError {
    override readonly name: Name = name;
    constructor(message: string, details?: ErrorDetails) {
      super(message, { reason: name, ...defaults, ...details });
    }
  };
}

/** AWS asks to slow down. */
export class Throttled extends failure('Throttled') {}

/** AWS, or the connection to it, failed: 5xx, time-out, connection refused. */
export class ServiceFault extends failure('ServiceFault') {}

/** Somebody else saved first; the next run reads what they saved. */
export class Conflict extends failure('Conflict') {}

/** The run's time is nearly over; the rest is left for the next run. */
export class OutOfTime extends failure('OutOfTime') {}

/** A change that is not visible everywhere yet: a change in IAM, a new id, a create that was not answered. */
export class NotYetConsistent extends failure('NotYetConsistent', {
  reason: 'Settling',
}) {}

/** Denied by IAM, a trust policy, or an organization policy. */
export class AccessDenied extends failure('AccessDenied') {}

/** A quota of the account is reached, or an address pool is exhausted. */
export class QuotaExceeded extends failure('QuotaExceeded') {}

/** A new account, or a region in it, cannot be used yet. */
export class AccountNotReady extends failure('AccountNotReady') {}

/** The desired state itself is invalid. `problems` name each error by path. */
export class InvalidDesiredState extends failure('InvalidDesiredState') {
  readonly problems: readonly Problem[];
  constructor(message: string, problems: readonly Problem[] = [], details?: ErrorDetails) {
    super(message, details);
    this.problems = problems;
  }
}

/** A resource that somebody else owns has the place or name that ours needs. */
export class ForeignResource extends failure('ForeignResource') {}

/**
 * An item of the table does not match its schema: edited by hand, partly restored, or written by a newer version of Orgkeeper.
 * Only the account or request of that item stops.
 */
export class UnreadableItem extends failure('UnreadableItem') {
  readonly pk: string;
  readonly sk: string;
  readonly problems: readonly Problem[];
  constructor(key: { readonly pk: string; readonly sk: string }, problems: readonly Problem[]) {
    const what = problems.map(({ path, message }) => `${path} ${message}`).join('; ');
    super(`The item ${key.pk} / ${key.sk} of the table cannot be read: ${what}.`, {
      remedy: 'Correct it in the table, or restore it from a backup.',
    });
    this.pk = key.pk;
    this.sk = key.sk;
    this.problems = problems;
  }
}

/** One error in a document, and where: `path` is like `parameters[2].value`. */
export interface Problem {
  readonly path: string;
  readonly message: string;
  /** 1-based line, if the document is a YAML text. */
  readonly line?: number;
}
