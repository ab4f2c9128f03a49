import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Emulator } from '../emulator.ts';
import { createAdministrators } from './authorization/administrators.ts';
import { createAuthorizer, type Decision, type Permits } from './authorization/authorizer.ts';
import { createUsage } from './authorization/usage.ts';
import { createBuses } from './buses.ts';
import { type Callers, createCallers, isCaller } from './callers.ts';
import { answerControl, type RunningFunctions } from './control.ts';
import { createDeliveries } from './deliveries.ts';
import { createFaults, type Faults } from './faults.ts';
import { readBody, send } from './http.ts';
import { createIam, type Iam } from './iam.ts';
import { protocolOf } from './protocol.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { chain, type KnownCall } from './shim.ts';
import { accessRoleShim } from './shims/access-role.ts';
import { createCreations } from './shims/account-creation.ts';
import { apiCallEventsShim } from './shims/api-call-events.ts';
import { assumeRoleShim, malformedSessions } from './shims/assume-role.ts';
import { authorizationShim } from './shims/authorization.ts';
import { bucketPoliciesShim } from './shims/bucket-policies.ts';
import { bucketPrincipalsShim } from './shims/bucket-principals.ts';
import { bucketRegionsShim } from './shims/bucket-regions.ts';
import { clientTokensShim } from './shims/client-tokens.ts';
import { clusterEnds } from './shims/cluster-ends.ts';
import { clusterRegions } from './shims/cluster-regions.ts';
import { createClusterStates } from './shims/cluster-states.ts';
import { creationPages } from './shims/creation-pages.ts';
import { endpointRoutesShim } from './shims/endpoint-routes.ts';
import { createMappings, type Mappings } from './shims/event-source-mappings.ts';
import { createConsistency } from './shims/eventual-consistency.ts';
import { fifoDeduplicationShim } from './shims/fifo-deduplication.ts';
import { iamPages } from './shims/iam-pages.ts';
import { moveTasksShim } from './shims/move-tasks.ts';
import { createOptInRegions } from './shims/opt-in-regions.ts';
import { organizationEventsShim } from './shims/organization-events.ts';
import { publicPoliciesShim } from './shims/public-policies.ts';
import { putEventsShim } from './shims/put-events.ts';
import { createTrusts } from './shims/trust-principals.ts';
import { uniqueEmailsShim } from './shims/unique-emails.ts';
import { unknownRegionsShim } from './shims/unknown-regions.ts';
import { userKeysShim } from './shims/user-keys.ts';
import { type Upstream, upstreamAt } from './upstream.ts';
import { type Call, errorReply, NoAnswer, type Reply, readCall } from './wire.ts';

/** The endpoint of all callers at the local runtime: the emulator, behind everything that AWS does and the emulator does not. */
export interface Gateway {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly upstream: Upstream;
  readonly callers: Callers;
  readonly recorder: Recorder;
  readonly faults: Faults;
  readonly iam: Iam;
  readonly mappings: Mappings;
  /** Decides whether AWS allows a service, or a role that the service assumes, to do something by itself. */
  readonly permits: Permits;
  /** Sets the emulator. Until then calls find it unreachable. */
  connect(emulator: Pick<Emulator, 'endpoint' | 'pause' | 'resume'>): void;
  /** Sets the functions that run here, for `/_orgkeeper/kill`. */
  host(functions: RunningFunctions): void;
  close(): Promise<void>;
}

/** Listens on the port; 0 chooses a free one. Rejects with a sentence for people if the port is in use. */
export async function startGateway(options: { port: number }): Promise<Gateway> {
  let emulator: Pick<Emulator, 'pause' | 'resume'> | undefined;
  let functions: RunningFunctions | undefined;
  const upstream = upstreamAt();
  const callers = createCallers();
  const recorder = createRecorder();
  const faults = createFaults();
  const mappings = createMappings();
  const iam = createIam(upstream);
  const trusts = createTrusts(iam);
  const consistency = createConsistency(iam);
  const administrators = createAdministrators(upstream);
  const authorizer = createAuthorizer({ upstream, iam, administrators, trustOf: trusts.seen });
  const usage = createUsage();
  const undecided = new Map<string, string>();
  const decisions = new WeakMap<Call, readonly Decision[]>();
  const permits: Permits = async (asker, check) => {
    const made = await authorizer.decideFor(asker, check);
    for (const decision of made) usage.add(decision);
    return made.every(({ allowed }) => allowed);
  };
  const deliveries = createDeliveries();
  const buses = createBuses({ upstream, iam, permits, deliveries });
  const accessRole = accessRoleShim(upstream);
  const creations = createCreations({ upstream, buses, create: (call) => accessRole.answer(call, emulated) });
  const clusterStates = createClusterStates();
  const optInRegions = createOptInRegions(upstream);

  /** The emulator's answer. After a write, what decisions have cached of the emulator is dropped. */
  async function emulated(call: KnownCall): Promise<Reply> {
    const reply = await upstream.forward(call);
    consistency.afterWrite(call, () => iam.after(call, call.caller.account));
    authorizer.after(call);
    buses.after(call);
    return reply;
  }

  const answer = chain(
    [
      faults.shim,
      apiCallEventsShim(buses),
      unknownRegionsShim(upstream),
      bucketRegionsShim(),
      optInRegions.closed,
      malformedSessions,
      authorizationShim({
        authorizer,
        decided: (call, made) => {
          decisions.set(call, made);
          for (const decision of made) usage.add(decision);
        },
        undecided: (call, why) => undecided.set(`${call.service} ${call.action}`, why),
      }),
      consistency.shim,
      optInRegions.account,
      assumeRoleShim({ callers, iam }),
      putEventsShim({ buses }),
      trusts.shim,
      bucketPrincipalsShim(iam),
      publicPoliciesShim(upstream),
      bucketPoliciesShim,
      userKeysShim(callers),
      uniqueEmailsShim(upstream, creations),
      creations.shim,
      creationPages,
      iamPages,
      organizationEventsShim({ upstream, buses }),
      moveTasksShim(upstream),
      fifoDeduplicationShim(upstream),
      mappings.shim,
      clientTokensShim(),
      endpointRoutesShim(upstream),
      clusterStates.shim,
      clusterEnds,
      clusterRegions,
      accessRole,
    ],
    emulated,
  );

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = Date.now();
    const sourceIp = request.socket.remoteAddress;
    const body = await readBody(request);
    const url = request.url ?? '/';
    if (url.startsWith('/_orgkeeper/')) {
      send(
        response,
        await answerControl(request.method ?? 'GET', url, body, {
          recorder,
          faults,
          creations,
          clusters: clusterStates,
          consistency,
          deliveries,
          buses,
          usage,
          undecided,
          iam,
          emulator: () => emulator,
          functions: () => functions,
        }),
      );
      return;
    }
    const read = readCall(request.method ?? 'GET', url, request.headers, body, {
      sourceIp,
      abandoned: () => response.destroyed,
    });
    const caller = callers.identify(read);
    if (!isCaller(caller)) {
      const query = protocolOf(read) !== 'json';
      const status = query ? 403 : 400;
      const json =
        caller.error === 'InvalidClientTokenId' ? 'UnrecognizedClientException' : `${caller.error}Exception`;
      send(response, errorReply(read, status, query ? caller.error : json, caller.message));
      return;
    }
    const call = { ...read, caller };
    try {
      const reply = await answer(call);
      recorder.add(call, { startedAt, reply, decisions: decisions.get(call) });
      send(response, reply);
    } catch (error) {
      const reply = error instanceof NoAnswer ? undefined : ownFault(call, error);
      recorder.add(call, { startedAt, reply, decisions: decisions.get(call) });
      if (reply) send(response, reply);
      else response.destroy();
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `Port ${options.port} is in use: another local runtime may be running. Stop it, or give --port.`;
      reject(error.code === 'EADDRINUSE' ? new Error(taken, { cause: error }) : error);
    });
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    upstream,
    callers,
    recorder,
    faults,
    iam,
    mappings,
    permits,
    connect: (started) => {
      emulator = started;
      upstream.connect(started.endpoint);
    },
    host: (running) => {
      functions = running;
    },
    close: async () => {
      creations.stop();
      deliveries.stop();
      upstream.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers an error of the gateway itself, in the form of an internal failure of AWS. */
function ownFault(call: Call, error: unknown): Reply {
  return errorReply(call, 500, 'InternalFailure', error instanceof Error ? error.message : String(error));
}
