import type { Deviation, Shim } from '../shim.ts';
import { type Call, errorReply, type Reply, text } from '../wire.ts';

interface Made {
  readonly parameters: string;
  readonly reply: Promise<Reply>;
}

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'ignores the client tokens of CreateRouteTable and CreateVpcEndpoint',
  here: 'a repeated create with the same token creates nothing; with other parameters it is refused',
};

/** Answers a repeated create with the same client token like the first one. */
export function clientTokensShim(): Shim {
  const made = new Map<string, Made>();
  return {
    services: ['ec2'],
    actions: ['CreateRouteTable', 'CreateVpcEndpoint'],
    async answer(call, next) {
      const token = text(call.params, 'ClientToken');
      if (!token) return next(call);
      const key = JSON.stringify([call.caller.account, call.region, call.action, token]);
      const before = made.get(key);
      if (before && before.parameters !== parametersOf(call)) {
        const message = `Wrong arguments for request with token ${token}`;
        return errorReply(call, 400, 'IdempotentParameterMismatch', message);
      }
      if (before) return before.reply;
      const reply = next(call);
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
