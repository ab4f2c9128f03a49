import { z } from 'zod';
import { type AnnouncementType, announcements } from '../shared/domain/announcements.ts';

const TYPES = Object.keys(announcements) as [AnnouncementType, ...AnnouncementType[]];

const destinations = {
  email: z.email('an email address').optional(),
  snsTopicArn: z
    .string()
    .regex(/^arn:aws(-cn|-us-gov)?:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, 'the ARN of an SNS topic')
    .optional(),
  webhookSecret: z
    .string()
    .regex(/^[\w/+=.@-]{1,512}$/, 'the name of a secret')
    .optional(),
};

/** One of the entries of context `notify`: who is told, and what. */
const Notice = z
  .strictObject({
    ...destinations,
    events: z
      .array(z.enum(TYPES, `must be one of ${TYPES.join(', ')}`))
      .min(1)
      .optional(),
    when: z.enum(['change', 'nightly']).default('change'),
  })
  .refine(
    (given) => Object.keys(destinations).filter((name) => Object.hasOwn(given, name)).length === 1,
    'name one of email, snsTopicArn and webhookSecret',
  )
  .refine(
    ({ when, events }) => when === 'change' || !events,
    'nightly tells the summary of the night: leave out events',
  );

/** Context `notify`. EventBridge allows 300 rules a bus, and each destination has one for each of its events. */
export const Notify = z.array(Notice).max(10);

/** What an entry without `events` tells: what a person should know of, and act on. */
const CHANGES: readonly AnnouncementType[] = [
  'AccountDegraded',
  'AccountCreationFailed',
  'SweepStopped',
  'RolloutHalted',
  'WorkFailed',
];

/** Where notices go. */
export type Destination =
  | { readonly is: 'email'; readonly address: string }
  | { readonly is: 'topic'; readonly arn: string }
  | { readonly is: 'webhook'; readonly secret: string };

/** One kind of event that one destination is told. */
export interface Told {
  readonly to: Destination;
  readonly event: AnnouncementType;
}

/** Every event that is told to each destination. Pure. */
export function noticesOf(notify: z.infer<typeof Notify>): Told[] {
  return notify.flatMap(({ when, events = CHANGES, ...entry }): Told[] => {
    const to = destinationOf(entry);
    if (!to) return [];
    if (when === 'nightly') return [{ to, event: 'FleetSummary' }];
    return [...new Set(events)].map((event) => ({ to, event }));
  });
}

function destinationOf({
  email,
  snsTopicArn,
  webhookSecret,
}: Pick<z.infer<typeof Notice>, keyof typeof destinations>): Destination | undefined {
  if (email !== undefined) return { is: 'email', address: email };
  if (snsTopicArn !== undefined) return { is: 'topic', arn: snsTopicArn };
  return webhookSecret === undefined ? undefined : { is: 'webhook', secret: webhookSecret };
}

/** The problems of entries that would tell a destination the same event twice. Pure. */
export function toldTwice(notify: z.infer<typeof Notify>): string[] {
  const seen = new Set<string>();
  return noticesOf(notify).flatMap(({ to, event }) => {
    const key = JSON.stringify([to, event]);
    if (seen.has(key)) return [`notify: ${Object.values(to)[1]} would be told ${event} twice`];
    seen.add(key);
    return [];
  });
}
