import type { VirtualClock } from './clock.ts';
import { failure } from './failure.ts';
import { Bucket, LIMITS, type Limit } from './limits.ts';
import type { Attempt } from './transport.ts';

/** A time in which a region does not answer. */
export interface Outage {
  readonly region: string;
  /** Milliseconds, as `Date.now()`. */
  readonly from: number;
  readonly until: number;
}

/** What lies between the code and the services: how long calls take, how many AWS accepts, and regions that are down. */
export interface Network {
  readonly carry: (attempt: Attempt, answer: () => object) => Promise<object>;
  readonly outages: Outage[];
  /** Changes a limit, for a storm. */
  readonly setRate: (name: string, perSecond: number, burst: number) => void;
  readonly counts: Counts;
  /** The calls of these accounts that AWS carried out, by account. */
  readonly watched: Map<string, string[]>;
}

/** What was called. */
export interface Counts {
  /** Attempts by call. */
  readonly calls: Map<string, number>;
  /** Attempts that AWS refused, by the limit. */
  readonly throttled: Map<string, number>;
  /** Attempts that had no answer, since the region was down. */
  unanswered: number;
  reset(): void;
}

/** Latency of a call, log-normal with this median; one call in a hundred takes long. */
const MEDIAN_MS = 30;
const SIGMA = 0.4;
const LONG_MS = 500;
const LONG_PART = 0.01;
/** A region that is down is noticed when the connection is not made in the time that shared/aws/connections.ts gives it. */
const CONNECTION_MS = 3_000;

/** Errors by which a service says that it was called too often. */
const REFUSALS: Readonly<Record<string, readonly [name: string, status: number]>> = {
  ec2: ['RequestLimitExceeded', 503],
  organizations: ['TooManyRequestsException', 429],
  sqs: ['RequestThrottled', 403],
};

export function createNetwork(clock: VirtualClock, random: () => number): Network {
  const buckets = new Map<string, Bucket>();
  const limits = new Map(LIMITS.map((limit) => [limit.name, limit]));
  const outages: Outage[] = [];
  const watched = new Map<string, string[]>();
  const counts: Counts = {
    calls: new Map(),
    throttled: new Map(),
    unanswered: 0,
    reset() {
      counts.calls.clear();
      counts.throttled.clear();
      counts.unanswered = 0;
    },
  };

  function latency(): number {
    if (random() < LONG_PART) return LONG_MS;
    // Box and Muller.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return MEDIAN_MS * Math.exp(SIGMA * normal);
  }

  function refuses({ name, of }: Limit, { accountId, region }: Attempt): boolean {
    const limit = limits.get(name);
    if (!limit) return false;
    const key = `${name} ${of} ${accountId} ${region}`;
    const bucket = buckets.get(key) ?? new Bucket(limit, clock.now());
    buckets.set(key, bucket);
    return !bucket.take(clock.now());
  }

  async function carry(attempt: Attempt, answer: () => object): Promise<object> {
    const { call, region, environment } = attempt;
    if (environment) {
      const from = Math.max(clock.now(), environment.busyUntil);
      environment.busyUntil = from + environment.callMs;
      await clock.sleep(environment.busyUntil - clock.now());
      // It never goes on.
      if (environment.isStopped) await new Promise(() => undefined);
    }
    count(counts.calls, call);
    const now = clock.now();
    if (outages.some((outage) => outage.region === region && outage.from <= now && now < outage.until)) {
      counts.unanswered += 1;
      await clock.sleep(CONNECTION_MS);
      throw failure('TimeoutError', 0, `${region} does not answer`);
    }
    const whole = latency();
    await clock.sleep(whole / 2);
    try {
      const limit = LIMITS.find(({ calls }) => calls.test(call));
      if (limit && refuses(limit, attempt)) {
        count(counts.throttled, limit.name);
        const [name, status] = REFUSALS[call.split(':')[0] ?? ''] ?? ['ThrottlingException', 400];
        throw failure(name, status, 'Rate exceeded');
      }
      watched.get(attempt.accountId)?.push(call);
      return answer();
    } finally {
      await clock.sleep(whole / 2);
    }
  }

  return {
    carry,
    outages,
    counts,
    watched,
    setRate(name, perSecond, burst) {
      const before = limits.get(name);
      if (!before) throw new Error(`there is no limit ${name}`);
      limits.set(name, { ...before, perSecond, burst });
      for (const key of buckets.keys()) if (key.startsWith(`${name} `)) buckets.delete(key);
    },
  };
}

/** Adds one to the count of that name. */
export function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
