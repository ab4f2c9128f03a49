import { ControllerError, NotYetConsistent } from '../../shared/domain/errors.ts';

const LIMIT_MS = 10_000;

/** Time, for tests to pass it. */
export interface Clock {
  readonly now: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
}

const realTime: Clock = {
  now: () => Date.now(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * Repeats a call that fails because AWS has not seen a change everywhere yet: with NotYetConsistent, or with an
 * error whose AWS name is in `alsoWhen`. Pauses grow from 0.25 s; after 10 s it throws NotYetConsistent, and the
 * account is looked at again when due.
 */
export async function eventually<T>(
  call: () => Promise<T>,
  alsoWhen: readonly string[] = [],
  clock: Clock = realTime,
): Promise<T> {
  const started = clock.now();
  for (let pause = 250; ; pause *= 2) {
    try {
      return await call();
    } catch (error) {
      if (!passes(error, alsoWhen)) throw error;
      const left = started + LIMIT_MS - clock.now();
      if (left <= 0) {
        throw error instanceof NotYetConsistent ? error : stillAnswers(error);
      }
      await clock.pause(Math.min(pause, left));
    }
  }
}

function stillAnswers(error: unknown): NotYetConsistent {
  const { reason, remedy } = error instanceof ControllerError ? error : {};
  return new NotYetConsistent(`AWS still answers: ${error instanceof Error ? error.message : error}`, {
    cause: error,
    ...(reason && { reason }),
    ...(remedy && { remedy }),
  });
}

function passes(error: unknown, alsoWhen: readonly string[]): boolean {
  return error instanceof NotYetConsistent || (error instanceof Error && alsoWhen.includes(error.name));
}
