import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { remembered } from '../iam.ts';
import { protocolOf, REGIONAL } from '../protocol.ts';
import type { Deviation, KnownCall, Shim } from '../shim.ts';
import type { Upstream } from '../upstream.ts';
import { errorReply, jsonReply, type Reply, text } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator:
    'answers in a region that an account has not enabled, and knows neither GetRegionOptStatus nor EnableRegion',
  here: 'such a region refuses the credentials of the account until EnableRegion has finished, which takes two polls',
};

/** The regions that an account must enable. */
export interface OptInRegions {
  /** Refuses calls to a region that is not enabled. */
  readonly closed: Shim;
  /** Answers GetRegionOptStatus and EnableRegion. */
  readonly account: Shim;
}

/** How often GetRegionOptStatus says `ENABLING` before the region is enabled. */
const LOOKS = 2;

/**
 * On AWS, opt-in regions are disabled in an account until somebody enables them; until then they refuse the account's credentials.
 * The emulator knows which regions these are.
 */
export function createOptInRegions(upstream: Upstream): OptInRegions {
  const optional = new Map<string, Promise<ReadonlySet<string>>>();
  /** By account and region: the number of polls until the region is enabled. */
  const enabled = new Map<string, number>();
  const keyOf = (call: KnownCall, region: string) => `${call.caller.account} ${region}`;

  async function read(account: string): Promise<ReadonlySet<string>> {
    const ec2 = upstream.client(EC2Client, { account, region: 'us-east-1' });
    const { Regions = [] } = await ec2.send(new DescribeRegionsCommand({ AllRegions: true }));
    const names = Regions.filter(({ OptInStatus }) => OptInStatus === 'not-opted-in');
    return new Set(names.flatMap(({ RegionName }) => RegionName ?? []));
  }

  function status(call: KnownCall, region: string, mayBeDisabled: boolean): string {
    if (!mayBeDisabled) return 'ENABLED_BY_DEFAULT';
    const looks = enabled.get(keyOf(call, region));
    if (looks === undefined) return 'DISABLED';
    if (looks === 0) return 'ENABLED';
    enabled.set(keyOf(call, region), looks - 1);
    return 'ENABLING';
  }

  const allOf = (call: KnownCall) => remembered(optional, 'all', () => read(call.caller.account));

  return {
    closed: {
      services: REGIONAL,
      async answer(call, next) {
        const all = await allOf(call);
        const isKnown = !all.has(call.region) || enabled.get(keyOf(call, call.region)) === 0;
        return isKnown ? next(call) : unknownCredentials(call);
      },
    },
    account: {
      services: ['account'],
      actions: ['POST /getRegionOptStatus', 'POST /enableRegion'],
      async answer(call) {
        const all = await allOf(call);
        const RegionName = text(call.params, 'RegionName') ?? '';
        if (call.action === 'POST /getRegionOptStatus') {
          return jsonReply(call, {
            RegionName,
            RegionOptStatus: status(call, RegionName, all.has(RegionName)),
          });
        }
        if (all.has(RegionName) && !enabled.has(keyOf(call, RegionName))) {
          enabled.set(keyOf(call, RegionName), LOOKS);
        }
        return jsonReply(call, {});
      },
    },
  };
}

function unknownCredentials(call: KnownCall): Reply {
  switch (protocolOf(call)) {
    case 'json':
      return errorReply(
        call,
        400,
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      );
    case 'ec2':
      return errorReply(
        call,
        401,
        'AuthFailure',
        'AWS was not able to validate the provided access credentials',
      );
    default:
      return errorReply(
        call,
        403,
        'InvalidClientTokenId',
        'The security token included in the request is invalid.',
      );
  }
}
