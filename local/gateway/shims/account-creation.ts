import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Deviation, Forward, KnownCall, Shim } from '../shim.ts';
import { type Call, errorReply, isObject, jsonReply, parseObject, type Reply, text } from '../wire.ts';
import { type OrganizationDeps, putOrganizationEvents } from './organization-events.ts';

/** A plan for the creation of an account, which the emulator would finish immediately: its time and its result. */
export const CreationPlan = z.strictObject({
  /** Name of the account; default: any. */
  name: z.string().optional(),
  /** Time in progress. */
  milliseconds: z.int().min(0).default(0),
  /** The creation ends as FAILED, with this reason. */
  failureReason: z.string().optional(),
  /** `lost`: there is no event CreateAccountResult. */
  event: z.enum(['delivered', 'lost']).default('delivered'),
});
export type CreationPlan = z.infer<typeof CreationPlan>;

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'creates an account at once, and never fails to',
  here: 'if a test plans it, a creation is in progress for a while (at most five are), then succeeds or fails with a reason; its event may be lost',
};

/** Accounts that are created as planned, five in progress at most. */
export interface Creations {
  readonly shim: Shim;
  plan(plan: z.input<typeof CreationPlan>): void;
  /** Deletes the plans. Creations in progress go on. */
  clear(): void;
  /** True if a test plans that this creation fails. */
  willFail(call: KnownCall): boolean;
  /** Answers a call of CreateAccount whose creation fails with this reason, at the time that its plan gives. */
  fail(call: KnownCall, failureReason: string): Promise<Reply>;
  stop(): void;
}

type Status = Record<string, unknown>;
interface Held {
  readonly end: Status;
  readonly until: number;
}

const IN_PROGRESS = 5;

const UNPLANNED: CreationPlan = CreationPlan.parse({});

interface CreationDeps extends OrganizationDeps {
  /** Creates the account in the emulator. */
  readonly create: Forward;
}

/** Starts without a plan: the emulator creates an account immediately. */
export function createCreations(deps: CreationDeps): Creations {
  let plans: CreationPlan[] = [];
  const held = new Map<string, Held>();
  const timers = new Set<NodeJS.Timeout>();

  const shown = ({ end, until }: Held): Status => {
    if (Date.now() >= until) return end;
    const { AccountId: _, CompletedTimestamp: __, FailureReason: ___, ...start } = end;
    return { ...start, State: 'IN_PROGRESS' };
  };

  async function create(call: KnownCall, plan: CreationPlan): Promise<Reply> {
    const busy = [...held.values()].filter(({ until }) => Date.now() < until).length;
    if (busy >= IN_PROGRESS) {
      const message = 'AWS Organizations creates five accounts at once, at most. Try again later.';
      return errorReply(call, 400, 'TooManyRequestsException', message);
    }
    const until = Date.now() + plan.milliseconds;
    const reply = plan.failureReason === undefined ? await deps.create(call) : undefined;
    if (reply && reply.status !== 200) return reply;
    const end = reply ? statusIn(reply) : failed(call, plan.failureReason, until);
    const one = { end, until };
    held.set(String(end.Id), one);
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (plan.event === 'lost') return;
      const result = jsonReply(call, { CreateAccountStatus: end });
      // CloudTrail may lose an event, so a failure is ignored: the listing of the organization finds the account.
      void putOrganizationEvents(call, result, deps).catch(() => undefined);
    }, plan.milliseconds);
    timers.add(timer);
    return jsonReply(call, { CreateAccountStatus: shown(one) });
  }

  async function list(call: KnownCall, next: Forward): Promise<Reply> {
    const reply = await next(call);
    const answer = parseObject(reply.body);
    if (reply.status !== 200 || !Array.isArray(answer?.CreateAccountStatuses)) return reply;
    const { States: states } = call.params;
    const of = answer.CreateAccountStatuses.filter(isObject).filter(({ Id }) => !held.has(String(Id)));
    // Planned creations are added to the last page, since the emulator counts pages without them.
    const ours = answer.NextToken ? [] : [...held.values()].map(shown);
    const wanted = ours.filter(({ State }) => !Array.isArray(states) || states.includes(State));
    return jsonReply(call, { ...answer, CreateAccountStatuses: [...of, ...wanted] });
  }

  const planOf = (call: KnownCall) => {
    const name = text(call.params, 'AccountName');
    return plans.find((one) => one.name === undefined || one.name === name);
  };

  return {
    shim: {
      services: ['organizations'],
      actions: ['CreateAccount', 'DescribeCreateAccountStatus', 'ListCreateAccountStatus'],
      async answer(call, next) {
        if (call.action === 'ListCreateAccountStatus') return held.size > 0 ? list(call, next) : next(call);
        const plan = call.action === 'CreateAccount' ? planOf(call) : undefined;
        if (plan) return create(call, plan);
        const one = held.get(text(call.params, 'CreateAccountRequestId') ?? '');
        return one ? jsonReply(call, { CreateAccountStatus: shown(one) }) : next(call);
      },
    },
    plan(plan) {
      plans.push(CreationPlan.parse(plan));
    },
    clear() {
      plans = [];
    },
    willFail: (call) => planOf(call)?.failureReason !== undefined,
    fail: (call, failureReason) => create(call, { ...(planOf(call) ?? UNPLANNED), failureReason }),
    stop() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function statusIn(reply: Reply): Status {
  const status = parseObject(reply.body)?.CreateAccountStatus;
  return isObject(status) ? status : {};
}

function failed(call: Call, reason: string | undefined, until: number): Status {
  return {
    Id: `car-${randomBytes(16).toString('hex')}`,
    AccountName: text(call.params, 'AccountName'),
    State: 'FAILED',
    RequestedTimestamp: Date.now() / 1000,
    CompletedTimestamp: until / 1000,
    FailureReason: reason,
  };
}
