import { lineOf, permissionsReport } from './permissions-report.ts';

/**
 * After a run of all journeys: every call could be decided, nobody needed what is not granted, and what is granted and not used
 * has a line that says why it stays (test/kit/permission-reasons.ts). A run of some journeys cannot tell.
 */
export default async function teardown(): Promise<void> {
  const { missing, undecided, misfits } = permissionsReport();
  if (missing.length > 0) return;
  const open = misfits.filter(({ because }) => because === undefined);
  const problems = [...undecided, ...open.map(lineOf)];
  if (problems.length > 0)
    throw new Error(`What is granted is not what the journeys use:\n${problems.join('\n')}`);
}
