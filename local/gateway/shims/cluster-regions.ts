import type { Deviation, Shim } from '../shim.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'takes the region of a call of EMR from the host name, and so has all clusters in one region',
  here: 'each region has its own clusters',
};

/** The host name from which the emulator takes the region of a call of EMR. */
export function clusterHost(region: string): string {
  return `elasticmapreduce.${region}.amazonaws.com`;
}

/** Calls of EMR reach the emulator with the host name of their region. */
export const clusterRegions: Shim = {
  services: ['elasticmapreduce'],
  answer: (call, next) => next({ ...call, headers: { ...call.headers, host: clusterHost(call.region) } }),
};
