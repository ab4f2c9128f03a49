import type { Caller } from './callers.ts';
import { type Call, isRead, type Reply } from './wire.ts';

/** One call that was made, as tests and `/_orgkeeper/calls` show it. */
export interface RecordedCall {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** How long the answer took. */
  readonly milliseconds: number;
  readonly account: string;
  readonly region: string;
  readonly callerArn: string;
  /** RoleSessionName of the caller: the pass, when a pass made the call. */
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

/** Keeps the last calls, oldest first. */
export interface Recorder {
  add(call: Call, caller: Caller, startedAt: number, reply: Reply | undefined): void;
  list(filter?: CallFilter): RecordedCall[];
  clear(): void;
}

/** Which calls to show. All that is given must hold. */
export interface CallFilter {
  readonly account?: string;
  readonly service?: string;
  readonly action?: string;
  readonly session?: string;
  readonly access?: string;
  /** Only calls with a greater id. */
  readonly since?: number;
}

const CAPACITY = 100_000;

/** An empty record. */
export function createRecorder(): Recorder {
  let calls: RecordedCall[] = [];
  let count = 0;
  return {
    add(call, caller, startedAt, reply) {
      count += 1;
      const errorCode = reply && reply.status >= 400 ? codeOf(reply) : undefined;
      calls.push({
        id: count,
        time: startedAt,
        milliseconds: Date.now() - startedAt,
        account: caller.account,
        region: call.region,
        callerArn: caller.arn,
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
    list: (filter = {}) =>
      calls.filter(
        (call) =>
          (filter.since === undefined || call.id > filter.since) &&
          (['account', 'service', 'action', 'session', 'access'] as const).every(
            (key) => filter[key] === undefined || filter[key] === call[key],
          ),
      ),
    clear: () => {
      calls = [];
    },
  };
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
