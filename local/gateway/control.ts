import { z } from 'zod';
import type { Emulator } from '../emulator.ts';
import { permissionsRecord } from './authorization/record.ts';
import type { Usage } from './authorization/usage.ts';
import type { Buses } from './buses.ts';
import type { Deliveries } from './deliveries.ts';
import type { Faults } from './faults.ts';
import type { Iam } from './iam.ts';
import type { CallFilter, Recorder } from './recorder.ts';
import type { Creations } from './shims/account-creation.ts';
import type { ClusterStates } from './shims/cluster-states.ts';
import type { Consistency } from './shims/eventual-consistency.ts';
import { putServiceEvent } from './shims/put-events.ts';
import type { Reply } from './wire.ts';

/** The functions that run behind this gateway. */
export interface RunningFunctions {
  /** Kills every working environment of the function, as if out of memory. Returns the number of killed environments. */
  kill(functionName: string): Promise<number>;
}

/** The parts of the gateway that the control endpoints show and change. */
export interface ControlDeps {
  readonly recorder: Recorder;
  readonly faults: Faults;
  readonly creations: Creations;
  readonly clusters: ClusterStates;
  readonly consistency: Consistency;
  readonly deliveries: Deliveries;
  readonly functions: () => RunningFunctions | undefined;
  readonly buses: Buses;
  readonly usage: Usage;
  /** The calls that could not be decided, by service and action, with the reason. */
  readonly undecided: ReadonlyMap<string, string>;
  readonly iam: Pick<Iam, 'grants' | 'roleArns'>;
  readonly emulator: () => Pick<Emulator, 'pause' | 'resume'> | undefined;
}

/**
 * The gateway's own endpoints, for tests and for people who want to look:
 * - `GET /_orgkeeper/calls?account=&service=&action=&session=&access=&since=&limit=`, `DELETE /_orgkeeper/calls`: the recorded calls
 * - `GET|POST|DELETE /_orgkeeper/faults`: planned faults
 * - `POST|DELETE /_orgkeeper/creations`, `clusters`, `deliveries` and `consistency`: plans for the creation of accounts, for the time that
 *   clusters take, for the delivery of events, and for the time until changes are visible
 * - `POST /_orgkeeper/events`: puts an event as an AWS service, such as a failed CreateAccountResult
 * - `POST /_orgkeeper/pause` and `resume`: makes the emulator unreachable, and reachable again
 * - `POST /_orgkeeper/kill`: kills the working environments of a function
 * - `GET /_orgkeeper/permissions?account=`: the permissions that were used, by whom, and those that are granted
 * - `GET /_orgkeeper/health`
 */
export async function answerControl(
  method: string,
  url: string,
  body: Buffer,
  deps: ControlDeps,
): Promise<Reply> {
  const { pathname, searchParams } = new URL(url, 'http://gateway');
  try {
    switch (`${method} ${pathname}`) {
      case 'GET /_orgkeeper/health':
        return json(200, { ok: true });
      case 'GET /_orgkeeper/calls':
        return json(200, { calls: deps.recorder.list(filterOf(searchParams)) });
      case 'DELETE /_orgkeeper/calls':
        deps.recorder.clear();
        return json(200, {});
      case 'GET /_orgkeeper/permissions':
        return json(200, await permissionsRecord(searchParams.getAll('account'), deps));
      case 'GET /_orgkeeper/faults':
        return json(200, { faults: deps.faults.list() });
      case 'POST /_orgkeeper/faults':
        return json(201, deps.faults.add(JSON.parse(body.toString('utf8'))));
      case 'DELETE /_orgkeeper/faults':
        deps.faults.clear();
        return json(200, {});
      case 'POST /_orgkeeper/creations':
        deps.creations.plan(JSON.parse(body.toString('utf8')));
        return json(201, {});
      case 'DELETE /_orgkeeper/creations':
        deps.creations.clear();
        return json(200, {});
      case 'POST /_orgkeeper/clusters':
        deps.clusters.plan(JSON.parse(body.toString('utf8')));
        return json(201, {});
      case 'DELETE /_orgkeeper/clusters':
        deps.clusters.clear();
        return json(200, {});
      case 'POST /_orgkeeper/deliveries':
        deps.deliveries.plan(JSON.parse(body.toString('utf8')));
        return json(201, {});
      case 'DELETE /_orgkeeper/deliveries':
        deps.deliveries.clear();
        return json(200, {});
      case 'POST /_orgkeeper/consistency':
        deps.consistency.plan(JSON.parse(body.toString('utf8')));
        return json(201, {});
      case 'DELETE /_orgkeeper/consistency':
        deps.consistency.clear();
        return json(200, {});
      case 'POST /_orgkeeper/kill': {
        const { functionName } = Killed.parse(JSON.parse(body.toString('utf8')));
        return json(200, { killed: (await deps.functions()?.kill(functionName)) ?? 0 });
      }
      case 'POST /_orgkeeper/pause':
        deps.emulator()?.pause?.();
        return json(200, {});
      case 'POST /_orgkeeper/resume':
        deps.emulator()?.resume?.();
        return json(200, {});
      case 'POST /_orgkeeper/events': {
        const { bus, ...event } = ServiceEvent.parse(JSON.parse(body.toString('utf8')));
        await putServiceEvent(deps.buses, bus, event);
        return json(201, {});
      }
      default:
        return json(404, { message: `There is no ${method} ${pathname}.` });
    }
  } catch (error) {
    return json(400, { message: (error as Error).message });
  }
}

/** An event that an AWS service puts: its bus, and the fields of its envelope. */
const ServiceEvent = z.strictObject({
  bus: z.strictObject({ account: z.string(), region: z.string(), name: z.string().default('default') }),
  account: z.string().optional(),
  time: z.iso.datetime().optional(),
  source: z.string(),
  detailType: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

const Killed = z.strictObject({ functionName: z.string() });

function filterOf(search: URLSearchParams): CallFilter {
  const { since, limit, ...rest } = Object.fromEntries(search);
  return {
    ...rest,
    ...(since === undefined ? {} : { since: Number(since) }),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
  };
}

function json(status: number, value: unknown): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}
