import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import pLimit from 'p-limit';

/** How many connections a process may have. Lambda allows 1,024 open files. */
export interface ConnectionLimits {
  /** Calls at once, to all endpoints together; further calls wait. */
  readonly calls: number;
  /** Calls at once to one endpoint. */
  readonly callsToOne: number;
  /** Above so many open connections, one that is no longer used is closed. */
  readonly open: number;
}

/** Ten accounts in one region make 150 calls at once; ten accounts in twenty regions would make 2,000. */
const LIMITS: ConnectionLimits = { calls: 400, callsToOne: 100, open: 500 };

/** A request handler for many clients: connections are shared, reused and limited. */
export function limitedHandler({ calls, callsToOne, open }: ConnectionLimits): NodeHttpHandler {
  const turn = pLimit(calls);
  const options = { keepAlive: true, maxSockets: callsToOne };

  class LimitedHandler extends NodeHttpHandler {
    override handle(...call: Parameters<NodeHttpHandler['handle']>) {
      return turn(() => super.handle(...call));
    }
  }
  return new LimitedHandler({
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    throwOnRequestTimeout: true,
    httpAgent: closing(new HttpAgent(options), open),
    httpsAgent: closing(new HttpsAgent(options), open),
  });
}

/** The agent, which closes a connection after its call if more than so many are open. */
function closing<A extends HttpAgent>(agent: A, open: number): A {
  const keep: (socket: Duplex) => unknown = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket: Duplex) => openConnections(agent) <= open && keep(socket);
  return agent;
}

function openConnections({ sockets, freeSockets }: HttpAgent): number {
  return [sockets, freeSockets]
    .flatMap((byHost) => Object.values(byHost))
    .reduce((sum, list = []) => sum + list.length, 0);
}

/** One connection pool for all accounts, so that a run reuses open connections. */
export const requestHandler = limitedHandler(LIMITS);
