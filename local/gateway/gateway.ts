import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Emulator } from '../emulator.ts';
import { createAccess } from './access.ts';
import { createBuses } from './buses.ts';
import { type Caller, type Callers, createCallers, isCaller } from './callers.ts';
import { answerControl, type RunningFunctions } from './control.ts';
import { createCreations } from './creations.ts';
import { createDeliveries } from './deliveries.ts';
import { answerPutEvents } from './events.ts';
import { createFaults, type Faults } from './faults.ts';
import { readBody, send } from './http.ts';
import { createIam, type Iam } from './iam.ts';
import { createMappings, type Mappings } from './mappings.ts';
import { createMoveTasks } from './move-tasks.ts';
import { createQueues } from './queues.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createRegions } from './regions.ts';
import { clientTokens } from './shims/client-tokens.ts';
import { creationPages } from './shims/creation-pages.ts';
import { endpointRoutes } from './shims/endpoint-routes.ts';
import { shimmed } from './shims/shim.ts';
import { answerSts } from './sts.ts';
import { createTrusts } from './trusts.ts';
import { NoAnswer, type Upstream, upstreamAt } from './upstream.ts';
import { type Call, errorReply, type Reply, readCall, xmlText } from './wire.ts';

/** Every caller's endpoint at the local runtime: the emulator, with what AWS does and the emulator does not. */
export interface Gateway {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly upstream: Upstream;
  readonly callers: Callers;
  readonly recorder: Recorder;
  readonly faults: Faults;
  readonly iam: Iam;
  readonly mappings: Mappings;
  /** Says which emulator it is. Calls before that find it unreachable. */
  connect(emulator: Pick<Emulator, 'endpoint' | 'pause' | 'resume'>): void;
  /** Says which functions run here, for `/_orgkeeper/kill`. */
  host(functions: RunningFunctions): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Port 0 takes a free one. Rejects with a sentence when the port is taken. */
export async function startGateway(options: { port: number }): Promise<Gateway> {
  let emulator: Pick<Emulator, 'pause' | 'resume'> | undefined;
  let functions: RunningFunctions | undefined;
  const emulated = upstreamAt();
  const upstream = shimmed(emulated, [creationPages, clientTokens(), endpointRoutes(emulated)]);
  const callers = createCallers();
  const recorder = createRecorder();
  const faults = createFaults();
  const queues = createQueues(upstream);
  const moveTasks = createMoveTasks(upstream);
  const mappings = createMappings(upstream);
  const regions = createRegions(upstream);
  const iam = createIam(upstream);
  const trusts = createTrusts(iam);
  const access = createAccess({ upstream, iam, trusts });
  const deliveries = createDeliveries();
  const buses = createBuses({ upstream, iam, admits: access.busAdmits, deliveries });
  const creations = createCreations({ upstream, buses });

  async function answer(call: Call, caller: Caller): Promise<Reply> {
    if (call.service === 'sts') {
      return answerSts(call, caller, {
        upstream,
        callers,
        iam,
        admits: access.roleAdmits,
      });
    }
    if (call.service === 'events' && call.action === 'PutEvents') {
      return answerPutEvents(call, caller, { upstream, buses, admits: access.busAdmits });
    }
    if (call.service === 'iam') return answerIam(call, caller);
    const reply = (await ownAnswer(call, caller.account)) ?? (await upstream.forward(call, caller.account));
    iam.after(call, caller.account);
    access.after(call);
    buses.after(call);
    return reply;
  }

  /** What the emulator does not do, or not as AWS does it. */
  async function ownAnswer(call: Call, account: string): Promise<Reply | undefined> {
    switch (call.service) {
      case 'organizations':
        return creations.answer(call, account);
      case 'sqs':
        return (await moveTasks.answer(call)) ?? (await queues.answer(call, account));
      default:
        return (await regions.refusal(call, account)) ?? mappings.answer(call, account);
    }
  }

  async function answerIam(call: Call, caller: Caller): Promise<Reply> {
    const refusal = await trusts.refusal(call);
    if (refusal) return refusal;
    const reply = await upstream.forward(call, caller.account);
    iam.after(call, caller.account);
    await trusts.after(call, caller.account, reply);
    followUserKeys(call, caller, reply);
    return trusts.shown(call, caller.account, reply);
  }

  function followUserKeys(call: Call, caller: Caller, reply: Reply): void {
    const id = xmlText(reply.body, 'AccessKeyId');
    if (call.action === 'CreateAccessKey' && reply.status === 200 && id) {
      callers.addUserKey(id, caller.account, xmlText(reply.body, 'UserName') ?? '');
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = Date.now();
    const body = await readBody(request);
    const url = request.url ?? '/';
    if (url.startsWith('/_orgkeeper/')) {
      send(
        response,
        await answerControl(request.method ?? 'GET', url, body, {
          recorder,
          faults,
          creations,
          deliveries,
          buses,
          emulator: () => emulator,
          functions: () => functions,
        }),
      );
      return;
    }
    const call = readCall(request.method ?? 'GET', url, request.headers, body, () => response.destroyed);
    const caller = callers.identify(call);
    if (!isCaller(caller)) {
      const query = ['sts', 'iam', 'ec2'].includes(call.service);
      const status = query ? 403 : 400;
      const json =
        caller.error === 'InvalidClientTokenId' ? 'UnrecognizedClientException' : `${caller.error}Exception`;
      send(response, errorReply(call, status, query ? caller.error : json, caller.message));
      return;
    }
    const effect = faults.next(call, caller);
    if (effect?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, effect.milliseconds));
    if (effect?.kind === 'error') {
      const reply = errorReply(call, effect.status, effect.code, effect.message);
      recorder.add(call, caller, startedAt, reply);
      send(response, reply);
      return;
    }
    if (effect?.kind === 'close') {
      if (effect.when === 'after') await answer(call, caller).catch(() => undefined);
      recorder.add(call, caller, startedAt, undefined);
      response.destroy();
      return;
    }
    try {
      const reply = await answer(call, caller);
      recorder.add(call, caller, startedAt, reply);
      send(response, reply);
    } catch (error) {
      const reply = error instanceof NoAnswer ? undefined : ownFault(call, error);
      recorder.add(call, caller, startedAt, reply);
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

/** What the gateway cannot do is said to the caller, as AWS says that something in it broke. */
function ownFault(call: Call, error: unknown): Reply {
  return errorReply(call, 500, 'InternalFailure', error instanceof Error ? error.message : String(error));
}
