import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Caller } from './callers.ts';
import { type Call, isRead } from './wire.ts';

/** A failure that a test plans: which calls, how many, and what happens to them. */
export const Fault = z.strictObject({
  account: z.string().optional(),
  service: z.string().optional(),
  action: z.string().optional(),
  /** RoleSessionName of the caller. */
  session: z.string().optional(),
  /** Name of the caller's role. */
  role: z.string().optional(),
  access: z.enum(['read', 'write']).optional(),
  /** So many matching calls go through first. */
  skip: z.int().min(0).default(0),
  /** So many calls fail then; `all` for every further one. */
  count: z.union([z.int().min(1), z.literal('all')]).default(1),
  effect: z.discriminatedUnion('kind', [
    /** AWS's answer instead of the emulator's. */
    z.strictObject({
      kind: z.literal('error'),
      code: z.string(),
      message: z.string().default('planned'),
      status: z.int().default(400),
    }),
    /** The connection ends without an answer: before the call has happened, or after. */
    z.strictObject({ kind: z.literal('close'), when: z.enum(['before', 'after']) }),
    z.strictObject({ kind: z.literal('delay'), milliseconds: z.int().min(1) }),
  ]),
});
export type Fault = z.infer<typeof Fault>;

/** A planned fault, and how often it has met a call. */
export type PlannedFault = Fault & { readonly id: string; seen: number; applied: number };

/** The failures that are planned. */
export interface Faults {
  add(fault: z.input<typeof Fault>): PlannedFault;
  list(): PlannedFault[];
  clear(): void;
  /** What shall happen to this call; counts it. */
  next(call: Call, caller: Caller): Fault['effect'] | undefined;
}

/** No faults, to begin with. */
export function createFaults(): Faults {
  let planned: PlannedFault[] = [];
  return {
    add(input) {
      const fault = { ...Fault.parse(input), id: randomUUID(), seen: 0, applied: 0 };
      planned.push(fault);
      return fault;
    },
    list: () => planned,
    clear: () => {
      planned = [];
    },
    next(call, caller) {
      for (const fault of planned) {
        if (!matches(fault, call, caller)) continue;
        fault.seen += 1;
        if (fault.seen <= fault.skip || (fault.count !== 'all' && fault.applied >= fault.count)) continue;
        fault.applied += 1;
        return fault.effect;
      }
      return undefined;
    },
  };
}

function matches(fault: Fault, call: Call, caller: Caller): boolean {
  const is = (wanted: string | undefined, actual: string | undefined) =>
    wanted === undefined || wanted === actual;
  return (
    is(fault.account, caller.account) &&
    is(fault.service, call.service) &&
    is(fault.action, call.action) &&
    is(fault.session, caller.session?.sessionName) &&
    is(fault.role, caller.session?.roleArn.split('/').at(-1)) &&
    is(fault.access, isRead(call) ? 'read' : 'write')
  );
}
