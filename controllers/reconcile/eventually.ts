import { NotYetConsistent } from '../../shared/errors.ts';

const LIMIT_MS = 10_000;

/**
 * Repeats a call that fails because AWS has not seen a change everywhere yet: with NotYetConsistent, or with an
 * error whose AWS name is in `alsoWhen`. Pauses grow from 0.25 s; after 10 s it throws NotYetConsistent, and the
 * account is looked at again when due.
 */
export async function eventually<T>(call: () => Promise<T>, alsoWhen: readonly string[] = []): Promise<T> {
  const started = Date.now();
  for (let pause = 250; ; pause *= 2) {
    try {
      return await call();
    } catch (error) {
      if (!passes(error, alsoWhen)) throw error;
      if (Date.now() + pause - started > LIMIT_MS) {
        if (error instanceof NotYetConsistent) throw error;
        throw new NotYetConsistent(`AWS still answers: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

function passes(error: unknown, alsoWhen: readonly string[]): boolean {
  return error instanceof NotYetConsistent || (error instanceof Error && alsoWhen.includes(error.name));
}
