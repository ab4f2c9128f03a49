import type { Main } from '../../shared/aws/main-clients.ts';
import type { Organization } from '../../shared/aws/organization.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { Cause } from '../../shared/domain/cause.ts';
import { Conflict, type Problem, UnreadableItem } from '../../shared/domain/errors.ts';
import type { Announcement } from '../../shared/domain/status.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';

/** The dependencies of the commands in this folder: the deployment, its resources in Main, and the organization. */
export interface FleetDeps {
  readonly config: Config;
  readonly main: Main;
  readonly organization: Organization;
}

/** The trigger of a change of an account: a request, an event of AWS, or the listing. */
export interface Trigger {
  /** Its id is saved with the change: the same id again changes nothing. Announcements and runs name it as their cause. */
  readonly cause: Cause;
  /** ISO time of the request or event; for the listing, when it found the change. */
  readonly time: string;
  /** ISO time at which the metric "seconds from event to ready" starts, if not `time`. */
  readonly requestedAt?: string;
}

/** Why a request is refused; it is answered with RequestRejected and never retried. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
  readonly problems: readonly Problem[];
}

/** The outcome of a command. */
export type Outcome = Accepted | Ignored | Rejected;

/** The command was carried out and its changes are saved; `deliver` sends the messages that follow. */
export interface Accepted {
  readonly did: 'accepted';
  readonly announce: readonly Announcement[];
  readonly work: readonly WorkMessage[];
  /** The records that owe these messages until they are sent. */
  readonly owedBy?: readonly AccountRecord[];
}

/** There was nothing to do. */
export interface Ignored {
  readonly did: 'ignored';
  readonly why: string;
}

/** Refused; nothing has changed. */
export interface Rejected {
  readonly did: 'rejected';
  readonly rejection: Rejection;
}

/** A refusal with its problems, limited so that it fits into an event and an item. */
export function rejected(reason: string, message: string, problems: readonly Problem[] = []): Rejected {
  const said = problems.slice(0, MOST_PROBLEMS).map((problem) => ({
    path: firstKilobyte(problem.path),
    message: firstKilobyte(problem.message),
  }));
  const more = problems.length - said.length;
  if (more > 0) said.push({ path: '', message: `and ${more} more problems` });
  return { did: 'rejected', rejection: { reason, message: firstKilobyte(message), problems: said } };
}

/** Maximum number of listed problems; of further ones only the number is given. */
const MOST_PROBLEMS = 50;

/** One problem with a request: `message` is about the field, `sentence` about the request as a whole. */
export function refusal(reason: string, path: string, message: string, sentence = `${message}.`): Rejection {
  return { reason, message: sentence, problems: [{ path, message }] };
}

/** The problem of a request that names a baseline that was never published. */
export function unknownBaseline(baseline: string): Rejection {
  return refusal('UnknownBaseline', 'detail.baseline', `baseline ${baseline} was never published`);
}

/**
 * The refusal of a request with all of its problems; undefined if there are none. It has the reason of the first problem, and its
 * message names all. Pure.
 */
export function rejectedFor(refusals: readonly (Rejection | undefined)[]): Rejected | undefined {
  const all = refusals.filter((one) => one !== undefined);
  const [first] = all;
  if (!first) return undefined;
  const message = all.map((one) => one.message).join(' ');
  const problems = all.flatMap((one) => one.problems);
  return rejected(first.reason, message, problems);
}

/** The refusal of a request that is older than a later one for the account. */
export function overtaken(what: string, { time }: Trigger, since: string | undefined): Rejected {
  const message = `is of ${time}, but a later request of ${since} was followed: send it again if it is still wanted`;
  return rejected('Overtaken', `The request for ${what} ${message}.`, [{ path: 'time', message }]);
}

/**
 * Runs a command. If somebody else saves first, the command reads and decides again, a few times. If an item is unreadable, the
 * request is refused, since a retry would not help.
 * @throws Conflict if somebody else saves first each time
 */
export async function outcomeOf(command: () => Promise<Outcome>, tries = 3): Promise<Outcome> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof UnreadableItem)
      return rejected('UnreadableItem', `${error.message} ${error.remedy}`);
    if (!(error instanceof Conflict) || tries === 1) throw error;
    return outcomeOf(command, tries - 1);
  }
}

/** The first 1 KB of a text, in whole characters. */
export function firstKilobyte(text: string): string {
  if (Buffer.byteLength(text) <= 1_024) return text;
  return `${Buffer.from(text)
    .subarray(0, 1_024)
    .toString('utf8')
    .replace(/\uFFFD$/, '')}…`;
}
