import { z } from 'zod';

/** The event that caused a reconcile or a request, as it can be found in CloudTrail or on the bus. */
export const Cause = z.strictObject({ source: z.string(), detailType: z.string(), id: z.string() });
export type Cause = Readonly<z.infer<typeof Cause>>;
