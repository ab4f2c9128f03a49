import type { AwsCredentialIdentity } from '@smithy/types';
import { actionsOf, serviceOf } from '../../shared/aws/actions.ts';
import type { MemberService } from '../../shared/aws/member-services.ts';
import type { AnyKind } from '../kinds/kind.ts';

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, Policy */
const LIMIT = 2_048;

/** A session for reading: what it may do, and which services are called in it. */
export interface ReadingSession {
  readonly services: readonly MemberService[];
  /** Compact JSON. */
  readonly policy: string;
}

/**
 * The sessions in which these kinds read: one, as long as all their reads fit into its policy, else as many as it takes,
 * each for whole services. None may do anything else; only where the reads of one service alone do not fit, they are said
 * by what their names begin with, never more than a verb: `ec2:DescribeVpc*`.
 */
export function readingSessions(kinds: readonly AnyKind[]): ReadingSession[] {
  const commands = kinds.flatMap(({ permissions }) => permissions.read);
  const sessions: ReadingSession[] = [];
  let services: MemberService[] = [];
  let actions: string[] = [];
  for (const service of [...new Set(commands.map(serviceOf))].sort()) {
    const more = fitting(actionsOf(commands.filter((command) => serviceOf(command) === service)));
    if (services.length > 0 && reading([...actions, ...more]).length > LIMIT) {
      sessions.push({ services, policy: reading(actions) });
      services = [];
      actions = [];
    }
    services.push(service);
    actions.push(...more);
  }
  return [...sessions, { services, policy: reading(actions) }];
}

/** Opens these sessions at once; gives the credentials for each service. */
export async function openAll(
  sessions: readonly ReadingSession[],
  open: (policy: string) => Promise<AwsCredentialIdentity>,
): Promise<(service: MemberService) => AwsCredentialIdentity> {
  const opened = await Promise.all(
    sessions.map(async ({ services, policy }) => ({ services, credentials: await open(policy) })),
  );
  return (service) => {
    const session = opened.find(({ services }) => services.includes(service));
    if (!session)
      throw new Error(`No kind declares that it reads from ${service}: no session was opened for it.`);
    return session.credentials;
  };
}

function reading(actions: readonly string[]): string {
  return policy([{ Effect: 'Allow', Action: actions, Resource: ['*'] }]);
}

/** Those that have most words in common are said by these, again and again until all fit. Pure. */
function fitting(actions: readonly string[]): string[] {
  let said = [...actions].sort();
  while (reading(said).length > LIMIT) {
    const pairs = said.slice(1).map((one, index) => inCommon(said[index] ?? '', one));
    const longest = pairs.reduce((best, words) => (words.length > best.length ? words : best), []);
    const prefix = longest.join('');
    if (!prefix) break;
    said = [...new Set(said.map((one) => (one.startsWith(prefix) ? `${prefix}*` : one)))];
  }
  return said;
}

/** The words with which both begin, the service and the verb at least; none where these differ. Pure. */
function inCommon(one: string, other: string): string[] {
  const [words, others] = [one, other].map(
    (action) => action.match(/^[^:]*:[A-Za-z][a-z]*|[A-Z0-9][a-z]*|\*/g) ?? [],
  );
  const differs = (words ?? []).findIndex((word, index) => word !== others?.[index] || word === '*');
  return (words ?? []).slice(0, differs < 0 ? undefined : differs);
}

/**
 * What a session for mending one kind may do: its reads, and its writes on its own resources; where so many are named
 * that they would not fit, on what is above them, as far as it takes: `…:parameter/orgkeeper/*`, `*` in the end.
 */
export function writingPolicy(kind: AnyKind, resources: readonly string[]): string {
  const on = (Resource: readonly string[]) =>
    policy([
      { Effect: 'Allow', Action: actionsOf(kind.permissions.read), Resource: ['*'] },
      { Effect: 'Allow', Action: actionsOf(kind.permissions.write), Resource },
    ]);
  let named = [...new Set(resources)];
  while (on(named).length > LIMIT && !named.includes('*')) named = widened(named);
  return on(named);
}

/** Those with the most levels are said by what is above them; what that covers need not be named. Pure. */
function widened(resources: readonly string[]): string[] {
  const deepest = Math.max(...resources.map(levels));
  const wider = resources.map((one) => (levels(one) === deepest ? above(one) : one));
  const wide = wider.filter((one) => one.endsWith('*'));
  const covered = (one: string) => wide.some((other) => other !== one && one.startsWith(other.slice(0, -1)));
  return [...new Set(wider)].filter((one) => !covered(one));
}

function levels(resource: string): number {
  return resource.replace(/\/\*$/, '').split('/').length;
}

function above(resource: string): string {
  const end = resource.replace(/\/\*$/, '').lastIndexOf('/');
  return end < 0 ? '*' : `${resource.slice(0, end)}/*`;
}

function policy(statements: readonly Statement[]): string {
  const of = statements.filter(({ Resource }) => Resource.length > 0);
  const Statement = of.map(({ Effect, Action, Resource }) => ({
    Effect,
    Action: [...new Set(Action)].sort(),
    Resource: Resource.length === 1 ? Resource[0] : Resource,
  }));
  return JSON.stringify({ Version: '2012-10-17', Statement });
}
