/** A prefix, not a suffix, since the name of a parameter may have any ending. */
const MADE = 'madeAt.';
const UNANSWERED = 'unanswered.';

/**
 * Name of the output with the creation time of another output's resource: `madeAt.vpc.id`. Runs need it for a minute, until the
 * resource is visible everywhere in AWS; it is not shown to people.
 */
export function madeAt(output: string): string {
  return `${MADE}${output}`;
}

/**
 * Name of the output that says when a create of another output's resource was not answered, and what existed then:
 * `unanswered.vpc.id`. Only after such a create can a second resource of ours exist.
 */
export function unanswered(output: string): string {
  return `${UNANSWERED}${output}`;
}

/** Whether an output is the creation time of a resource. Pure. */
export function isMadeAt(output: string): boolean {
  return output.startsWith(MADE);
}

/** The outputs of an account without creation times and unanswered creates. Pure. */
export function withoutTimes(outputs: Readonly<Record<string, string>>): Record<string, string> {
  const things = Object.entries(outputs).filter(
    ([output]) => !isMadeAt(output) && !output.startsWith(UNANSWERED),
  );
  return Object.fromEntries(things);
}
