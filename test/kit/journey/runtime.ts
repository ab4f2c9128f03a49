import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { localClient } from '../../../local/deploy.ts';
import type { PermissionsRecord } from '../../../local/gateway/authorization/record.ts';
import { localAccessKeyId } from '../../../local/gateway/callers.ts';
import type { DeliveryPlan } from '../../../local/gateway/deliveries.ts';
import type { Fault } from '../../../local/gateway/faults.ts';
import type { CallFilter, RecordedCall } from '../../../local/gateway/recorder.ts';
import type { CreationPlan } from '../../../local/gateway/shims/account-creation.ts';
import type { ClusterPlan } from '../../../local/gateway/shims/cluster-states.ts';
import type { ConsistencyPlan } from '../../../local/gateway/shims/eventual-consistency.ts';
import { MAIN, MANAGEMENT } from '../factories.ts';
import type { JourneyRecord } from '../permission-record.ts';
import { RECORDS } from '../permissions-report.ts';
import { RUN_FOLDER } from '../run-folder.ts';
import { bundlesOfRun } from './bundles.ts';
import { operatorsOf } from './documented-permissions.ts';

/** A local runtime for one suite of tests. */
export interface TestRuntime {
  /** The gateway: the endpoint of every client. */
  readonly endpoint: string;
  readonly region: string;
  readonly accounts: { readonly main: string; readonly management: string };
  readonly organizationId: string;
  /** The output of the functions. */
  readonly logFile: string;
  /** Client settings of an account's administrator: `new IAMClient(runtime.as(account))`. */
  as(account: string, region?: string): ReturnType<typeof localClient>;
  /** The environment of a child process that works as the administrator of the account, in Main's region. */
  environment(account: string): Record<string, string>;
  /** Recorded calls, oldest first. */
  calls(filter?: CallFilter): Promise<RecordedCall[]>;
  clearCalls(): Promise<void>;
  /** Plans a failure. */
  fault(fault: z.input<typeof Fault>): Promise<void>;
  clearFaults(): Promise<void>;
  /** Adds a plan for the creation of accounts; `undefined` deletes all plans. */
  planCreations(plan: z.input<typeof CreationPlan> | undefined): Promise<void>;
  /** Plans how long EMR takes to start and to end clusters; `undefined`: no time. */
  planClusters(plan: z.input<typeof ClusterPlan> | undefined): Promise<void>;
  /** Plans how events are delivered; `undefined`: immediately, and once. */
  planDeliveries(plan: z.input<typeof DeliveryPlan> | undefined): Promise<void>;
  /** Plans how late changes are visible; `undefined`: immediately. */
  planConsistency(plan: z.input<typeof ConsistencyPlan> | undefined): Promise<void>;
  /** Kills the working environments of a function, as if out of memory. Returns their number. */
  kill(functionName: string): Promise<number>;
  /** Puts an event as an AWS service would, or with a foreign `account`. */
  putServiceEvent(event: TestEvent): Promise<void>;
  /** Makes the emulator unreachable, and reachable again. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends the runtime and everything that it started. */
  stop(): Promise<void>;
}

/** An event for `putServiceEvent`. */
export interface TestEvent {
  readonly bus: { readonly account: string; readonly region: string; readonly name?: string };
  /** The envelope's account; default: that of the bus. */
  readonly account?: string;
  /** ISO time, for a late event; default: now. */
  readonly time?: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: Record<string, unknown>;
}

/** The options of a runtime. */
export interface TestRuntimeOptions {
  readonly sameAccount?: boolean;
  /** The id of the Main account. */
  readonly main?: string;
  /** An emulator that already runs, with its contents. */
  readonly emulator?: string;
  /** The folder of other functions than the controllers; undefined: the runtime bundles the controllers for itself. */
  readonly functionsDir?: string | undefined;
  /** The organization holds an account from before Orgkeeper. */
  readonly oldAccount?: boolean;
  readonly context?: Record<string, unknown>;
}

/** All calls of a long run at once would be longer than a text can be. */
const CALLS_A_PAGE = 20_000;

/** Stores a runtime's decisions for the report at the end of all journeys. A bench is none of them. */
async function leaveRecord(
  record: PermissionsRecord,
  { accounts, organizationId }: Pick<TestRuntime, 'accounts' | 'organizationId'>,
): Promise<void> {
  if (process.env[RUN_FOLDER] === undefined) return;
  const { expect } = await import('@jest/globals');
  const file = expect.getState().testPath ?? '';
  const left: JourneyRecord = { ...record, ...accounts, organizationId, file };
  mkdirSync(RECORDS, { recursive: true });
  writeFileSync(join(RECORDS, `${randomUUID()}.json`), JSON.stringify(left));
}

/** Starts a runtime on free ports in a process of its own. Resolves once Orgkeeper is deployed and works. */
export async function startTestRuntime(options: TestRuntimeOptions = {}): Promise<TestRuntime> {
  const node = createRequire(import.meta.url).resolve('node/bin/node');
  const serve = fileURLToPath(new URL('./serve.ts', import.meta.url));
  // `env` is needed: the process.env of a test is a copy, so a child would not get the variables that a test has set.
  const main = options.sameAccount ? MANAGEMENT : (options.main ?? MAIN);
  const functionsDir = 'functionsDir' in options ? undefined : await bundlesOfRun();
  const told = {
    ...(functionsDir && { functionsDir }),
    ...options,
    context: { operators: operatorsOf(main), ...options.context },
  };
  const child = spawn(node, [serve, JSON.stringify(told)], {
    env: { ...process.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.includes('\n')) resolve(text);
    });
    child.once('exit', () => reject(new Error(`The local runtime did not start: ${errors}`)));
  });
  const { endpoint, region, ...rest } = JSON.parse(said);
  const control = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${endpoint}/_orgkeeper/${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    endpoint,
    region,
    ...rest,
    as: (account, where = region) => localClient(endpoint, account, where),
    environment: (account) => ({
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: localAccessKeyId(account),
      AWS_SECRET_ACCESS_KEY: 'local',
    }),
    async calls(filter = {}) {
      const made: RecordedCall[] = [];
      for (;;) {
        const since = made.at(-1)?.id ?? filter.since ?? 0;
        const query = Object.entries({ ...filter, since, limit: CALLS_A_PAGE }).map(
          ([name, value]): [string, string] => [name, String(value)],
        );
        const { calls } = (await control('GET', `calls?${new URLSearchParams(query)}`)) as {
          calls: RecordedCall[];
        };
        made.push(...calls);
        if (calls.length < CALLS_A_PAGE) return made;
      }
    },
    clearCalls: async () => void (await control('DELETE', 'calls')),
    fault: async (fault) => void (await control('POST', 'faults', fault)),
    clearFaults: async () => void (await control('DELETE', 'faults')),
    planCreations: async (plan) =>
      void (await (plan ? control('POST', 'creations', plan) : control('DELETE', 'creations'))),
    planClusters: async (plan) =>
      void (await (plan ? control('POST', 'clusters', plan) : control('DELETE', 'clusters'))),
    planDeliveries: async (plan) =>
      void (await (plan ? control('POST', 'deliveries', plan) : control('DELETE', 'deliveries'))),
    planConsistency: async (plan) =>
      void (await (plan ? control('POST', 'consistency', plan) : control('DELETE', 'consistency'))),
    kill: async (functionName) => {
      const { killed } = (await control('POST', 'kill', { functionName })) as { killed: number };
      return killed;
    },
    putServiceEvent: async (event) => void (await control('POST', 'events', event)),
    pause: async () => void (await control('POST', 'pause')),
    resume: async () => void (await control('POST', 'resume')),
    async stop() {
      try {
        const { main: here, management } = rest.accounts;
        const record = await control('GET', `permissions?account=${here}&account=${management}`);
        await leaveRecord(record as PermissionsRecord, rest);
      } finally {
        child.stdin.end();
        await ended;
      }
    },
  };
}
