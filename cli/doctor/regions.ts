import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { type BaselineDocument, formatBaseline } from '../../shared/domain/baseline.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { listBaselines } from '../../shared/store/baselines.ts';
import { allRecords, statusesOf } from '../fleet.ts';
import { type CheckResult, type DoctorCheck, failed, ok } from './check.ts';

/** Whether the regions in which accounts are to be managed exist, and are enabled in the accounts. */
export const regions: readonly DoctorCheck[] = [
  {
    name: 'regions',
    async look({ config, table, main }) {
      const [baselines, records, { Regions = [] }] = await Promise.all([
        listBaselines(table),
        allRecords(table),
        main.ec2.send(new DescribeRegionsCommand({ AllRegions: true })),
      ]);
      const managed = records.filter(({ lifecycle }) => lifecycle === 'managed');
      const statuses = await statusesOf(
        table,
        managed.map(({ accountId }) => accountId),
      );
      const inAws = Regions.map(({ RegionName = '', OptInStatus = '' }) => ({
        name: RegionName,
        isOptIn: OptInStatus !== 'opt-in-not-required',
      }));
      const named = [{ by: 'The deployment', regions: [config.region] }, ...naming(baselines, managed)];
      return regionsFinding({ named, inAws, notEnabled: notEnabledIn(managed, statuses) });
    },
  },
];

/** Regions, and what names them. */
interface Naming {
  /** The beginning of a sentence. */
  readonly by: string;
  readonly regions: readonly string[];
}

/**
 * What names regions: the newest version of each baseline, the versions that managed accounts have, and registrations. Pure.
 * @param baselines every version of every baseline
 */
export function naming(
  baselines: readonly BaselineDocument[],
  managed: readonly Pick<AccountRecord, 'accountId' | 'baseline' | 'regions'>[],
): Naming[] {
  const used = new Set(managed.flatMap(({ baseline }) => (baseline ? formatBaseline(baseline) : [])));
  const isNewest = ({ name, version }: BaselineDocument) =>
    baselines.every((other) => other.name !== name || other.version <= version);
  return [
    ...baselines
      .filter((each) => isNewest(each) || used.has(formatBaseline(each)))
      .map((each) => ({ by: `Baseline ${formatBaseline(each)}`, regions: each.regions ?? [] })),
    ...managed.map(({ accountId, regions = [] }) => ({
      by: `The registration of account ${accountId}`,
      regions,
    })),
  ];
}

/** The managed accounts that have not enabled a region, by the region, as their last runs found. Pure. */
export function notEnabledIn(
  managed: readonly Pick<AccountRecord, 'accountId'>[],
  statuses: ReadonlyMap<string, Pick<AccountStatus, 'conditions'>>,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { accountId } of managed) {
    const conditions = statuses.get(accountId)?.conditions ?? [];
    const without = conditions.filter(({ reason }) => reason === 'RegionNotEnabled');
    for (const region of new Set(without.map(({ region = 'its region' }) => region)))
      found.set(region, [...(found.get(region) ?? []), accountId]);
  }
  return found;
}

/** Whether each region that is named exists in the partition, and is enabled in the accounts. Pure. */
export function regionsFinding(given: {
  readonly named: readonly Naming[];
  readonly inAws: readonly { readonly name: string; readonly isOptIn: boolean }[];
  readonly notEnabled: ReadonlyMap<string, readonly string[]>;
}): CheckResult {
  const { named, inAws, notEnabled } = given;
  for (const { by, regions } of named) {
    const unknown = regions.find((region) => inAws.every(({ name }) => name !== region));
    if (unknown !== undefined)
      return failed(
        `${by} names the region ${unknown}, which AWS does not have for this account.`,
        'Publish a version with another region and assign it; or register the account with other `regions`.',
      );
  }
  for (const [region, accounts] of notEnabled) {
    const [first] = accounts;
    const whose = accounts.length === 1 ? `Account ${first} has` : `${accounts.length} accounts have`;
    return failed(
      `${whose} not enabled ${region}, where ${accounts.length === 1 ? 'it is' : 'they are'} to be managed (\`orgkeeper account ${first}\`).`,
      'Enable the region there, or publish the baseline with `enableRegions: true` and assign it; then sweep the accounts.',
    );
  }
  const all = [...new Set(named.flatMap(({ regions }) => regions))];
  const optIn = all.filter((region) => inAws.some(({ name, isOptIn }) => name === region && isOptIn));
  const note = optIn.length > 0 ? ` Each account must have ${optIn.join(', ')} enabled.` : '';
  return ok(`Accounts are managed in ${all.join(', ')}.${note}`);
}
