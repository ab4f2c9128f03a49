import type { Upstream } from '../upstream.ts';
import type { Call, Reply } from '../wire.ts';

/** One difference of the emulator from AWS, made up for: what some calls of a service are answered. */
export interface Shim {
  readonly service: string;
  readonly actions: readonly string[];
  /** `next` is the answer without this shim. */
  answer(call: Call, account: string, next: () => Promise<Reply>): Promise<Reply>;
}

/** The emulator without these differences: each call goes through the shims that know it, the first outermost. */
export function shimmed(upstream: Upstream, shims: readonly Shim[]): Upstream {
  return {
    ...upstream,
    forward(call, account, body) {
      const last = () => upstream.forward(call, account, body);
      const known = shims.filter(
        ({ service, actions }) => service === call.service && actions.includes(call.action),
      );
      return known.reduceRight((next, shim) => () => shim.answer(call, account, next), last)();
    },
  };
}
