import { lineOf, permissionsReport, staleLineOf } from './permissions-report.ts';

/** Prints the report of permissions of the last run of all journeys; `npm run permissions` runs them first. */
const { missing, unproved, undecided, misfits, stale } = permissionsReport();
for (const journey of missing)
  console.log(`no record of ${journey}: it failed before its end, or did not run`);
for (const command of unproved) console.log(`no journey runs orgkeeper ${command}`);
for (const call of undecided) console.log(`not decided: ${call}`);
for (const misfit of misfits) console.log(lineOf(misfit));
for (const reason of stale) console.log(staleLineOf(reason));
const open = misfits.filter(({ because }) => because === undefined).length;
console.log(
  `${misfits.length - open} with a reason, ${open} without; ${stale.length} reasons that no longer hold.`,
);
process.exitCode = missing.length + unproved.length + undecided.length + open + stale.length > 0 ? 1 : 0;
