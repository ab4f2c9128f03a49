import { z } from 'zod';
import { AccountId, type AccountRecord } from './account.ts';
import { differenceFields } from './status.ts';

/** A kind that a pass could not bring there now. */
const Obstacle = z.strictObject({
  kind: z.string(),
  /** Of what stands in a region. */
  region: z.string().exactOptional(),
  state: z.enum(['blocked', 'settling', 'failed']),
  message: z.string(),
});

/** What `plan ID --json` prints. */
const PlanDocument = z.strictObject({
  accountId: AccountId,
  /** Without a version where the plan is by a file. */
  baseline: z.strictObject({ name: z.string(), version: z.number().optional() }),
  /** What a pass would write, and what it would only report. */
  differences: z.array(z.strictObject(differenceFields)),
  obstacles: z.array(Obstacle),
});
export type PlanDocument = z.infer<typeof PlanDocument>;

/** What the reconcile function answers whoever asked for a plan: the plan, or in one sentence why there is none. */
export const PlanAnswer = z.discriminatedUnion('is', [
  z.strictObject({
    is: z.literal('planned'),
    document: PlanDocument,
    /** How many of the differences are of others, and stay. */
    foreign: z.number(),
  }),
  z.strictObject({ is: z.literal('failed'), message: z.string() }),
]);
export type PlanAnswer = z.infer<typeof PlanAnswer>;

/** So long a plan is kept, and so late it is still made: whoever asked has stopped waiting long before. */
export const PLAN_SECONDS = 3_600;

/** By which baseline a plan is made: the one assigned, or the text that came with the request. */
export const PlanBy = z.enum(['assigned', 'file']);
export type PlanBy = z.infer<typeof PlanBy>;

/** Why there can be no plan of an account, as a sentence; undefined when there can. Pure. */
export function whyNoPlan(
  { accountId, lifecycle, baseline }: Pick<AccountRecord, 'accountId' | 'lifecycle' | 'baseline'>,
  by: PlanBy,
): string | undefined {
  if (lifecycle !== 'managed')
    return `Account ${accountId} is ${lifecycle}, and only accounts that are kept are entered: register it.`;
  if (by === 'assigned' && !baseline)
    return `Account ${accountId} has no baseline: assign one, or name a file with --baseline.`;
  return undefined;
}
