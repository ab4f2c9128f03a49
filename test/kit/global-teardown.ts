import { lineOf, permissionsReport } from './permissions-report.ts';

/**
 * After a run of all journeys: every call could be decided, nobody needed what is not granted, and what is granted and not used is
 * listed unless a line says why it stays. A run of some journeys cannot tell.
 */
export default async function teardown(): Promise<void> {
  const { missing, undecided, misfits } = permissionsReport();
  if (missing.length > 0) return;
  const open = misfits.filter(({ because }) => because === undefined);
  const lacking = open.filter(({ is }) => is === 'used and not granted');
  const spare = open.filter((misfit) => !lacking.includes(misfit));
  if (spare.length > 0)
    console.log(`Permissions without a use or a reason:\n${spare.map(lineOf).join('\n')}`);
  const problems = [...undecided, ...lacking.map(lineOf)];
  if (problems.length > 0) throw new Error(`The journeys need what is not granted:\n${problems.join('\n')}`);
}
