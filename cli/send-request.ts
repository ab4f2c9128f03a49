import { type Bus, putEvents } from '../shared/aws/bus.ts';
import type { Problem } from '../shared/domain/errors.ts';
import { REQUEST_SOURCE } from '../shared/domain/event-sources.ts';
import { parseRequest, type RequestContent, type RequestType } from '../shared/domain/requests.ts';
import { callerClaims } from './caller.ts';
import { Failure } from './failure.ts';

/**
 * The request as intake will parse it.
 * @param more problems that only the deployment can find
 * @throws Failure with every problem, by path, if intake would reject the request
 */
export function checkRequest<T extends RequestType>(
  type: T,
  detail: Record<string, unknown>,
  more: readonly Problem[] = [],
): RequestContent<T> {
  const checked = parseRequest(type, detail);
  const problems = [...('problems' in checked ? checked.problems : []), ...more];
  if ('problems' in checked || problems.length > 0)
    throw new Failure(`The request would be rejected: ${listProblems(problems)}.`);
  return checked.request.detail as RequestContent<T>;
}

/**
 * Puts a request on the bus, with who makes it, and returns the event's id, which is the cause of the runs that follow. Who makes it is
 * looked up unless the detail says it.
 * @param reason why, for people
 * @throws Failure if intake would reject it, or if EventBridge does not accept it
 */
export async function sendRequest(
  bus: Bus,
  type: RequestType,
  detail: Record<string, unknown>,
  reason?: string,
): Promise<string> {
  const claims = detail.requestedBy === undefined ? await callerClaims(reason) : reason && { reason };
  const said = { ...detail, ...claims };
  checkRequest(type, said);
  const [id] = await putEvents(bus, [{ detailType: type, detail: said }], REQUEST_SOURCE).catch(
    (error: unknown) => {
      throw explainRefusal(error, bus);
    },
  );
  if (!id) throw new Failure('EventBridge accepted the request but returned no id: send it again.');
  return id;
}

/** `path: message; path: message`. */
function listProblems(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
}

/** A refusal of PutEvents, with the remedy. */
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
    return new Failure('EventBridge says that the detail is not a JSON object.');
  if (/total size|too large|over the limit|EntrySize/i.test(error.message)) {
    return new Failure('EventBridge says that the request is too large: shorten its values and tags.');
  }
  return error;
}
