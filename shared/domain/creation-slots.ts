/** https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html */
const IN_PROGRESS = 5;
const INTERVAL_MS = 10_000;
const BURST = 3;

/**
 * How many accounts may be created at once, and how fast: AWS's limits are those of the whole organization, so every
 * request passes here. A semaphore (`inside`: five at most) and a token bucket (`fullAt`: a turn each ten seconds, three
 * at once) in one item of the table, which is changed under its version.
 */
export interface Turnstile {
  readonly version: number;
  /** When the bucket of turns is full again: each turn takes ten seconds' worth out of it. */
  readonly fullAt: string;
  /** Keys of the requests that AWS is at, each with AWS's id of the creation once it is known (else empty). */
  readonly inside: Readonly<Record<string, string>>;
}

/** Before the first request. */
export const NOBODY: Turnstile = { version: 0, fullAt: new Date(0).toISOString(), inside: {} };

/** The next turn: three at once, then one each ten seconds. Nobody else gets the same one. Pure. */
export function takeTurn(turnstile: Turnstile, now: Date): { at: Date; turnstile: Turnstile } {
  const fullAt = Math.max(Date.parse(turnstile.fullAt), now.getTime());
  const at = new Date(Math.max(now.getTime(), fullAt - (BURST - 1) * INTERVAL_MS));
  return { at, turnstile: { ...turnstile, fullAt: new Date(fullAt + INTERVAL_MS).toISOString() } };
}

/**
 * The turnstile with the request inside, or undefined when there is no room. What others are creating counts too.
 * Pure.
 * @param inProgress AWS's ids of all creations that it is at, whoever asked for them
 */
export function goIn(
  turnstile: Turnstile,
  key: string,
  inProgress: readonly string[],
): Turnstile | undefined {
  if (Object.hasOwn(turnstile.inside, key)) return turnstile;
  const ours = Object.values(turnstile.inside);
  const others = inProgress.filter((id) => !ours.includes(id));
  if (ours.length + others.length >= IN_PROGRESS) return undefined;
  return { ...turnstile, inside: { ...turnstile.inside, [key]: '' } };
}

/** The turnstile with AWS's id of a creation that is inside. Pure. */
export function known(turnstile: Turnstile, key: string, creationId: string): Turnstile {
  return { ...turnstile, inside: { ...turnstile.inside, [key]: creationId } };
}

/** The turnstile without the request. Pure. */
export function goOut(turnstile: Turnstile, key: string): Turnstile {
  const { [key]: _, ...inside } = turnstile.inside;
  return { ...turnstile, inside };
}
