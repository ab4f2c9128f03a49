import type { Decision } from './authorization/authorizer.ts';
import type { KnownCall } from './shim.ts';
import { isRead, type Reply } from './wire.ts';

/** One call that was made, as tests and `/_orgkeeper/calls` show it. */
export interface RecordedCall {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The time until the answer. */
  readonly milliseconds: number;
  readonly account: string;
  readonly region: string;
  readonly callerArn: string;
  /** The principal whose policies decided: the role of a session, else the caller. */
  readonly principal: string;
  /** The permissions that AWS checks for the call, and the statements that allowed them; empty if AWS checks none. */
  readonly checks: readonly RecordedCheck[];
  /** RoleSessionName of the caller; for a call of a run, the run's id. */
  readonly session?: string;
  readonly service: string;
  readonly action: string;
  readonly access: 'read' | 'write';
  /** Parameters, long values cut. */
  readonly params: Record<string, unknown>;
  /** HTTP status; 0 when the connection was closed without an answer. */
  readonly status: number;
  readonly errorCode?: string;
}

/** One check of the policies, and the result. */
export interface RecordedCheck {
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
  /** `identity orgkeeper UseRecords`: kind and name of the policy, and the statement, by Sid or position. */
  readonly by: readonly string[];
}

/** Keeps the last calls, oldest first. */
export interface Recorder {
  add(call: KnownCall, outcome: Outcome): void;
  list(filter?: CallFilter): RecordedCall[];
  clear(): void;
}

/** The outcome of a call. */
interface Outcome {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Undefined if the connection was closed without an answer. */
  readonly reply: Reply | undefined;
  /** Undefined for a call that was answered before a decision. */
  readonly decisions: readonly Decision[] | undefined;
}

/** Which calls to show. A call must match all fields that are set. */
export interface CallFilter {
  readonly account?: string;
  readonly service?: string;
  readonly action?: string;
  readonly session?: string;
  readonly access?: string;
  /** Only calls with a greater id. */
  readonly since?: number;
  /** No more than so many, the oldest. */
  readonly limit?: number;
}

/** Of 200 accounts with a region that is gone for five minutes there are about as many. */
const CAPACITY = 400_000;

/** Starts without calls. */
export function createRecorder(): Recorder {
  let calls: RecordedCall[] = [];
  let count = 0;
  return {
    add(call, { startedAt, reply, decisions = [] }) {
      const { caller } = call;
      count += 1;
      const errorCode = reply && reply.status >= 400 ? codeOf(reply) : undefined;
      calls.push({
        id: count,
        time: startedAt,
        milliseconds: Date.now() - startedAt,
        account: caller.account,
        region: call.region,
        callerArn: caller.arn,
        principal: caller.principalArn,
        checks: decisions.map(checked),
        ...(caller.session ? { session: caller.session.sessionName } : {}),
        service: call.service,
        action: call.action,
        access: isRead(call) ? 'read' : 'write',
        params: Object.fromEntries(Object.entries(call.params).map(([name, value]) => [name, cut(value)])),
        status: reply?.status ?? 0,
        ...(errorCode ? { errorCode } : {}),
      });
      if (calls.length > CAPACITY * 1.1) calls = calls.slice(-CAPACITY);
    },
    list: ({ since, limit, ...filter } = {}) =>
      calls
        .filter(
          (call) =>
            (since === undefined || call.id > since) &&
            (['account', 'service', 'action', 'session', 'access'] as const).every(
              (key) => filter[key] === undefined || filter[key] === call[key],
            ),
        )
        .slice(0, limit),
    clear: () => {
      calls = [];
    },
  };
}

function checked({ check: { action, resource }, allowed, by }: Decision): RecordedCheck {
  const statements = by.map(({ kind, policy, index, sid }) => `${kind} ${policy} ${sid ?? index}`);
  return { action, resource, allowed, by: statements };
}

function cut(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text === undefined || text.length <= 4096) return value;
  return `${text.slice(0, 4096)}… (${text.length} characters)`;
}

function codeOf(reply: Reply): string | undefined {
  const body = reply.body.toString('utf8', 0, 4096);
  const json = /"(?:__type|code)"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(body)?.[1];
  return json ?? /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
}
