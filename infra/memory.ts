import type { FunctionName } from '../shared/deployment/names.ts';

/**
 * The memory of each function in MB, and with it its share of a processor. `npm run bench:memory` measures how much is needed
 * (docs/performance.md).
 */
export const MEGABYTES = {
  intake: 512,
  sweep: 1_024,
  'create-account': 512,
  reconcile: 768,
  review: 768,
} as const satisfies Record<FunctionName, number>;
