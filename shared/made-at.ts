/** First, so that no other output is named so: parameters end as they like. */
const PREFIX = 'madeAt.';

/**
 * Name of the output that says when the thing of another output was made: `madeAt.vpc.id`. Passes need it for a minute,
 * until AWS shows the thing everywhere; it is no thing, and people are not shown it.
 */
export function madeAt(output: string): string {
  return `${PREFIX}${output}`;
}

/** Whether an output says when something was made. Pure. */
export function isMadeAt(output: string): boolean {
  return output.startsWith(PREFIX);
}

/** The outputs of an account that stand for things. Pure. */
export function withoutTimes(outputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).filter(([output]) => !isMadeAt(output)));
}
