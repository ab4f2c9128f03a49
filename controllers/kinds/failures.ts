import pLimit from 'p-limit';
import {
  AccessDenied,
  AccountNotReady,
  Conflict,
  ControllerError,
  ForeignResource,
  InvalidDesiredState,
  NotYetConsistent,
  OutOfTime,
  QuotaExceeded,
  ServiceFault,
  Throttled,
} from '../../shared/domain/errors.ts';

/** Failures of a kind whose resources are independent: one that fails does not stop the others. */

/**
 * Calls for each resource, one after the other or some at once. A failure of one does not stop the others; at the end it is thrown,
 * and several failures are thrown as one error that names each. A failure of the whole account is thrown without beginning another.
 * @param explain makes an error that names the resource
 */
export async function forEachResource(
  names: readonly string[],
  call: (name: string) => Promise<void>,
  explain: (name: string, error: Error) => Error = (_, error) => error,
  atOnce = 1,
): Promise<void> {
  const failures: Error[] = [];
  const ofAccount: unknown[] = [];
  await pLimit(atOnce).map(names, async (name) => {
    if (ofAccount.length > 0) return;
    try {
      await call(name);
    } catch (error) {
      if (!(error instanceof Error) || isOfAccount(error)) ofAccount.push(error);
      else failures.push(explain(name, error));
    }
  });
  if (ofAccount.length > 0) throw ofAccount[0];
  if (failures.length > 0) throw together(failures);
}

/**
 * True if AWS does not answer, throttles, or does not know the account yet, or if the run has no time left: the next resource would
 * fail the same way.
 */
function isOfAccount(error: Error): boolean {
  return [Throttled, ServiceFault, AccountNotReady, OutOfTime].some((type) => error instanceof type);
}

/** The failures of several resources as one error, of the class that is retried soonest. */
function together(failures: readonly Error[]): Error {
  const [only, ...more] = failures;
  if (only && more.length === 0) return only;
  const said = failures.map(({ message }) => message).join(' ');
  const cause = new AggregateError(failures, said);
  const first = <T extends Error>(type: abstract new (...given: never[]) => T) =>
    failures.find((one): one is T => one instanceof type);
  if (failures.some((one) => !(one instanceof ControllerError))) return cause;
  if (first(Conflict)) return new Conflict(said, { cause });
  const unseen = first(NotYetConsistent);
  if (unseen) return new NotYetConsistent(said, { ...detailsOf(unseen), cause });
  const denial = first(AccessDenied);
  if (denial) return new AccessDenied(said, { ...detailsOf(denial), cause });
  const quota = first(QuotaExceeded);
  if (quota) return new QuotaExceeded(said, { ...detailsOf(quota), cause });
  const foreign = first(ForeignResource);
  if (foreign) return new ForeignResource(said, { ...detailsOf(foreign), cause });
  const problems = failures.flatMap((one) => (one instanceof InvalidDesiredState ? one.problems : []));
  return new InvalidDesiredState(said, problems, { cause, remedy: CORRECT });
}

/** What an error of ours says besides its message. */
export function detailsOf({ reason, remedy, retryAfterSeconds }: ControllerError) {
  return {
    reason,
    ...(remedy && { remedy }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

/** The remedy if AWS refuses what a baseline says. */
export const CORRECT = 'Correct the baseline, publish it, and assign the new version.';
