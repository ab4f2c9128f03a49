import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Caller } from './callers.ts';
import { seeded } from './seeded.ts';
import { type Call, isRead } from './wire.ts';

/** A failure that a test plans: which calls, how many, and what happens to them. */
export const Fault = z.strictObject({
  account: z.string().optional(),
  region: z.string().optional(),
  service: z.string().optional(),
  action: z.string().optional(),
  /** RoleSessionName of the caller. */
  session: z.string().optional(),
  /** Name of the caller's role. */
  role: z.string().optional(),
  access: z.enum(['read', 'write']).optional(),
  /** `role`: only calls with a role's temporary credentials, which are those of the functions; `user`: only the others. */
  caller: z.enum(['role', 'user']).optional(),
  /** So many matching calls go through first. */
  skip: z.int().min(0).default(0),
  /** So many calls fail then; `all` for every further one. */
  count: z.union([z.int().min(1), z.literal('all')]).default(1),
  /** The part of these that fail, by chance: the same ones for the same seed, where calls come in the same order. */
  rate: z.number().min(0).max(1).default(1),
  seed: z.int().default(1),
  effect: z.discriminatedUnion('kind', [
    /** AWS's answer instead of the emulator's. */
    z.strictObject({
      kind: z.literal('error'),
      code: z.string(),
      message: z.string().default('planned'),
      status: z.int().default(400),
    }),
    /** The answer of a service that has had too many calls, or that broke: each in its own words. */
    z.strictObject({ kind: z.literal('throttled') }),
    z.strictObject({ kind: z.literal('broken') }),
    /** The connection ends without an answer: before the call has happened, or after. */
    z.strictObject({ kind: z.literal('close'), when: z.enum(['before', 'after']) }),
    z.strictObject({ kind: z.literal('delay'), milliseconds: z.int().min(1) }),
  ]),
});
export type Fault = z.infer<typeof Fault>;

/** A planned fault, and how often it has met a call. */
export type PlannedFault = Fault & { readonly id: string; seen: number; applied: number };

/** What happens to a call: throttled and broken are errors by now. */
export type Effect = Exclude<Fault['effect'], { kind: 'throttled' | 'broken' }>;

/** The failures that are planned. */
export interface Faults {
  add(fault: z.input<typeof Fault>): PlannedFault;
  list(): PlannedFault[];
  clear(): void;
  /** What shall happen to this call; counts it. */
  next(call: Call, caller: Caller): Effect | undefined;
}

type Answer = readonly [code: string, status: number];

/** How services say that they have had too many calls; the others say `ThrottlingException`. */
const THROTTLED: Readonly<Record<string, Answer>> = {
  ec2: ['RequestLimitExceeded', 503],
  iam: ['Throttling', 400],
  organizations: ['TooManyRequestsException', 400],
  sqs: ['RequestThrottled', 400],
  sts: ['Throttling', 400],
  tagging: ['ThrottledException', 400],
};

/** How services say that something in them broke; the others say `InternalFailure`. */
const BROKEN: Readonly<Record<string, Answer>> = {
  dynamodb: ['InternalServerError', 500],
  ec2: ['InternalError', 500],
  events: ['InternalException', 500],
  iam: ['ServiceFailure', 500],
  ssm: ['InternalServerError', 500],
  tagging: ['InternalServiceException', 500],
};

/** No faults, to begin with. */
export function createFaults(): Faults {
  let planned: PlannedFault[] = [];
  const chances = new Map<string, () => number>();
  return {
    add(input) {
      const fault = { ...Fault.parse(input), id: randomUUID(), seen: 0, applied: 0 };
      chances.set(fault.id, seeded(fault.seed));
      planned.push(fault);
      return fault;
    },
    list: () => planned,
    clear: () => {
      planned = [];
      chances.clear();
    },
    next(call, caller) {
      for (const fault of planned) {
        if (!matches(fault, call, caller)) continue;
        fault.seen += 1;
        if (fault.seen <= fault.skip || (fault.count !== 'all' && fault.applied >= fault.count)) continue;
        if (fault.rate < 1 && (chances.get(fault.id)?.() ?? 0) >= fault.rate) continue;
        fault.applied += 1;
        return effectOn(fault.effect, call.service);
      }
      return undefined;
    },
  };
}

function effectOn(effect: Fault['effect'], service: string): Effect {
  if (effect.kind !== 'throttled' && effect.kind !== 'broken') return effect;
  const [code, status] =
    effect.kind === 'throttled'
      ? (THROTTLED[service] ?? ['ThrottlingException', 400])
      : (BROKEN[service] ?? ['InternalFailure', 500]);
  return { kind: 'error', code, status, message: `planned: ${effect.kind}` };
}

function matches(fault: Fault, call: Call, caller: Caller): boolean {
  const is = (wanted: string | undefined, actual: string | undefined) =>
    wanted === undefined || wanted === actual;
  return (
    is(fault.account, caller.account) &&
    is(fault.region, call.region) &&
    is(fault.service, call.service) &&
    is(fault.action, call.action) &&
    is(fault.session, caller.session?.sessionName) &&
    is(fault.role, caller.session?.roleArn.split('/').at(-1)) &&
    is(fault.caller, caller.session ? 'role' : 'user') &&
    is(fault.access, isRead(call) ? 'read' : 'write')
  );
}
