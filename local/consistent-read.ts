/** Names of AWS's errors for a resource that does not exist: IAM, EC2, SSM parameters and their tags. */
const GONE = /^NoSuchEntity|NotFound$|^InvalidResourceId$/;

/** After this many reads in which a listed resource does not exist, the error is thrown. */
const READS = 20;

/** Whether the error means that the resource does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && GONE.test(error.name);
}

/**
 * Runs a read that lists resources and then reads each. If one of them was removed in between, the whole read is repeated. The read
 * itself must handle resources that may be absent.
 */
export async function readConsistently<T>(read: () => Promise<T>): Promise<T> {
  for (let reads = 1; ; reads += 1) {
    try {
      return await read();
    } catch (error) {
      if (!isNotFound(error) || reads === READS) throw error;
    }
  }
}
