import {
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  type GetEventSelectorsCommandOutput,
  GetTrailStatusCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail';
import { type DoctorCheck, failed, ok } from './check.ts';
import type { Examined } from './examined.ts';

/** Whether a trail records the events of the organization: without one, EventBridge delivers none. */
export const trail: readonly DoctorCheck[] = [
  {
    name: 'trail',
    async look({ config, management }) {
      const { cloudTrail } = await management();
      const region = config.organizationsRegion;
      const { trailList = [] } = await cloudTrail(region).send(new DescribeTrailsCommand({}));
      const problems: string[] = [];
      for (const found of trailList) {
        const problem = await problemOf(found, region, cloudTrail);
        if (!problem) return ok(`Trail ${found.Name} delivers the organization's events to EventBridge.`);
        problems.push(`${found.Name} ${problem}`);
      }
      const known = problems.length > 0 ? ` (${problems.join('; ')})` : '';
      return failed(
        `No trail of the management account logs management events in ${region}${known}: events of the organization do not arrive, and new accounts are found by the hourly listing only.`,
        `In the management account: \`aws cloudtrail create-trail --name management-events --is-multi-region-trail --s3-bucket-name BUCKET --region ${region}\`, then \`aws cloudtrail start-logging --name management-events --region ${region}\`.`,
      );
    },
  },
];

async function problemOf(
  found: Trail,
  region: string,
  cloudTrail: Awaited<ReturnType<Examined['management']>>['cloudTrail'],
): Promise<string | undefined> {
  if (!found.IsMultiRegionTrail && found.HomeRegion !== region) return `covers ${found.HomeRegion} only`;
  if (found.IncludeGlobalServiceEvents === false) return 'excludes events of global services';
  const client = cloudTrail(found.HomeRegion ?? region);
  const name = found.TrailARN ?? found.Name;
  const { IsLogging } = await client.send(new GetTrailStatusCommand({ Name: name }));
  if (!IsLogging) return 'is not logging';
  const selectors = await client.send(new GetEventSelectorsCommand({ TrailName: name }));
  return logsManagementWrites(selectors) ? undefined : 'does not log write management events';
}

/**
 * Whether these selectors include the organization's events: management events, at least writes. A trail without selectors logs
 * all of them. Pure.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
 */
export function logsManagementWrites({
  EventSelectors = [],
  AdvancedEventSelectors = [],
}: Pick<GetEventSelectorsCommandOutput, 'EventSelectors' | 'AdvancedEventSelectors'>): boolean {
  if (EventSelectors.length + AdvancedEventSelectors.length === 0) return true;
  const simple = EventSelectors.some(
    ({ IncludeManagementEvents = true, ReadWriteType = 'All' }) =>
      IncludeManagementEvents && ReadWriteType !== 'ReadOnly',
  );
  const advanced = AdvancedEventSelectors.some(({ FieldSelectors = [] }) => {
    const field = (name: string) => FieldSelectors.find(({ Field }) => Field === name);
    if (!field('eventCategory')?.Equals?.includes('Management')) return false;
    if (field('readOnly')?.Equals?.includes('true')) return false;
    const source = field('eventSource');
    return !source?.NotEquals?.includes('organizations.amazonaws.com');
  });
  return simple || advanced;
}
