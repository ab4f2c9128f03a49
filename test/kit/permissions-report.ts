import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EVERY, permissionRows, personOf } from './journey/documented-permissions.ts';
import { memberGrants, memberMisfits } from './member-permissions.ts';
import { type Reason, reasonFor, staleReasons } from './permission-reasons.ts';
import type { JourneyRecord, Misfit } from './permission-record.ts';
import { misfits } from './permissions.ts';

/** The folder in which journeys store what they used; empty at the start of a test run. */
export const RECORDS = fileURLToPath(new URL('../../.orgkeeper/permissions', import.meta.url));
const JOURNEYS = fileURLToPath(new URL('../journey', import.meta.url));

/** The report of permissions of the last run of journeys. */
export interface PermissionsReport {
  /** Journeys without a record: the permissions that only they use would seem unused. */
  readonly missing: readonly string[];
  /** Commands of docs/operations.md that no journey ran: whether the page is right about them, nobody knows. */
  readonly unproved: readonly string[];
  /** Calls that the gateway could not decide. */
  readonly undecided: readonly string[];
  readonly misfits: readonly (Misfit & { readonly because?: string })[];
  /** Reasons of test/kit/permission-reasons.ts that no longer hold. */
  readonly stale: readonly Reason[];
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
  const found = [...misfits(records), ...memberMisfits(records, memberGrants())];
  return {
    missing: journeys.filter((file) => !recorded.has(join(JOURNEYS, file))),
    unproved: unproved(records),
    undecided: [...new Set(undecided)],
    misfits: found.map((misfit) => {
      const because = reasonFor(misfit);
      return { ...misfit, ...(because !== undefined && { because }) };
    }),
    stale: staleReasons(found),
  };
}

function unproved(records: readonly JourneyRecord[]): string[] {
  const people = new Set(
    records.flatMap(({ uses }) => uses.map(({ principal }) => principal.split('user/')[1])),
  );
  const commands = permissionRows().flatMap((row) => row.commands);
  return [...new Set(commands)].filter((one) => one !== EVERY && !people.has(personOf(one)));
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

/** The line of a reason that no longer holds. */
export function staleLineOf({ principal, statement, what, because }: Reason): string {
  const where = [principal, statement, what].filter((part) => part !== undefined).join(', ');
  return `${where}: a journey uses it, or nobody grants it, so this is not true any more: ${because}`;
}
