import {
  AccessDenied,
  AccountNotReady,
  Conflict,
  ControllerError,
  InvalidDesiredState,
  QuotaExceeded,
  ServiceFault,
  Throttled,
} from '../../../shared/domain/errors.ts';

/**
 * Does the same to each parameter, one after the other. One that fails does not stop the others; in the end its failure
 * is thrown, and that of several as one that names each. What is about the whole account ends it at once.
 */
export async function each(names: readonly string[], call: (name: string) => Promise<void>): Promise<void> {
  const failures: Error[] = [];
  for (const name of names) {
    try {
      await call(name);
    } catch (error) {
      if (!(error instanceof Error) || isOfAccount(error)) throw error;
      failures.push(explain(name, error));
    }
  }
  if (failures.length > 0) throw together(failures);
}

/** AWS does not answer, asks to slow down, or does not know the account yet. */
function isOfAccount(error: Error): boolean {
  return error instanceof Throttled || error instanceof ServiceFault || error instanceof AccountNotReady;
}

/** The failures of several parameters as one, which is tried again like the one that is tried again soonest. */
function together(failures: readonly Error[]): Error {
  const [only, ...more] = failures;
  if (only && more.length === 0) return only;
  const said = failures.map(({ message }) => message).join(' ');
  const cause = new AggregateError(failures, said);
  const first = <T extends Error>(type: abstract new (...given: never[]) => T) =>
    failures.find((one): one is T => one instanceof type);
  if (failures.some((one) => !(one instanceof ControllerError))) return cause;
  if (first(Conflict)) return new Conflict(said, { cause });
  const denial = first(AccessDenied);
  if (denial) return new AccessDenied(said, { ...detailsOf(denial), cause });
  const quota = first(QuotaExceeded);
  if (quota) return new QuotaExceeded(said, { ...detailsOf(quota), cause });
  const problems = failures.flatMap((one) => (one instanceof InvalidDesiredState ? one.problems : []));
  return new InvalidDesiredState(said, problems, { cause, remedy: CORRECT });
}

function detailsOf({ reason, remedy, retryAfterSeconds }: ControllerError) {
  return {
    reason,
    ...(remedy && { remedy }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

const CORRECT = 'Correct the baseline, publish it, and assign the new version.';

/** A failure of this parameter as ours, with its name; what is not known stays as it is. */
function explain(name: string, error: Error): Error {
  const said = `The parameter ${name}: ${error.message}`;
  if (error instanceof AccessDenied) return new AccessDenied(said, { ...detailsOf(error), cause: error });
  if (error instanceof QuotaExceeded) return new QuotaExceeded(said, { ...detailsOf(error), cause: error });
  if (error instanceof ControllerError) return error;
  switch (error.name) {
    case 'ParameterAlreadyExists':
    case 'ParameterNotFound':
    case 'InvalidResourceId':
      return new Conflict(`The parameter ${name} was made or deleted at the same moment.`, { cause: error });
    case 'ParameterMaxVersionLimitExceeded':
      return new QuotaExceeded(said, {
        cause: error,
        remedy: 'Take the label off the oldest version of it.',
      });
    case 'ValidationException':
    case 'ParameterPatternMismatchException':
    case 'HierarchyTypeMismatchException':
    case 'HierarchyLevelLimitExceededException':
    case 'UnsupportedParameterType':
      return new InvalidDesiredState(said, [{ path: 'parameters', message: said }], {
        cause: error,
        remedy: CORRECT,
      });
    default:
      return error;
  }
}
