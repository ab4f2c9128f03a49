import type { AwsCredentialIdentity } from '@smithy/types';
import type { Session } from '../../shared/aws/access.ts';
import { actionsOf, serviceOf } from '../../shared/aws/actions.ts';
import { fresh } from '../../shared/aws/denials.ts';
import { type MemberClients, memberClients } from '../../shared/aws/member-clients.ts';
import type { MemberService } from '../../shared/aws/member-services.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { AccessDenied, AccountNotReady, NotYetConsistent } from '../../shared/domain/errors.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import type { AnyKind } from '../kinds/kind.ts';
import { regionOf } from '../kinds/kind-account.ts';
import { diagnoseDenial, roleInQuestion } from './access-diagnosis.ts';
import type { Run, RunDeps, UnitOutcome } from './model.ts';
import { eventually } from './retry.ts';

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
  return policyText([{ Effect: 'Allow', Action: actions, Resource: ['*'] }]);
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
    policyText([
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
  /** What the session may do; or several sessions, each for the services that it names. */
  readonly policy: string | readonly ReadingSession[];
  /** The session is opened for this run alone, so that CloudTrail says which pass wrote. */
  readonly writes?: boolean;
  /** The role in use was changed a moment ago: a denial, of the session or in it, may pass within 10 s. */
  readonly patient?: boolean;
}

/**
 * Clients in the account of a run, in a session that may do what the policy says; their calls are counted.
 * @throws AccessDenied, AccountNotReady; NotYetConsistent where the denial may be IAM's delay; OutOfTime, Conflict
 */
export async function clientsFor(run: Run, deps: RunDeps, purpose: Purpose): Promise<MemberClients> {
  run.gate.check({ writes: purpose.writes === true });
  const patiently = <T>(call: () => Promise<T>) => eventually(call, deps, ['AccessDenied']);
  const open = (policy: string) => enter(run, deps, { name: run.id, policy, own: purpose.writes === true });
  const openPatiently = (policy: string) => (purpose.patient ? patiently(() => open(policy)) : open(policy));
  const { policy } = purpose;
  return (deps.clients ?? memberClients)({
    credentials:
      typeof policy === 'string' ? await openPatiently(policy) : await openAll(policy, openPatiently),
    region: regionOf(run.record, deps.config),
    until: run.gate.deadline,
    ...(purpose.patient && { around: patiently }),
    onCall: ({ writes }) => {
      run.gate.check({ writes });
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
    const mayPass = !explained && (isNew(run) || before?.waiting?.for === 'consistency');
    throw mayPass ? notYet(denial) : denial;
  }
}

/**
 * With the account's ExternalId; where its execution role does not take that one yet, with the one that it took last,
 * so that a role of ours can be given the new one.
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

/** A denial that may pass: IAM may not show a change everywhere yet. */
export function notYet(denial: AccessDenied): NotYetConsistent {
  const { reason, remedy } = denial;
  return new NotYetConsistent(denial.message, { cause: denial, reason, ...(remedy && { remedy }) });
}

/** True until a run is over that saw what is desired now. */
export function isNew({
  record,
  before,
}: {
  readonly record: AccountRecord;
  readonly before: AccountStatus | undefined;
}): boolean {
  return before?.observedGeneration !== record.generation;
}

/** The session may be one that was opened before the role was changed, or deleted and made again. */
export function isShutOut({ state }: UnitOutcome): boolean {
  if (state.is !== 'failed') return false;
  const { error } = state;
  return (
    error instanceof AccessDenied ||
    (error instanceof AccountNotReady && error.reason === 'CredentialsUnknown')
  );
}
