/** First, so that no other output is named so: parameters end as they like. */
const MADE = 'madeAt.';
const UNANSWERED = 'unanswered.';

/**
 * Name of the output that says when the thing of another output was made: `madeAt.vpc.id`. Passes need it for a minute,
 * until AWS shows the thing everywhere; it is no thing, and people are not shown it.
 */
export function madeAt(output: string): string {
  return `${MADE}${output}`;
}

/**
 * Name of the output that says when a create of the thing of another output was not answered, and what was there then:
 * `unanswered.vpc.id`. Only after such a create there can be a second one that we made.
 */
export function unanswered(output: string): string {
  return `${UNANSWERED}${output}`;
}

/** Whether an output says when something was made. Pure. */
export function isMadeAt(output: string): boolean {
  return output.startsWith(MADE);
}

/** The outputs of an account that stand for things. Pure. */
export function withoutTimes(outputs: Readonly<Record<string, string>>): Record<string, string> {
  const things = Object.entries(outputs).filter(
    ([output]) => !isMadeAt(output) && !output.startsWith(UNANSWERED),
  );
  return Object.fromEntries(things);
}
