import { rmSync } from 'node:fs';
import { lineOf, permissionsReport, staleLineOf } from './permissions-report.ts';
import { RUN_FOLDER } from './run-folder.ts';

/**
 * Removes the folder of the run. Checks after a run of all journeys that every documented command ran, that every call could be decided,
 * that every permission used is granted, and that every permission granted is used or has a reason (test/kit/permission-reasons.ts) that
 * still holds. A run of only some journeys cannot tell.
 */
export default async function teardown(): Promise<void> {
  rmSync(process.env[RUN_FOLDER] ?? '', { recursive: true, force: true });
  const { missing, unproved, undecided, misfits, stale } = permissionsReport();
  if (missing.length > 0) return;
  const open = misfits.filter(({ because }) => because === undefined);
  const problems = [
    ...unproved.map((command) => `no journey runs orgkeeper ${command}`),
    ...undecided,
    ...open.map(lineOf),
    ...stale.map(staleLineOf),
  ];
  if (problems.length > 0)
    throw new Error(`What is granted is not what the journeys use:\n${problems.join('\n')}`);
}
