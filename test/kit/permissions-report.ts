import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonFor } from './permission-reasons.ts';
import { type JourneyRecord, type Misfit, misfits } from './permissions.ts';

/** The folder in which journeys store what they used; empty at the start of a test run. */
export const RECORDS = fileURLToPath(new URL('../../.orgkeeper/permissions', import.meta.url));
const JOURNEYS = fileURLToPath(new URL('../journey', import.meta.url));

/** The report of permissions of the last run of journeys. */
export interface PermissionsReport {
  /** Journeys without a record: the permissions that only they use would seem unused. */
  readonly missing: readonly string[];
  /** Calls that the gateway could not decide. */
  readonly undecided: readonly string[];
  readonly misfits: readonly (Misfit & { readonly because?: string })[];
}

/** Reads the records of the journeys that have run. */
export function permissionsReport(): PermissionsReport {
  const files = existsSync(RECORDS) ? readdirSync(RECORDS) : [];
  const records = files.map((file) => JSON.parse(readFileSync(join(RECORDS, file), 'utf8')) as JourneyRecord);
  const recorded = new Set(records.map(({ file }) => file));
  const journeys = readdirSync(JOURNEYS).filter((file) => file.endsWith('.test.ts'));
  const undecided = records.flatMap((record) =>
    Object.entries(record.undecided).map(([call, why]) => `${call}: ${why}`),
  );
  return {
    missing: journeys.filter((file) => !recorded.has(join(JOURNEYS, file))),
    undecided: [...new Set(undecided)],
    misfits: misfits(records).map((misfit) => {
      const because = reasonFor(misfit);
      return { ...misfit, ...(because !== undefined && { because }) };
    }),
  };
}

/** One line of the report. */
export function lineOf({
  principal,
  statement,
  is,
  what,
  because,
}: PermissionsReport['misfits'][number]): string {
  const where = statement === undefined ? principal : `${principal}, ${statement}`;
  return `${where}: ${what} is ${is}${because === undefined ? '' : `, because ${because}`}`;
}
