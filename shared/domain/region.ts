import { z } from 'zod';
import type { AccountRecord } from './account.ts';
import type { BaselineDocument } from './baseline.ts';

/** The pattern of AWS's region names: `eu-west-1`, `us-gov-west-1`. Whether the region exists, only AWS knows. */
const NAME = '[a-z]{2,4}(?:-[a-z]+)+-\\d';
const REGION = new RegExp(`^${NAME}$`);

/** The name of a region. */
export const Region = z.string().regex(REGION, 'must be a region');

/** The regions of a baseline or a registration: at least one, no duplicates; the first is the home region. */
export const Regions = z
  .array(Region)
  .min(1, 'must list at least one region')
  .max(20)
  .superRefine((regions, context) => {
    for (const [index, region] of regions.entries()) {
      if (regions.indexOf(region) === index) continue;
      context.addIssue({ code: 'custom', path: [index], message: `${region} is listed twice` });
    }
  });

/** Whether the text has the form of a region name. Pure. */
export function isRegionName(text: string): boolean {
  return REGION.test(text);
}

/** The partition of a region, by its name; undefined if the text is not a region name. Pure. */
export function partitionOf(region: string): string | undefined {
  if (!isRegionName(region)) return undefined;
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  if (region.startsWith('eusc-')) return 'aws-eusc';
  const secret = /^[a-z]{2}-(iso[a-z]?)-/.exec(region);
  if (!secret?.[1]) return 'aws';
  return secret[1] === 'iso' ? 'aws-iso' : secret[1].replace('iso', 'aws-iso-');
}

/** The regions outside of a partition, in which its accounts cannot have resources. Pure. */
export function outsideOf(partition: string, regions: readonly string[]): string[] {
  return regions.filter((region) => partitionOf(region) !== partition);
}

/**
 * The regions in which an account is managed: those of its registration, else of its baseline, else the region of the deployment.
 * The first is its home region. Pure.
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
