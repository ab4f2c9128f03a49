import { LIST_PRICES } from './list-prices.ts';

/**
 * What a run of a healthy account with the baseline `analytics` needs, in the units by which AWS charges. Tests compare the counts
 * with what a run does; the seconds are an estimate.
 */
export const HEALTHY_RUN = {
  /** Reads into the account: of IAM once, of network and parameters in each region. AWS charges for none. */
  reads: { once: 4, perRegion: 10 },
  /** Read units: the record, the status (per 4 KB), and the item that says what is paused. */
  readUnits: 2,
  /** Size of the status, which is read and written, and in no index. */
  statusBytes: { once: 2_000, perRegion: 1_000 },
  /** The line of the run, and its metric. */
  logBytes: 1_100,
  /** Time on the processor of an environment: measured 30 to 50 ms of a whole one, and an environment has 0.43 of it. */
  seconds: { once: 0.08, perRegion: 0.08 },
} as const;

/** What an invocation needs, besides its runs. */
export const INVOCATION = {
  accounts: 10,
  /** The batch is sent, received, hidden and deleted. */
  queueRequests: 4,
  /** Lambda's own lines. */
  logBytes: 400,
  /** Four calls, one after the other. */
  seconds: 0.4,
  memoryGigabytes: 0.75,
} as const;

/**
 * What an onboarding of an account with the baseline `analytics` needs, from the event to the announcement that the account is ready.
 * A test compares the counts with what an onboarding does in the simulation; the seconds are those of calls of 30 ms, and the log is
 * an estimate.
 */
export const ONBOARDING = {
  /** The event that the management account forwards, and the announcements AccountRegistered and AccountReady. */
  events: 3,
  /** One of intake, and one of reconcile. */
  invocations: 2,
  /** EventBridge sends the event; intake's mapping receives and deletes it. */
  intakeRequests: 3,
  /** The message of the run is sent, received, hidden and deleted. */
  workRequests: 4,
  /** Units of the table with its index. Record, lease, status and history are written in transactions, which cost twice as much. */
  once: { readUnits: 12, writeUnits: 32.5 },
  perRegion: { readUnits: 6, writeUnits: 19.5 },
  /** Regions are made at the same time. */
  runSeconds: 4,
  intakeSeconds: 0.5,
  intakeMemoryGigabytes: 0.5,
  /** The lines of both functions. */
  logBytes: 3_000,
} as const;

/** One position of a bill. */
export interface CostItem {
  readonly service: string;
  /** The counted units, in words. */
  readonly units: string;
  readonly dollars: number;
}

/** What a nightly sweep costs. */
export interface NightCost {
  readonly accounts: number;
  readonly regions: number;
  readonly items: readonly CostItem[];
  readonly total: number;
  /** Events that a trail records. They are free in the first trail of an account, and charged in each further one. */
  readonly trail: { readonly events: number; readonly dollarsPerFurtherTrail: number };
}

/** What an onboarding costs. */
export interface OnboardingCost {
  readonly items: readonly CostItem[];
  readonly total: number;
}

/** The cost of onboarding one account that becomes ready in its first run. Pure. */
export function costOfOnboarding(regions: number): OnboardingCost {
  const { once, perRegion } = ONBOARDING;
  const readUnits = once.readUnits + regions * perRegion.readUnits;
  const writeUnits = once.writeUnits + regions * perRegion.writeUnits;
  const gigabyteSeconds =
    ONBOARDING.intakeSeconds * ONBOARDING.intakeMemoryGigabytes +
    ONBOARDING.runSeconds * INVOCATION.memoryGigabytes;
  const prices = LIST_PRICES;
  const items: CostItem[] = [
    {
      service: 'Lambda',
      units: `${ONBOARDING.invocations} invocations, ${gigabyteSeconds.toFixed(1)} GB-seconds`,
      dollars: ONBOARDING.invocations * prices.invocation + gigabyteSeconds * prices.gigabyteSecond,
    },
    {
      service: 'DynamoDB',
      units: `${count(readUnits)} read units, ${count(writeUnits)} write units with the index`,
      dollars: readUnits * prices.readUnit + writeUnits * prices.writeUnit,
    },
    {
      service: 'SQS',
      units: `${ONBOARDING.intakeRequests} requests, ${ONBOARDING.workRequests} to the FIFO queue`,
      dollars:
        ONBOARDING.intakeRequests * prices.standardRequest + ONBOARDING.workRequests * prices.fifoRequest,
    },
    {
      service: 'EventBridge',
      units: `${ONBOARDING.events} events`,
      dollars: ONBOARDING.events * prices.event,
    },
    {
      service: 'CloudWatch Logs',
      units: `${(ONBOARDING.logBytes / 1_000).toFixed(1)} kB`,
      dollars: (ONBOARDING.logBytes / 1e9) * prices.logGigabyte,
    },
  ];
  return { items, total: items.reduce((sum, { dollars }) => sum + dollars, 0) };
}

/** The cost of a night in which no account differs. Pure. */
export function costOfNight(accounts: number, regions: number): NightCost {
  const invocations = Math.ceil(accounts / INVOCATION.accounts);
  const statusBytes = HEALTHY_RUN.statusBytes.once + regions * HEALTHY_RUN.statusBytes.perRegion;
  const runSeconds = HEALTHY_RUN.seconds.once + regions * HEALTHY_RUN.seconds.perRegion;
  const gigabyteSeconds =
    (invocations * INVOCATION.seconds + accounts * runSeconds) * INVOCATION.memoryGigabytes;
  const readUnits = accounts * (HEALTHY_RUN.readUnits + Math.ceil(statusBytes / 4_096));
  const writeUnits = accounts * Math.ceil(statusBytes / 1_024);
  const requests = invocations * INVOCATION.queueRequests;
  const gigabytes = (accounts * HEALTHY_RUN.logBytes + invocations * INVOCATION.logBytes) / 1e9;
  const prices = LIST_PRICES;
  const items: CostItem[] = [
    {
      service: 'Lambda',
      units: `${count(invocations)} invocations, ${count(gigabyteSeconds)} GB-seconds`,
      dollars: invocations * prices.invocation + gigabyteSeconds * prices.gigabyteSecond,
    },
    {
      service: 'DynamoDB',
      units: `${count(readUnits)} read units, ${count(writeUnits)} write units`,
      dollars: readUnits * prices.readUnit + writeUnits * prices.writeUnit,
    },
    {
      service: 'SQS',
      units: `${count(requests)} requests`,
      dollars: requests * prices.fifoRequest,
    },
    {
      service: 'CloudWatch Logs',
      units: `${(gigabytes * 1_000).toFixed(1)} MB`,
      dollars: gigabytes * prices.logGigabyte,
    },
  ];
  const events = accounts * (HEALTHY_RUN.reads.once + regions * HEALTHY_RUN.reads.perRegion + 1);
  return {
    ...{ accounts, regions, items },
    total: items.reduce((sum, { dollars }) => sum + dollars, 0),
    trail: { events, dollarsPerFurtherTrail: events * prices.trailEvent },
  };
}

/** A number in whole units, with commas. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
