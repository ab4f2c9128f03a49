/** What AWS answers for a thing that is not there: IAM, EC2, SSM parameters, and tags of SSM. */
const GONE = /^NoSuchEntity|NotFound$|^InvalidResourceId$/;

/** A world that changes under every one of so many reads is not at rest within a wait of ours. */
const READS = 20;

/** Whether the error says that the thing which was asked for is not there. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && GONE.test(error.name);
}

/**
 * A reading that lists things and then reads each, while somebody removes some of them: the whole is read again where one
 * of them is gone by the time that it is read, so that the answer never mixes two states. A thing that may be absent
 * is the reading's own to expect.
 */
export async function readConsistently<T>(read: () => Promise<T>): Promise<T> {
  for (let reads = 1; ; reads += 1) {
    try {
      return await read();
    } catch (error) {
      if (!isGone(error) || reads === READS) throw error;
    }
  }
}
