import { type Call, errorReply, type Reply, text } from '../wire.ts';
import type { Shim } from './shim.ts';

interface Made {
  readonly parameters: string;
  readonly reply: Promise<Reply>;
}

/** A create that is repeated with its client token makes nothing more, and is answered as the first one. The emulator ignores the tokens. */
export function clientTokens(): Shim {
  const made = new Map<string, Made>();
  return {
    service: 'ec2',
    actions: ['CreateRouteTable', 'CreateVpcEndpoint'],
    async answer(call, account, next) {
      const token = text(call.params, 'ClientToken');
      if (!token) return next();
      const key = JSON.stringify([account, call.region, call.action, token]);
      const before = made.get(key);
      if (before && before.parameters !== parametersOf(call)) {
        const message = `Wrong arguments for request with token ${token}`;
        return errorReply(call, 400, 'IdempotentParameterMismatch', message);
      }
      if (before) return before.reply;
      const reply = next();
      made.set(key, { parameters: parametersOf(call), reply });
      const forget = () => made.delete(key);
      reply.then(({ status }) => status !== 200 && forget(), forget);
      return reply;
    },
  };
}

function parametersOf({ params }: Call): string {
  return JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)));
}
