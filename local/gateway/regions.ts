import { remembered } from './iam.ts';
import type { Upstream } from './upstream.ts';
import { type Call, errorReply, type Reply } from './wire.ts';

/** Which regions there are. */
export interface Regions {
  /** The refusal of a call into a region that does not exist; undefined for any other call. */
  refusal(call: Call, account: string): Promise<Reply | undefined>;
}

/** Services that Orgkeeper calls in the region of a member. */
const REGIONAL = new Set(['ec2', 'ssm', 'tagging']);

/**
 * On AWS a region that does not exist has no endpoint to call. Here all have the same, and the emulator fails at the name in
 * its own way: so the call is refused, as `UnknownEndpoint`. The emulator says which regions there are.
 */
export function createRegions(upstream: Upstream): Regions {
  const known = new Map<string, Promise<string>>();

  async function read(home: string, account: string): Promise<string> {
    const params = { Action: 'DescribeRegions', Version: '2016-11-15', AllRegions: 'true' };
    const { status, body } = await upstream.query(params, { account, region: home, service: 'ec2' });
    if (status !== 200) throw new Error(`The emulator does not say which regions there are: ${status}.`);
    return body.toString('utf8');
  }

  return {
    async refusal(call, account) {
      const { region, service } = call;
      if (!REGIONAL.has(service)) return undefined;
      const home = /^cn-/.test(region)
        ? 'cn-north-1'
        : /^us-gov-/.test(region)
          ? 'us-gov-west-1'
          : 'us-east-1';
      const all = await remembered(known, home, () => read(home, account));
      if (all.includes(`<regionName>${region}</regionName>`)) return undefined;
      return errorReply(call, 400, 'UnknownEndpoint', `There is no region ${region}.`);
    },
  };
}
