/** A prefix, since the names of parameters may end in anything. */
const MADE = 'madeAt.';
const UNANSWERED = 'unanswered.';

/**
 * Name of the output with the time at which the resource of another output was made: `madeAt.vpc.id`. Runs need it for a
 * minute, until AWS shows the resource everywhere; it is not shown to people.
 */
export function madeAt(output: string): string {
  return `${MADE}${output}`;
}

/**
 * Name of the output with the time at which a create of the resource of another output was not answered, and what existed
 * then: `unanswered.vpc.id`. Only after such a create can there be a second resource that we made.
 */
export function unanswered(output: string): string {
  return `${UNANSWERED}${output}`;
}

/** Whether an output is the time at which a resource was made. Pure. */
export function isMadeAt(output: string): boolean {
  return output.startsWith(MADE);
}

/** The outputs of an account without these times. Pure. */
export function withoutTimes(outputs: Readonly<Record<string, string>>): Record<string, string> {
  const things = Object.entries(outputs).filter(
    ([output]) => !isMadeAt(output) && !output.startsWith(UNANSWERED),
  );
  return Object.fromEntries(things);
}
