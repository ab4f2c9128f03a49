import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { chance, counting } from './seeded.ts';
import type { KnownCall, Shim } from './shim.ts';
import { errorReply, isRead, NoAnswer } from './wire.ts';

/** A fault that a test plans: the calls that it applies to, how many of them, and its effect. */
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
  /** This many matching calls succeed first. */
  skip: z.int().min(0).default(0),
  /** Then this many calls meet the fault; `all` for every further one. */
  count: z.union([z.int().min(1), z.literal('all')]).default(1),
  /** The part of these calls that meet the fault, by seeded chance: see `Faults`. */
  rate: z.number().min(0).max(1).default(1),
  seed: z.int().default(1),
  /** This many calls a second succeed, and the same number at once after a pause; only further ones meet the fault, as with the rate limit of a service. */
  perSecond: z.number().positive().optional(),
  /** Milliseconds after which the fault ends; it lasts until it is cleared if absent. */
  lasts: z.int().min(1).optional(),
  effect: z.discriminatedUnion('kind', [
    /** AWS's answer instead of the emulator's. */
    z.strictObject({
      kind: z.literal('error'),
      code: z.string(),
      message: z.string().default('planned'),
      status: z.int().default(400),
    }),
    /** The answer of a throttled or broken service, with that service's error code. */
    z.strictObject({ kind: z.literal('throttled') }),
    z.strictObject({ kind: z.literal('broken') }),
    /** The connection is closed without an answer, before or after the call is carried out. */
    z.strictObject({ kind: z.literal('close'), when: z.enum(['before', 'after']) }),
    /** The call is not carried out and never answered; it ends when the caller disconnects. */
    z.strictObject({ kind: z.literal('silence') }),
    /** The call takes longer; it may meet a further fault as well. */
    z.strictObject({ kind: z.literal('delay'), milliseconds: z.int().min(1) }),
  ]),
});
export type Fault = z.infer<typeof Fault>;

/** A planned fault, with the number of calls that it matched and that it applied to. */
export type PlannedFault = Fault & { readonly id: string; seen: number; applied: number };

/**
 * The planned faults. Whether a call meets one by chance depends on the seed and on the call: role and account of the caller, region,
 * service, action, subject (the assumed role, the item, the message group), and the number of earlier calls like it. So with the same
 * seed the same calls meet the same faults, in whatever order they come.
 */
export interface Faults {
  readonly shim: Shim;
  add(fault: z.input<typeof Fault>): PlannedFault;
  list(): PlannedFault[];
  clear(): void;
}

/** What happens to a call: its delay, and the effect that replaces its answer. */
interface Fate {
  readonly milliseconds: number;
  readonly effect?: Exclude<Fault['effect'], { kind: 'delay' }>;
}

/** The state of a planned fault. */
interface Luck {
  /** Makes two faults with the same seed meet different calls. */
  readonly salt: number;
  readonly count: (subject: string) => number;
  readonly since: number;
  /** Calls that `perSecond` allowed at the time `at`. */
  allowance: number;
  at: number;
}

type Answer = readonly [code: string, status: number];

/** The throttling errors of services; others answer `ThrottlingException`. */
const THROTTLED: Readonly<Record<string, Answer>> = {
  ec2: ['RequestLimitExceeded', 503],
  iam: ['Throttling', 400],
  organizations: ['TooManyRequestsException', 400],
  s3: ['SlowDown', 503],
  sqs: ['RequestThrottled', 400],
  sts: ['Throttling', 400],
  tagging: ['ThrottledException', 400],
};

/** The errors of broken services; others answer `InternalFailure`. */
const BROKEN: Readonly<Record<string, Answer>> = {
  dynamodb: ['InternalServerError', 500],
  ec2: ['InternalError', 500],
  events: ['InternalException', 500],
  iam: ['ServiceFailure', 500],
  s3: ['InternalError', 500],
  ssm: ['InternalServerError', 500],
  tagging: ['InternalServiceException', 500],
};

/** Starts without faults. */
export function createFaults(now: () => number = Date.now): Faults {
  let planned: { readonly fault: PlannedFault; readonly luck: Luck }[] = [];

  /** True if a fault meets a call that it matches. Counts the call. */
  function meets(fault: PlannedFault, luck: Luck, call: KnownCall): boolean {
    if (fault.lasts !== undefined && now() >= luck.since + fault.lasts) return false;
    fault.seen += 1;
    if (fault.seen <= fault.skip || (fault.count !== 'all' && fault.applied >= fault.count)) return false;
    if (fault.perSecond !== undefined && goesThrough(luck, fault.perSecond, now())) return false;
    if (fault.rate < 1) {
      const subject = subjectOf(call);
      if (chance(fault.seed, luck.salt, subject, luck.count(subject)) >= fault.rate) return false;
    }
    fault.applied += 1;
    return true;
  }

  function fateOf(call: KnownCall): Fate {
    let milliseconds = 0;
    for (const { fault, luck } of planned) {
      if (!matches(fault, call) || !meets(fault, luck, call)) continue;
      if (fault.effect.kind !== 'delay') return { milliseconds, effect: fault.effect };
      milliseconds += fault.effect.milliseconds;
    }
    return { milliseconds };
  }

  return {
    shim: {
      async answer(call, next) {
        const { milliseconds, effect } = fateOf(call);
        if (milliseconds > 0) await pause(milliseconds);
        switch (effect?.kind) {
          case undefined:
            return next(call);
          case 'error':
            return errorReply(call, effect.status, effect.code, effect.message);
          case 'throttled': {
            const [code, status] = THROTTLED[call.service] ?? ['ThrottlingException', 400];
            return errorReply(call, status, code, 'planned: throttled');
          }
          case 'broken': {
            const [code, status] = BROKEN[call.service] ?? ['InternalFailure', 500];
            return errorReply(call, status, code, 'planned: broken');
          }
          case 'close':
            if (effect.when === 'after') await next(call).catch(() => undefined);
            throw new NoAnswer('planned: the connection is closed');
          case 'silence':
            while (!call.abandoned()) await pause(SILENCE_MS);
            throw new NoAnswer('planned: the caller gave up');
        }
      },
    },
    add(input) {
      const fault = { ...Fault.parse(input), id: randomUUID(), seen: 0, applied: 0 };
      const at = now();
      const allowance = fault.perSecond ?? 0;
      planned.push({ fault, luck: { salt: planned.length, count: counting(), since: at, allowance, at } });
      return fault;
    },
    list: () => planned.map(({ fault }) => fault),
    clear: () => {
      planned = [];
    },
  };
}

/** Pause between checks whether a caller without an answer has disconnected. */
const SILENCE_MS = 100;

/** Calls with the same subject are counted together. Calls for different accounts, made in Main, have different subjects. */
function subjectOf({ caller, region, service, action, params }: KnownCall): string {
  const about = [params.RoleArn, params.Key, params.MessageGroupId];
  return JSON.stringify([caller.principalArn, caller.account, region, service, action, about]);
}

/** A token bucket that holds the calls of one second, at least one. */
function goesThrough(luck: Luck, perSecond: number, now: number): boolean {
  const full = Math.max(1, perSecond);
  luck.allowance = Math.min(full, luck.allowance + ((now - luck.at) / 1000) * perSecond);
  luck.at = now;
  if (luck.allowance < 1) return false;
  luck.allowance -= 1;
  return true;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function matches(fault: Fault, call: KnownCall): boolean {
  const { caller } = call;
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
