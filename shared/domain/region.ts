import { z } from 'zod';
import type { AccountRecord } from './account.ts';
import type { BaselineDocument } from './baseline.ts';

/** How AWS names a region: `eu-west-1`, `us-gov-west-1`. Whether there is such a one, only AWS knows. */
const NAME = '[a-z]{2,4}(?:-[a-z]+)+-\\d';
const REGION = new RegExp(`^${NAME}$`);

/** The regions that a baseline or a registration lists: at least one, each once; the first is the home region. */
export const Regions = z
  .array(z.string().regex(REGION, 'must be a region'))
  .min(1, 'lists one region at least')
  .max(20)
  .superRefine((regions, context) => {
    for (const [index, region] of regions.entries()) {
      if (regions.indexOf(region) === index) continue;
      context.addIssue({ code: 'custom', path: [index], message: `${region} stands here twice` });
    }
  });

/** True where AWS could name a region so. Pure. */
export function isRegionName(text: string): boolean {
  return REGION.test(text);
}

/** The partition of a region, as its name says; undefined for a text that names none. Pure. */
export function partitionOf(region: string): string | undefined {
  if (!isRegionName(region)) return undefined;
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  if (region.startsWith('eusc-')) return 'aws-eusc';
  const secret = /^[a-z]{2}-(iso[a-z]?)-/.exec(region);
  if (!secret?.[1]) return 'aws';
  return secret[1] === 'iso' ? 'aws-iso' : secret[1].replace('iso', 'aws-iso-');
}

/** Those of the regions that are of another partition: its accounts are not there. Pure. */
export function outsideOf(partition: string, regions: readonly string[]): string[] {
  return regions.filter((region) => partitionOf(region) !== partition);
}

/**
 * Where an account is managed: as its registration says, else its baseline, else where Orgkeeper itself is. The first is its home
 * region. Pure.
 */
export function regionsOf(
  record: Pick<AccountRecord, 'regions'>,
  baseline: Pick<BaselineDocument, 'regions'> | undefined,
  deploymentRegion: string,
): readonly [string, ...string[]] {
  for (const regions of [record.regions, baseline?.regions]) {
    const [home, ...others] = regions ?? [];
    if (home !== undefined) return [home, ...others];
  }
  return [deploymentRegion];
}
