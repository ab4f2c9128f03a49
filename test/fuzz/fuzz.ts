import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ControllerError } from '../../shared/domain/errors.ts';
import { silentLogger } from '../kit/lambda.ts';

/** A place where something from outside comes in. */
export interface Surface<Input> {
  /** Names the file of what once failed: test/fuzz/kept/NAME.json. */
  readonly name: string;
  readonly inputs: fc.Arbitrary<Input>;
  /** So many are tried in each run. */
  readonly runs: number;
  /** Fails where an input is not dealt with: a crash, a half-made record, no reason. */
  readonly check: (input: Input) => void | Promise<void>;
}

/** Inputs of a surface that once failed, and must never again; written when one is found, and part of the repository. */
const keptFile = (name: string) => join(import.meta.dirname, 'kept', `${name}.json`);

function kept(name: string): unknown[] {
  return existsSync(keptFile(name)) ? JSON.parse(readFileSync(keptFile(name), 'utf8')) : [];
}

/** The part of the inputs that `npm test` tries; `npm run soak` tries all. */
const PART = 0.05;

/** Tries what once failed, then new inputs; FUZZ_SEED repeats a run, FUZZ_RUNS is the part of the inputs that is tried. */
export function fuzz<Input>({ name, inputs, runs, check }: Surface<Input>): void {
  const seed = process.env.FUZZ_SEED ? Number(process.env.FUZZ_SEED) : Date.now() ^ (Math.random() * 2 ** 32);
  const numRuns = Math.ceil(runs * Number(process.env.FUZZ_RUNS ?? PART));
  describe(`fuzzed input: ${name}`, () => {
    const before = kept(name) as Input[];
    if (before.length > 0) {
      it('is handled if it once was not', async () => {
        for (const input of before) await check(input);
      });
    }

    it(`is handled whatever it is (${numRuns} inputs)`, async () => {
      const property = fc.asyncProperty(inputs, async (input) => check(input));
      const found = await fc.check(property, { seed, numRuns });
      if (!found.failed) return;
      const [input] = found.counterexample ?? [];
      writeFileSync(keptFile(name), `${JSON.stringify([...before, input], undefined, 2)}\n`);
      const why = found.errorInstance;
      throw new Error(
        `${why instanceof Error ? why.message : why}\nwith ${JSON.stringify(input)?.slice(0, 2_000)}\n` +
          `FUZZ_SEED=${seed} finds it again; it is kept in test/fuzz/kept/${name}.json.`,
        { cause: why },
      );
    });
  });
}

/** Asserts a reason as people and machines need it: one word, and a sentence. */
export function expectReason({
  reason,
  message,
}: {
  readonly reason: unknown;
  readonly message: unknown;
}): void {
  expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
  expect(message).toMatch(/\S.*[.)…]$/s);
}

/** A logger that keeps what a function calls an error: what it threw, or why it could not read a message. */
export function keepingLogger(): {
  readonly logger: Logger;
  readonly errors: { message: string; extra: unknown }[];
} {
  const { logger } = silentLogger();
  const errors: { message: string; extra: unknown }[] = [];
  const error = (message: string, extra: unknown) => void errors.push({ message, extra });
  const warn = (message: string, extra: unknown) => extra instanceof Error && error(message, extra);
  return { logger: Object.assign(logger, { error, warn }), errors };
}

/**
 * Asserts that what a function logged as errors are failures that it knows, or messages that cannot be read, with why: nothing
 * that broke on the way.
 */
export function expectKnownErrors(errors: readonly { readonly extra: unknown }[]): void {
  for (const { extra } of errors) {
    const error = (extra as { error?: unknown } | undefined)?.error ?? extra;
    if (error instanceof Error && !(error instanceof ControllerError)) throw error;
    if (!(error instanceof Error)) expect(error).toMatchObject({ why: expect.stringMatching(/\S/) });
  }
}
