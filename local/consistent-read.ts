/** What AWS answers for a thing that is not there: IAM, EC2, SSM parameters, and tags of SSM. */
const GONE = /^NoSuchEntity|NotFound$|^InvalidResourceId$/;

/** What is listed and not there so many times in a row will not be there: the error is the answer. */
const READS = 20;

/** Whether the error says that the thing which was asked for is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && GONE.test(error.name);
}

/**
 * A read that lists things and then reads each, while somebody removes some of them: where one is gone by the time that
 * it is read, the whole is read again. What may be absent is for the read itself to expect.
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
