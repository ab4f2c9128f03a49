import type { Faults } from './faults.ts';
import type { CallFilter, Recorder } from './recorder.ts';
import type { Reply } from './wire.ts';

/** What the control endpoints show and set. */
export interface ControlDeps {
  readonly recorder: Recorder;
  readonly faults: Faults;
}

/**
 * The gateway's own endpoints, for tests and curious people:
 * `GET /_orgkeeper/calls?account=&service=&action=&session=&access=&since=`, `DELETE /_orgkeeper/calls`,
 * `GET|POST|DELETE /_orgkeeper/faults`, `GET /_orgkeeper/health`.
 */
export function answerControl(method: string, url: string, body: Buffer, deps: ControlDeps): Reply {
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
      case 'GET /_orgkeeper/faults':
        return json(200, { faults: deps.faults.list() });
      case 'POST /_orgkeeper/faults':
        return json(201, deps.faults.add(JSON.parse(body.toString('utf8'))));
      case 'DELETE /_orgkeeper/faults':
        deps.faults.clear();
        return json(200, {});
      default:
        return json(404, { message: `There is no ${method} ${pathname}.` });
    }
  } catch (error) {
    return json(400, { message: (error as Error).message });
  }
}

function filterOf(search: URLSearchParams): CallFilter {
  const { since, ...rest } = Object.fromEntries(search);
  return { ...rest, ...(since === undefined ? {} : { since: Number(since) }) };
}

function json(status: number, value: unknown): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}
