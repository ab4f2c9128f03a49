import type { Deviation, Forward, KnownCall, Shim } from '../shim.ts';
import { isObject, parseObject, type Reply } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'would start a container for an enabled event source mapping, so all are deployed disabled',
  here: 'mappings that the host polls are shown as enabled, and can be disabled and enabled',
};

/** Lambda's event source mappings, which the local runtime polls instead of the emulator. */
export interface Mappings {
  /** Registers a mapping for which the local runtime polls while the mapping is enabled. */
  hosted(id: string): void;
  /** True if the mapping is enabled, so that its queue is polled. */
  enabled(id: string): boolean;
  readonly shim: Shim;
}

const PATH = /^\/2015-03-31\/event-source-mappings\/?([\w-]*)\/?$/;

/**
 * In the emulator every mapping is disabled, since it would start a container otherwise. Callers see hosted mappings as enabled, and
 * may disable and enable them.
 */
export function createMappings(): Mappings {
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
    shim: { services: ['lambda'], answer },
  };

  async function answer(call: KnownCall, next: Forward): Promise<Reply> {
    const id = PATH.exec(new URL(call.url, 'http://gateway').pathname)?.[1];
    if (id === undefined) return next(call);
    const wanted = call.method === 'PUT' ? parseObject(call.body) : undefined;
    const body = wanted && Buffer.from(JSON.stringify({ ...wanted, Enabled: false }));
    const reply = await next(body ? { ...call, body } : call);
    if (reply.status >= 300) return reply;
    if (call.method === 'DELETE') hosted.delete(id);
    if (wanted?.Enabled === false) disabled.add(id);
    if (wanted?.Enabled === true) disabled.delete(id);
    const shown = parseObject(reply.body);
    return shown ? { ...reply, body: Buffer.from(JSON.stringify(seen(shown))) } : reply;
  }
}
