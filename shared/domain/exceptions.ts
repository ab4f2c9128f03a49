import { z } from 'zod';
import { likeText } from './glob.ts';

/**
 * A difference that somebody wants to be left as it is until a time: it is reported and not corrected. Part of the record of its
 * account; its path is its name there.
 */
export interface Exception {
  /** The differences that it covers: `network:subnet.public.*`. */
  readonly path: string;
  /** ISO time from which on the difference is corrected again. */
  readonly until: string;
  /** Why. */
  readonly because: string;
  /** The event that requested it. */
  readonly request: string;
  /** ISO time of the request. */
  readonly at: string;
  /** Who requested it, in the words of the request. */
  readonly requestedBy?: string;
  /** The account that sent the request. */
  readonly sentBy?: string;
  /** Set if it also covers differences that may let somebody in. */
  readonly iKnow?: true;
  /** ISO time at which a request ended it before its time. */
  readonly endedAt?: string;
}

/** What names a difference. */
interface Named {
  readonly kind: string;
  readonly resource: string;
  /** Empty for the resource itself. */
  readonly path: string;
}

/** A kind, and a pattern of the names of its differences (`differenceName`): `*` is any text, `?` any character. */
export const ExceptionPath = z
  .string()
  .max(256)
  .regex(
    /^[a-z][A-Za-z]*:[^\p{C}]+$/u,
    'must be kind:path, such as network:subnet.public.mapPublicIpOnLaunch, where * is any text',
  );

/** An ISO time in UTC, or in another zone that it names. */
export const ExceptionEnd = z.iso.datetime({
  offset: true,
  error: 'must be a time such as 2027-01-31T00:00:00Z',
});

/** The longest time of an exception. */
const MOST_DAYS = 366;
/** The most exceptions of an account that have not ended. */
export const MOST_EXCEPTIONS = 50;

/** Why an exception cannot end at that time, as a predicate of the field; undefined if it can. Pure. */
export function endProblem(until: string, now: Date): string | undefined {
  const end = Date.parse(until);
  if (!(end > now.getTime())) return `is over: it must be later than ${now.toISOString()}`;
  const last = new Date(now.getTime() + MOST_DAYS * 86_400_000);
  if (end <= last.getTime()) return undefined;
  return `is more than a year ahead: it must be at most ${last.toISOString()}, and can be extended later`;
}

/** True while the exception holds. Pure. */
export function holds({ until, endedAt }: Exception, now: Date): boolean {
  return endedAt === undefined && Date.parse(until) > now.getTime();
}

/** The exceptions of an account that hold now. Pure. */
export function liveExceptions(
  { exceptions = [] }: { readonly exceptions?: readonly Exception[] },
  now: Date,
): readonly Exception[] {
  return exceptions.filter((one) => holds(one, now));
}

/** How an exception names a difference: `network:subnet.public.mapPublicIpOnLaunch`; without a path, the resource itself. Pure. */
export function differenceName({ kind, resource, path }: Named): string {
  return `${kind}:${dotted(path === '' ? resource : `${resource}.${path}`)}`;
}

/** True if the exception names the difference. Pure. */
export function covers({ path }: Pick<Exception, 'path'>, difference: Named): boolean {
  return likeText(dotted(path), differenceName(difference));
}

/** An exception as users and scripts see it: the public document of `exceptions --json`. */
export interface ExceptionView {
  readonly accountId: string;
  readonly path: string;
  readonly state: 'live' | 'ended';
  readonly until: string;
  readonly because: string;
  readonly requestedAt: string;
  readonly requestedBy?: string;
  readonly sentBy?: string;
  readonly iKnow?: true;
  /** Present if a request ended it. */
  readonly endedAt?: string;
  /** The differences that it names, of those that the last run left. */
  readonly leaves: readonly string[];
}

/** The exceptions of an account, oldest first. Pure. */
export function exceptionViews(
  { accountId, exceptions = [] }: { readonly accountId: string; readonly exceptions?: readonly Exception[] },
  status: { readonly excepted?: readonly Named[] } | undefined,
  now: Date,
): ExceptionView[] {
  return exceptions.map((one) => {
    const { path, until, because, at, requestedBy, sentBy, iKnow, endedAt } = one;
    const isLive = holds(one, now);
    const leaves = isLive ? (status?.excepted ?? []).filter((difference) => covers(one, difference)) : [];
    return {
      ...{ accountId, path, state: isLive ? 'live' : 'ended', until, because, requestedAt: at },
      ...(requestedBy !== undefined && { requestedBy }),
      ...(sentBy !== undefined && { sentBy }),
      ...(iKnow && { iKnow }),
      ...(endedAt !== undefined && { endedAt }),
      leaves: [...new Set(leaves.map(differenceName))],
    };
  });
}

/** A name that can be written without quotes: `subnet.public`. Pure. */
export function dotted(text: string): string {
  return text.replaceAll(' ', '.');
}

/** `until …, by …, because: …`, as far as it is known. Pure. */
export function exceptionInWords({
  until,
  requestedBy,
  because,
}: Pick<Exception, 'until' | 'requestedBy' | 'because'>): string {
  return [
    `until ${until}`,
    ...(requestedBy === undefined ? [] : [`by ${requestedBy}`]),
    `because: ${because}`,
  ].join(', ');
}
