import type { z } from 'zod';
import { type Bus, putEvents } from '../shared/aws/bus.ts';
import type { Problem } from '../shared/domain/errors.ts';
import { REQUEST_SOURCE } from '../shared/domain/event-sources.ts';
import { parseRequest, type RequestType, type requests } from '../shared/domain/requests.ts';
import { Failure } from './failure.ts';

/**
 * The request as intake will read it.
 * @param more problems that only the deployment knows of
 * @throws Failure when it would be rejected, naming every problem by path
 */
export function checkRequest<T extends RequestType>(
  type: T,
  detail: Record<string, unknown>,
  more: readonly Problem[] = [],
): z.infer<(typeof requests)[T]> {
  const checked = parseRequest(type, detail);
  const problems = [...('problems' in checked ? checked.problems : []), ...more];
  if ('problems' in checked || problems.length > 0)
    throw new Failure(`The request would be rejected: ${listProblems(problems)}.`);
  return checked.request.detail as z.infer<(typeof requests)[T]>;
}

/**
 * Puts a request on the bus and returns the event's id, by which the passes that it causes are known.
 * @throws Failure when intake would reject it, or when EventBridge does not take it
 */
export async function sendRequest(
  bus: Bus,
  type: RequestType,
  detail: Record<string, unknown>,
): Promise<string> {
  checkRequest(type, detail);
  const [id] = await putEvents(bus, [{ detailType: type, detail }], REQUEST_SOURCE).catch(
    (error: unknown) => {
      throw explainRefusal(error, bus);
    },
  );
  if (!id) throw new Failure('EventBridge took the request and gave no id for it: send it again.');
  return id;
}

/** `path: message; path: message`, with lines where there are any. */
function listProblems(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
}

/** What PutEvents says, in words that say what to do. */
function explainRefusal(error: unknown, bus: Bus): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'ResourceNotFoundException') {
    return new Failure(
      `There is no event bus ${bus.name} in this account and region: deploy the main stack again.`,
    );
  }
  if (/NotAuthorized|AccessDenied/.test(`${error.name} ${error.message}`)) {
    return new Failure(
      `The policy of bus ${bus.name} does not let these credentials put requests: use Main, or an account in context \`requesters\`.`,
    );
  }
  if (/MalformedDetail/.test(error.message))
    return new Failure('EventBridge says the detail is no JSON object.');
  if (/total size|too large|over the limit|EntrySize/i.test(error.message)) {
    return new Failure('EventBridge says the request is too large: shorten its values and tags.');
  }
  return error;
}
