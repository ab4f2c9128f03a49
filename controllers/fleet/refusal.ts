import { type IntakeOutcome, type Rejection, rejected } from './outcome.ts';

/** Something to say against a request: `message` of the field, `sentence` of the whole. */
export function refusal(reason: string, path: string, message: string, sentence = `${message}.`): Rejection {
  return { reason, message: sentence, problems: [{ path, message }] };
}

/** What there is to say against a request that names a baseline that is none. */
export function unknownBaseline(baseline: string): Rejection {
  return refusal('UnknownBaseline', 'detail.baseline', `baseline ${baseline} was never published`);
}

/**
 * The answer to a request with all that there is to say against it, so that nobody finds it out one by one; undefined
 * when there is nothing. The first stands as the reason, the message says them all. Pure.
 */
export function rejectedFor(refusals: readonly (Rejection | undefined)[]): IntakeOutcome | undefined {
  const all = refusals.filter((one) => one !== undefined);
  const [first] = all;
  if (!first) return undefined;
  const message = all.map((one) => one.message).join(' ');
  const problems = all.flatMap((one) => one.problems);
  return rejected(first.reason, message, problems);
}
