import type { Main } from '../../shared/aws/main-clients.ts';
import type { Organization } from '../../shared/aws/organization.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { Cause } from '../../shared/domain/cause.ts';
import { Conflict, type Problem, UnreadableItem } from '../../shared/domain/errors.ts';
import type { Announcement } from '../../shared/domain/status.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';

/** What the commands of this folder work with: the deployment, its resources in Main, and the organization. */
export interface FleetDeps {
  readonly config: Config;
  readonly main: Main;
  readonly organization: Organization;
}

/** What a change of an account goes back to: whoever asked for it, or what told that it is due. */
export interface Trigger {
  /** Its id signs the change: the same id again changes nothing. Announcements and runs name it as their cause. */
  readonly cause: Cause;
  /** ISO time of the request or the event; of what the listing finds, when it finds it. */
  readonly time: string;
  /** ISO time from which the seconds until the account is ready count, where that is not `time`. */
  readonly requestedAt?: string;
}

/** Why a request is not followed; it is answered with RequestRejected and never retried. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
  readonly problems: readonly Problem[];
}

/** What a command did. */
export type Outcome = Accepted | Ignored | Rejected;

/** Followed, and saved where there was something to save; `deliver` sends what follows. */
export interface Accepted {
  readonly did: 'accepted';
  readonly announce: readonly Announcement[];
  readonly work: readonly WorkMessage[];
  /** The records that owe all of this until it is sent. */
  readonly owedBy?: readonly AccountRecord[];
}

/** Nothing was to be done. */
export interface Ignored {
  readonly did: 'ignored';
  readonly why: string;
}

/** Refused; nothing has changed. */
export interface Rejected {
  readonly did: 'rejected';
  readonly rejection: Rejection;
}

/** A refusal with every problem that was found. It fits into an event and an item, whatever was asked. */
export function rejected(reason: string, message: string, problems: readonly Problem[] = []): Rejected {
  const said = problems.slice(0, MOST_PROBLEMS).map((problem) => ({
    path: firstKilobyte(problem.path),
    message: firstKilobyte(problem.message),
  }));
  const more = problems.length - said.length;
  if (more > 0) said.push({ path: '', message: `and ${more} more problems` });
  return { did: 'rejected', rejection: { reason, message: firstKilobyte(message), problems: said } };
}

/** So many problems are listed; of more than that, their number. */
const MOST_PROBLEMS = 50;

/** One problem with a request: `message` is about the field, `sentence` about the request as a whole. */
export function refusal(reason: string, path: string, message: string, sentence = `${message}.`): Rejection {
  return { reason, message: sentence, problems: [{ path, message }] };
}

/** The problem with a request that names a baseline which was never published. */
export function unknownBaseline(baseline: string): Rejection {
  return refusal('UnknownBaseline', 'detail.baseline', `baseline ${baseline} was never published`);
}

/**
 * The answer to a request with all of its problems at once; undefined when there are none. The first one's reason is
 * the reason, the message names them all. Pure.
 */
export function rejectedFor(refusals: readonly (Rejection | undefined)[]): Rejected | undefined {
  const all = refusals.filter((one) => one !== undefined);
  const [first] = all;
  if (!first) return undefined;
  const message = all.map((one) => one.message).join(' ');
  const problems = all.flatMap((one) => one.problems);
  return rejected(first.reason, message, problems);
}

/** The answer to a request that is older than what somebody asked for since. */
export function overtaken(what: string, { time }: Trigger, since: string | undefined): Rejected {
  const message = `is of ${time}, and something else was asked for at ${since}: ask again if it is still wanted`;
  return rejected('Overtaken', `The request for ${what} ${message}.`, [{ path: 'time', message }]);
}

/**
 * The outcome of a command. Where somebody else saved first, the command reads and decides anew, a few times; where an
 * item that it reads is unreadable, it is refused: a retry would not make the item readable.
 * @throws Conflict when somebody else saves first each time
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
