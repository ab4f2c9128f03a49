import { z } from 'zod';

/** Who makes a request, and why, in words of the request itself: nobody has checked them. Each request may have these fields. */
export const claims = {
  /** The ARN of the caller, or the name of a pipeline: printable, and no longer than IAM's ARNs. */
  requestedBy: z
    .string()
    .regex(/^[^\p{C}]{1,640}$/u, 'must be 1 to 640 printable characters')
    .exactOptional(),
  reason: z.string().min(1).max(256).exactOptional(),
};

/** The event that caused a reconcile or a request, as it can be found in CloudTrail or on the bus. */
export const Cause = z.strictObject({
  source: z.string(),
  detailType: z.string(),
  id: z.string(),
  /** The account that sent the request: EventBridge says so. */
  sentBy: z.string().exactOptional(),
  /** Claims of the request: `claims`. */
  requestedBy: z.string().exactOptional(),
  reason: z.string().exactOptional(),
});
export type Cause = Readonly<z.infer<typeof Cause>>;

/** Who makes a request, and why, as the request says. */
export type Claims = Pick<Cause, keyof typeof claims>;

/** The claims in the detail of a request, without those that are not valid. Pure. */
export function claimsOf(detail: unknown): Claims {
  const { requestedBy, reason } = (detail ?? {}) as Readonly<Record<string, unknown>>;
  const by = claims.requestedBy.safeParse(requestedBy);
  const why = claims.reason.safeParse(reason);
  return { ...(by.success && { requestedBy: by.data }), ...(why.success && { reason: why.data }) };
}

/** Who asked, and why, as people read it; empty if neither is known. What only the request says is marked as such. Pure. */
export function whoAndWhy({ sentBy, requestedBy, reason }: Cause): string {
  return [
    ...(requestedBy === undefined ? [] : [`requested by ${requestedBy} (as the request says)`]),
    ...(sentBy === undefined ? [] : [`sent from account ${sentBy}`]),
    ...(reason === undefined ? [] : [`because: ${reason}`]),
  ].join(', ');
}
