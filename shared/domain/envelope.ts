import { z } from 'zod';

/**
 * An event as EventBridge delivers it. `detail` is checked later, by detail-type.
 * https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
 */
export const Envelope = z.object({
  id: z.string().min(1),
  source: z.string().min(1),
  'detail-type': z.string(),
  /** Absent only if something other than EventBridge made the envelope: such an event is refused. */
  account: z.string().optional(),
  time: z.iso.datetime({ offset: true }),
  region: z.string().optional(),
  detail: z.unknown(),
});
export type Envelope = z.infer<typeof Envelope>;
