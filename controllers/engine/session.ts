import type { AwsCredentialIdentity } from '@smithy/types';
import type { Session } from '../../shared/aws/access.ts';
import { actionsOf, serviceOf } from '../../shared/aws/actions.ts';
import { fresh } from '../../shared/aws/denials.ts';
import { type MemberClients, memberClients } from '../../shared/aws/member-clients.ts';
import type { MemberService } from '../../shared/aws/member-services.ts';
import { AccessDenied, AccountNotReady, NotYetConsistent } from '../../shared/domain/errors.ts';
import { saw } from '../../shared/domain/status.ts';
import type { AnyKind } from '../kinds/kind.ts';
import { regionOf } from '../kinds/kind-account.ts';
import { diagnoseDenial, roleInQuestion } from './access-check.ts';
import type { Run, RunDeps, UnitOutcome } from './model.ts';
import { eventually } from './retry.ts';

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, Policy */
const LIMIT = 2_048;

/** A session for reading: its policy, and the services that are called with it. */
export interface ReadingSession {
  readonly services: readonly MemberService[];
  /** Session policy, compact JSON. */
  readonly policy: string;
}

/**
 * The sessions in which these kinds read: one, if all their actions fit into its policy, otherwise several, each for whole
 * services. No session allows more, except where the actions of one service alone do not fit: these are then shortened to common
 * prefixes of at least service and verb, `ec2:DescribeVpc*`.
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

/** Opens these sessions in parallel; returns the credentials of each service. */
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
  return policyText([{ Effect: 'Allow', Action: actions, Resource: ['*'] }]);
}

/** Shortens the actions with the longest common prefix to it, until all fit. Pure. */
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

/** The words that both actions begin with, at least service and verb; none if these differ. Pure. */
function inCommon(one: string, other: string): string[] {
  const [words, others] = [one, other].map(
    (action) => action.match(/^[^:]*:[A-Za-z][a-z]*|[A-Z0-9][a-z]*|\*/g) ?? [],
  );
  const differs = (words ?? []).findIndex((word, index) => word !== others?.[index] || word === '*');
  return (words ?? []).slice(0, differs < 0 ? undefined : differs);
}

/**
 * Session policy for correcting one kind: its reads, and its writes on its own resources. If the ARNs do not fit, they are widened
 * level by level, `…:parameter/orgkeeper/*`, in the end to `*`.
 */
export function writingPolicy(kind: AnyKind, resources: readonly string[]): string {
  const { read, write, onAnyResource = [] } = kind.permissions;
  const limited = actionsOf(write).filter((action) => !onAnyResource.includes(action));
  const on = (Resource: readonly string[]) =>
    policyText([
      { Effect: 'Allow', Action: [...actionsOf(read), ...onAnyResource], Resource: ['*'] },
      { Effect: 'Allow', Action: limited, Resource },
    ]);
  let named = [...new Set(resources)];
  while (on(named).length > LIMIT && !named.includes('*')) named = widened(named);
  return on(named);
}

/** Widens the ARNs with the most levels by one level, and drops those that are covered then. Pure. */
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

function policyText(statements: readonly Statement[]): string {
  const of = statements.filter(({ Resource }) => Resource.length > 0);
  const Statement = of.map(({ Effect, Action, Resource }) => ({
    Effect,
    Action: [...new Set(Action)].sort(),
    Resource: Resource.length === 1 ? Resource[0] : Resource,
  }));
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

interface Purpose {
  /** Session policy; or several sessions, each for its services. */
  readonly policy: string | readonly ReadingSession[];
  /** True for a session of this run alone, so that CloudTrail says which run wrote. */
  readonly writes?: boolean;
  /** True right after the role in use was changed: retry denials, of AssumeRole and in the session, for 10 s. */
  readonly patient?: boolean;
}

/**
 * Clients for the account of a run, in a session limited by the policy. Their calls pass the gate of the run and are counted.
 * @throws AccessDenied, AccountNotReady; NotYetConsistent if IAM may not be consistent yet; OutOfTime, Conflict
 */
export async function clientsFor(run: Run, deps: RunDeps, purpose: Purpose): Promise<MemberClients> {
  run.gate.check({ writes: purpose.writes === true });
  const patiently = <T>(call: () => Promise<T>) => eventually(call, deps, ['AccessDenied']);
  const open = (policy: string) => enter(run, deps, { name: run.id, policy, own: purpose.writes === true });
  const openPatiently = (policy: string) => (purpose.patient ? patiently(() => open(policy)) : open(policy));
  const { policy } = purpose;
  const { outages } = deps;
  return (deps.clients ?? memberClients)({
    credentials:
      typeof policy === 'string' ? await openPatiently(policy) : await openAll(policy, openPatiently),
    region: regionOf(run.record, deps.config),
    until: run.gate.deadline,
    ...(purpose.patient && { around: patiently }),
    ...(outages && { attempt: (at, send) => outages.attempt(at, run.record.accountId, send) }),
    // A retry after the lease is lost would write beside another run.
    onAttempt: (call) => run.gate.check(call),
    onCall: (call) => {
      const { writes } = call;
      run.gate.check(call);
      if (writes) run.calls.writes += 1;
      else run.calls.reads += 1;
    },
  });
}

async function enter(run: Run, deps: RunDeps, session: Session): Promise<AwsCredentialIdentity> {
  const { record, before } = run;
  try {
    return await enterSomehow(run, deps, session);
  } catch (error) {
    if (!(error instanceof AccessDenied)) throw error;
    deps.access.evict(record.accountId);
    const roleArn = record.executionRoleArn;
    const neverReady = record.origin !== 'invited' && !before?.readySince;
    if (!roleArn) throw neverReady ? fresh(error) : error;
    const { reason, message, explained } = diagnoseDenial(
      error,
      roleInQuestion(record, deps.config, { roleArn }),
    );
    const denial = new AccessDenied(message, { cause: error, reason });
    const mayPass = !explained && (!saw(before, record) || before?.waiting?.for === 'consistency');
    throw mayPass ? notYet(denial) : denial;
  }
}

/**
 * Enters with the account's ExternalId. If the role does not accept it yet, enters with the one that the role accepted last, so
 * that a role of ours can be changed to the new one.
 */
async function enterSomehow({ record, before }: Run, { access }: RunDeps, session: Session) {
  try {
    return await access.enter(record, session);
  } catch (error) {
    const { roleArn, externalId = record.externalId } = before?.admitted ?? {};
    const changed = roleArn === record.executionRoleArn && externalId !== record.externalId;
    if (!(error instanceof AccessDenied) || !changed) throw error;
    return await access.enter({ ...record, externalId }, session).catch((second: unknown) => {
      throw second instanceof AccessDenied ? error : second;
    });
  }
}

/** The denial as a failure that may pass: IAM may not be consistent yet. */
export function notYet(denial: AccessDenied): NotYetConsistent {
  const { reason, remedy } = denial;
  return new NotYetConsistent(denial.message, { cause: denial, reason, ...(remedy && { remedy }) });
}

/** True if the session may be older than the current role, so that a new session is needed. */
export function isShutOut({ state }: UnitOutcome): boolean {
  if (state.is !== 'failed') return false;
  const { error } = state;
  return (
    error instanceof AccessDenied ||
    (error instanceof AccountNotReady && error.reason === 'CredentialsUnknown')
  );
}
