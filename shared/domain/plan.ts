import { z } from 'zod';
import { AccountId, type AccountRecord } from './account.ts';
import { differenceFields } from './status.ts';

/** A kind that a run could not bring to its desired state now. */
const Obstacle = z.strictObject({
  kind: z.string(),
  /** Absent for a global kind. */
  region: z.string().exactOptional(),
  state: z.enum(['blocked', 'settling', 'failed']),
  message: z.string(),
});

/** What `plan ID --json` prints. */
export const PlanDocument = z.strictObject({
  accountId: AccountId,
  /** Without a version if the plan is for a file. */
  baseline: z.strictObject({ name: z.string(), version: z.number().optional() }),
  /** What a run would write, and what it would only report. */
  differences: z.array(z.strictObject(differenceFields)),
  obstacles: z.array(Obstacle),
});
export type PlanDocument = z.infer<typeof PlanDocument>;

/** The answer of the reconcile function to a request for a plan: the plan, or one sentence that says why there is none. */
export const PlanAnswer = z.discriminatedUnion('is', [
  z.strictObject({
    is: z.literal('planned'),
    document: PlanDocument,
    /** How many of the differences are unowned resources, which are left alone. */
    foreign: z.number(),
  }),
  z.strictObject({ is: z.literal('failed'), message: z.string() }),
]);
export type PlanAnswer = z.infer<typeof PlanAnswer>;

/** Time for which a plan is stored, and after which a request for one is dropped: nobody waits that long. */
export const PLAN_SECONDS = 3_600;

/** The baseline of a plan: the assigned one, or the text in the request. */
export const PlanBy = z.enum(['assigned', 'file']);
export type PlanBy = z.infer<typeof PlanBy>;

/** Why an account cannot be planned, as a sentence; undefined if it can. Pure. */
export function whyNoPlan(
  { accountId, lifecycle, baseline }: Pick<AccountRecord, 'accountId' | 'lifecycle' | 'baseline'>,
  by: PlanBy,
): string | undefined {
  if (lifecycle !== 'managed')
    return `Account ${accountId} is ${lifecycle}, and Orgkeeper enters only managed accounts: register it.`;
  if (by === 'assigned' && !baseline)
    return `Account ${accountId} has no baseline: assign one, or name a file with --baseline.`;
  return undefined;
}
