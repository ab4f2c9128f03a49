import type { Upstream } from './upstream.ts';
import { type Call, isObject, parseObject, type Reply } from './wire.ts';

/** Lambda's event source mappings, as the local runtime works them off in the emulator's place. */
export interface Mappings {
  /** From now on the local runtime polls for this mapping, whenever it is enabled. */
  hosted(id: string): void;
  /** Whether its queue is to be polled. */
  enabled(id: string): boolean;
  /** The answer for a call about mappings; undefined for any other call. */
  answer(call: Call, account: string): Promise<Reply | undefined>;
}

const PATH = /^\/2015-03-31\/event-source-mappings\/?([\w-]*)\/?$/;

/**
 * The emulator holds every mapping disabled, lest it starts a container. Callers see those that are hosted as
 * enabled, and may disable and enable them.
 */
export function createMappings(upstream: Upstream): Mappings {
  const hosted = new Set<string>();
  const disabled = new Set<string>();
  const enabled = (id: string) => hosted.has(id) && !disabled.has(id);

  function seen(value: Record<string, unknown>): Record<string, unknown> {
    if (Array.isArray(value.EventSourceMappings))
      return { ...value, EventSourceMappings: value.EventSourceMappings.filter(isObject).map(seen) };
    return typeof value.UUID === 'string' && enabled(value.UUID) ? { ...value, State: 'Enabled' } : value;
  }

  return {
    hosted: (id) => {
      hosted.add(id);
    },
    enabled,
    async answer(call, account) {
      const id = PATH.exec(new URL(call.url, 'http://gateway').pathname)?.[1];
      if (call.service !== 'lambda' || id === undefined) return undefined;
      const wanted = call.method === 'PUT' ? parseObject(call.body) : undefined;
      const reply = wanted
        ? await upstream.forward(call, account, Buffer.from(JSON.stringify({ ...wanted, Enabled: false })))
        : await upstream.forward(call, account);
      if (reply.status >= 300) return reply;
      if (call.method === 'DELETE') hosted.delete(id);
      if (wanted?.Enabled === false) disabled.add(id);
      if (wanted?.Enabled === true) disabled.delete(id);
      const shown = parseObject(reply.body);
      return shown ? { ...reply, body: Buffer.from(JSON.stringify(seen(shown))) } : reply;
    },
  };
}
