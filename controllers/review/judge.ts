import type { Acceptance, Finding, ReviewedFinding } from '../../shared/domain/review.ts';
import { isServiceLinked } from './findings.ts';

/** What makes findings intended. */
export interface Intentions {
  /** Ids of the findings that the account would have if it had only what its baseline and the configuration say. */
  readonly wanted: ReadonlySet<string>;
  readonly acceptances: readonly Acceptance[];
  readonly now: Date;
}

/** Says of each finding whether it is intended, and why. An acceptance counts until its time ends. Pure. */
export function judge(
  findings: readonly Finding[],
  { wanted, acceptances, now }: Intentions,
): ReviewedFinding[] {
  const accepted = new Map(
    acceptances.filter(({ until }) => Date.parse(until) > now.getTime()).map((each) => [each.finding, each]),
  );
  return findings.map((each) => {
    const acceptance = accepted.get(each.id);
    if (wanted.has(each.id)) return { ...each, intended: { by: 'baseline' } };
    if (isServiceLinked(each.subject)) return { ...each, intended: { by: 'aws' } };
    if (!acceptance) return each;
    const { until, because } = acceptance;
    return { ...each, intended: { by: 'acceptance', until, because } };
  });
}
