import {
  ControllerError,
  InvalidDesiredState,
  NotYetConsistent,
  QuotaExceeded,
} from '../../../shared/domain/errors.ts';
import type { ExecutionRole } from './render.ts';

/** What IAM says when the baseline asks for what cannot be; the next pass would hear the same. */
const NONSENSE = [
  'MalformedPolicyDocument',
  'InvalidInput',
  'PolicyNotAttachable',
  'UnmodifiableEntity',
  'ValidationError',
];

/** Makes a call, and throws what IAM says against the role's content as an error of ours. Others stay as they are. */
export async function explained<T>(wanted: ExecutionRole, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw explain(wanted, error);
  }
}

/** IAM does not know a principal that the trust policy names. */
export function isPrincipalMissing(error: unknown): error is NotYetConsistent {
  return error instanceof NotYetConsistent && error.reason === 'PrincipalMissing';
}

function explain(wanted: ExecutionRole, error: unknown): unknown {
  if (isPrincipalMissing(error)) {
    return new NotYetConsistent(`The role ${wanted.arn}: ${error.message}`, {
      cause: error,
      reason: error.reason,
      remedy:
        'Make the role or user that its trust policy names, or take it out of the baseline; IAM sees a new one after a while.',
    });
  }
  if (error instanceof QuotaExceeded && /maximum policy size/i.test(error.message)) {
    return new QuotaExceeded(`The role ${wanted.arn}: ${error.message}`, {
      cause: error,
      remedy:
        'No quota raises that: delete an inline policy of the role that the baseline does not name. Orgkeeper deletes none before ' +
        'the role has the policy that lets it keep the role.',
    });
  }
  if (!(error instanceof Error) || error instanceof ControllerError) return error;
  // The SDK names an error with `Exception`, IAM's documentation without.
  const name = error.name.replace(/Exception$/, '');
  const said = `The role ${wanted.arn}: ${error.message}`;
  if (name === 'NoSuchEntity' && /does not exist or is not attachable/i.test(error.message)) {
    return new InvalidDesiredState(
      said,
      [{ path: 'executionRole.managedPolicies', message: error.message }],
      {
        cause: error,
        remedy: 'Correct the ARN in the baseline, or make that policy in the account.',
      },
    );
  }
  if (!NONSENSE.includes(name)) return error;
  return new InvalidDesiredState(said, [{ path: 'executionRole', message: error.message }], {
    cause: error,
    remedy: 'Correct the baseline, publish it, and assign the new version.',
  });
}
