/** https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html */
const IN_PROGRESS = 5;
const INTERVAL_MS = 10_000;
const BURST = 3;

/**
 * How many accounts may be created at once, and how fast. AWS's limits are for the whole organization, so all requests share
 * this one item of the table: a semaphore (`inside`: at most five) and a token bucket (`fullAt`: a turn every ten seconds, a burst
 * of three). Each change is conditional on the version.
 */
export interface CreationRateLimit {
  readonly version: number;
  /** When the token bucket is full again; each turn moves this by ten seconds. */
  readonly fullAt: string;
  /** Keys of the requests in progress at AWS, each with AWS's id of the creation, or empty until the id is known. */
  readonly inside: Readonly<Record<string, string>>;
}

/** The limit before the first request. */
export const UNUSED: CreationRateLimit = { version: 0, fullAt: new Date(0).toISOString(), inside: {} };

/** The next turn: three at once, then one every ten seconds. No two requests get the same one. Pure. */
export function takeTurn(limit: CreationRateLimit, now: Date): { at: Date; limit: CreationRateLimit } {
  const fullAt = Math.max(Date.parse(limit.fullAt), now.getTime());
  const at = new Date(Math.max(now.getTime(), fullAt - (BURST - 1) * INTERVAL_MS));
  return { at, limit: { ...limit, fullAt: new Date(fullAt + INTERVAL_MS).toISOString() } };
}

/**
 * The limit with the request inside, or undefined if all slots are taken. Creations that others requested count, too. Pure.
 * @param inProgress AWS's ids of all creations in progress, whoever requested them
 */
export function occupySlot(
  limit: CreationRateLimit,
  key: string,
  inProgress: readonly string[],
): CreationRateLimit | undefined {
  if (Object.hasOwn(limit.inside, key)) return limit;
  const ours = Object.values(limit.inside);
  const others = inProgress.filter((id) => !ours.includes(id));
  if (ours.length + others.length >= IN_PROGRESS) return undefined;
  return { ...limit, inside: { ...limit.inside, [key]: '' } };
}

/** The limit with AWS's id of a creation that is inside. Pure. */
export function nameSlot(limit: CreationRateLimit, key: string, creationId: string): CreationRateLimit {
  return { ...limit, inside: { ...limit.inside, [key]: creationId } };
}

/** The limit without the request. Pure. */
export function freeSlot(limit: CreationRateLimit, key: string): CreationRateLimit {
  const { [key]: _, ...inside } = limit.inside;
  return { ...limit, inside };
}
