import {
  DescribeOrganizationalUnitCommand,
  ListParentsCommand,
  type OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { asLevel } from '../domain/glob.ts';
import type { Place } from '../domain/organization.ts';
import type { Pace } from './rate-limit.ts';
import { isNotInOrganization } from './translate-error.ts';

/** The tree of organizational units, read on demand. */
export interface Units {
  /** The place of an account or of a unit; undefined if it is not in the organization. */
  place(id: string, known?: readonly string[]): Promise<Place | undefined>;
}

/** Units can be renamed, but not moved. */
const REMEMBERED_MS = 10 * 60_000;
const UNIT = /^ou-/;

/**
 * Reads units through a client. A unit is requested once in ten minutes, also by concurrent callers; the parent of an
 * account is requested each time, unless the caller passes the units as `known`.
 * https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html
 */
export function createUnits(client: () => Promise<OrganizationsClient>, pace: Pace, now = Date.now): Units {
  const parents = remembered(parentOf, now);
  const names = remembered(nameOf, now);

  async function parentOf(id: string): Promise<string | undefined> {
    await pace();
    const { Parents: [parent] = [] } = await (await client()).send(new ListParentsCommand({ ChildId: id }));
    return parent?.Id;
  }

  async function nameOf(id: string): Promise<string> {
    await pace();
    const command = new DescribeOrganizationalUnitCommand({ OrganizationalUnitId: id });
    const { OrganizationalUnit: unit } = await (await client()).send(command);
    return unit?.Name ?? id;
  }

  /** The units from the root down to this one, inclusive. */
  async function down(id: string): Promise<string[]> {
    if (!UNIT.test(id)) return [id];
    const parent = await parents(id);
    return parent ? [...(await down(parent)), id] : [id];
  }

  async function unitsOf(id: string): Promise<string[] | undefined> {
    if (!/^\d{12}$/.test(id)) return down(id);
    const parent = await parentOf(id);
    return parent ? down(parent) : undefined;
  }

  return {
    async place(id, known) {
      try {
        const units = known ?? (await unitsOf(id));
        if (!units) return undefined;
        const named = await Promise.all(units.filter((unit) => UNIT.test(unit)).map(names));
        return { units, path: `/${named.map(asLevel).join('/')}` };
      } catch (error) {
        if (isNotInOrganization(error)) return undefined;
        throw error;
      }
    },
  };
}

/** Caches each answer for ten minutes; concurrent callers share one request, and a failure is not cached. */
function remembered<T>(ask: (key: string) => Promise<T>, now: () => number): (key: string) => Promise<T> {
  const known = new Map<string, { at: number; answer: Promise<T> }>();
  return (key) => {
    const hit = known.get(key);
    if (hit && now() - hit.at < REMEMBERED_MS) return hit.answer;
    const answer = ask(key);
    known.set(key, { at: now(), answer });
    answer.catch(() => known.delete(key));
    return answer;
  };
}
