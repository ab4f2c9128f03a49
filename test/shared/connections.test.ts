import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { limitedHandler } from '../../shared/aws/connections.ts';
import { until } from '../kit/wait.ts';

/** Two endpoints, whose answers wait until the test lets them go. */
let servers: Server[];
let ports: number[];
let waiting: ServerResponse[];
let open: number;

beforeEach(async () => {
  waiting = [];
  open = 0;
  servers = [0, 1].map(() => createServer((_, response) => void waiting.push(response)));
  for (const server of servers) {
    server.on('connection', (socket) => {
      open += 1;
      socket.on('close', () => {
        open -= 1;
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  }
  ports = servers.map((server) => (server.address() as AddressInfo).port);
});
afterEach(() => {
  for (const server of servers) server.close().closeAllConnections();
});

const limits = { calls: 6, callsToOne: 4, open: 3 };

function calls(count: number) {
  const handler = limitedHandler(limits);
  const call = async (index: number) => {
    const port = ports[index % ports.length];
    const request = {
      method: 'GET',
      protocol: 'http:',
      hostname: '127.0.0.1',
      port,
      path: '/',
      headers: {},
      query: {},
    };
    const { response } = await handler.handle(request as Parameters<typeof handler.handle>[0]);
    for await (const _ of response.body);
  };
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

/** Answers what arrives until all calls are over; the most that waited at once. */
async function answerAll(count: number): Promise<number> {
  let most = 0;
  for (let answered = 0; answered < count; ) {
    const expected = Math.min(limits.calls, count - answered);
    await until('calls have arrived', async () => (waiting.length >= expected ? true : undefined), {
      everyMs: 5,
    });
    most = Math.max(most, waiting.length);
    answered += waiting.length;
    for (const response of waiting.splice(0)) response.end();
  }
  return most;
}

describe('limitedHandler', () => {
  it('makes no more calls at once than it may, and makes all of them', async () => {
    const all = calls(40);
    expect(await answerAll(40)).toBe(limits.calls);
    await all;
  });

  it('keeps connections to use them again, and closes those above the limit', async () => {
    const all = calls(12);
    await answerAll(12);
    await all;
    await until('connections are closed', async () => (open <= limits.open ? true : undefined), {
      everyMs: 5,
    });
    expect(open).toBeGreaterThan(0);
  });
});
