import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { remembered } from '../iam.ts';
import { homeRegionOf, REGIONAL } from '../protocol.ts';
import type { Deviation, Shim } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { errorReply } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'answers for any region, and breaks for one that does not exist',
  here: 'refuses calls to such a region as `UnknownEndpoint`: on AWS its endpoints have no address',
};

/**
 * On AWS, a region that does not exist has no endpoint. Here all regions have the same one, so calls to an unknown region are
 * refused as `UnknownEndpoint`. The emulator knows which regions exist.
 */
export function unknownRegionsShim(upstream: Upstream): Shim {
  const known = new Map<string, Promise<ReadonlySet<string>>>();

  async function read(region: string, account: string): Promise<ReadonlySet<string>> {
    const ec2 = upstream.client(EC2Client, { account, region });
    const { Regions = [] } = await ec2.send(new DescribeRegionsCommand({ AllRegions: true }));
    return new Set(Regions.flatMap(({ RegionName }) => RegionName ?? []));
  }

  return {
    services: REGIONAL,
    async answer(call, next) {
      const { region, caller } = call;
      const home = homeRegionOf(region);
      const all = await remembered(known, home, () => read(home, caller.account));
      if (all.has(region)) return next(call);
      return errorReply(call, 400, 'UnknownEndpoint', `There is no region ${region}.`);
    },
  };
}
