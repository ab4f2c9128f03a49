import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import { GetParametersCommand } from '@aws-sdk/client-ssm';
import { createAccountHandler } from '../../controllers/create-account/create-account.ts';
import { createCreator } from '../../controllers/create-account/creator.ts';
import { rememberBaselines } from '../../controllers/engine/desired-state.ts';
import { publishText } from '../../controllers/fleet/publish-baseline.ts';
import { intakeHandler } from '../../controllers/intake/intake.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { reconcileHandler } from '../../controllers/reconcile/reconcile.ts';
import { sweepHandler } from '../../controllers/sweep/sweep.ts';
import { MEGABYTES } from '../../infra/memory.ts';
import { createAccess } from '../../shared/aws/access.ts';
import { putEvents } from '../../shared/aws/bus.ts';
import { mainClients } from '../../shared/aws/main-clients.ts';
import { memberClients } from '../../shared/aws/member-clients.ts';
import { createOrganization } from '../../shared/aws/organization.ts';
import { rememberOutages } from '../../shared/aws/outages.ts';
import { hide } from '../../shared/aws/queue.ts';
import {
  CREATION_RECEIVES,
  INTAKE_RECEIVES,
  SWEEP_RECEIVES,
  WORK_RECEIVES,
} from '../../shared/domain/work.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { getItem } from '../../shared/store/table.ts';
import type { Item } from '../kit/expressions.ts';
import { aConfig, MAIN, MANAGEMENT } from '../kit/factories.ts';
import { silentLogger, silentMetrics } from '../kit/lambda.ts';
import { randomness } from '../model/randomness.ts';
import { installVirtualClock } from './clock.ts';
import { failure } from './failure.ts';
import { type FunctionSetup, type SimulatedFunction, simulatedFunction } from './functions.ts';
import { copyOf, type MemberAccount, memberAnswers } from './member.ts';
import { createNetwork } from './network.ts';
import { createdEvent, createOrganization as organizationInMemory } from './organization.ts';
import { limitedTable } from './table.ts';
import { type Attempt, interceptClients } from './transport.ts';

/** When every simulation begins. */
const START = Date.parse('2026-11-20T00:00:30.000Z');
const BASELINE = new URL('../../infra/baselines/analytics.yaml', import.meta.url);
const TEMPLATE = '600000000000';

/** What is simulated. */
export interface Setup {
  readonly seed?: number;
  /** The first is that of the deployment. */
  readonly regions?: readonly string[];
  /** Context `maximumConcurrency` of the deployment. */
  readonly maximumConcurrency?: number;
  /** The mapping of the FIFO queue grows as that of a standard queue. */
  readonly mappingGrows?: boolean;
  /** Memory of the function reconcile. */
  readonly reconcileMegabytes?: number;
}

export type Simulation = Awaited<ReturnType<typeof createSimulation>>;

/**
 * Main, the organization and its member accounts in memory, with the real functions behind their queues, AWS's limits and latency,
 * on a virtual clock. One at a time in a process: it replaces the process's clock and the transport of the SDK's clients.
 */
export async function createSimulation({
  seed = 1,
  regions = ['eu-west-1'],
  maximumConcurrency = 50,
  mappingGrows = false,
  reconcileMegabytes = MEGABYTES.reconcile,
}: Setup = {}) {
  const random = randomness(seed);
  const realEnvironment = { ...process.env };
  // The function's own credentials, by which the transport knows its account.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: `AKIA${MAIN}`, AWS_SECRET_ACCESS_KEY: 'secret' });
  await loadClients(regions[0] ?? '');
  const realRandom = Math.random;
  Math.random = randomness(seed + 1);
  const clock = installVirtualClock(START);
  const network = createNetwork(clock, random);
  const config = aConfig({ region: regions[0] ?? '', onboard: { since: new Date(START - 1).toISOString() } });
  /** Accounts that the present scenario waits for, and whether a status is what it waits for. */
  const awaited = { accounts: new Set<string>(), isEnough: (_: Item) => true };
  const table = limitedTable(
    clock.now,
    () => network.counts,
    (status) => {
      const accountId = String(status.pk).slice('account#'.length);
      if (awaited.accounts.has(accountId) && awaited.isEnough(status)) awaited.accounts.delete(accountId);
    },
  );
  const announced: { readonly detailType: string; readonly detail: Record<string, unknown> }[] = [];
  const lines: string[] = [];
  const logger = keepingLogger(lines);
  const organization = organizationInMemory(clock, (detail) => put('aws.organizations', CREATED, detail));
  const { members } = organization;
  /** Runs that were requested, and when the last one was. */
  const requested = { runs: 0, last: START };
  let sessions = 0;
  let events = 0;

  function assumeRole({ RoleArn, ExternalId }: { RoleArn: string; ExternalId?: string }): object {
    const [, , , , accountId = '', path = ''] = RoleArn.split(':');
    if (accountId !== MANAGEMENT && !admits(members.get(accountId), path.split('/').at(-1) ?? '', ExternalId))
      throw failure('AccessDenied', 403, `User is not authorized to perform: sts:AssumeRole on ${RoleArn}`);
    sessions += 1;
    return {
      Credentials: {
        AccessKeyId: `ASIA${accountId}${sessions}`,
        SecretAccessKey: 'secret',
        SessionToken: 'token',
        Expiration: new Date(clock.now() + 3_600_000),
      },
    };
  }

  function answer({ call, input, accountId, region }: Attempt): object {
    const [service = '', command = ''] = call.split(':');
    switch (service) {
      case 'dynamodb':
        return table.answer(command, input);
      case 'sqs':
        return answerQueue(command, input);
      case 'events':
        for (const { DetailType, Detail } of input.Entries)
          announced.push({ detailType: DetailType, detail: JSON.parse(Detail) });
        return { Entries: input.Entries.map(() => ({ EventId: 'put' })) };
      case 'sts':
        return assumeRole(input);
      case 'organizations':
        return of(organization.answers, call)(input);
      default: {
        const member = members.get(accountId);
        if (!member) throw failure('AccessDenied', 403);
        return of(memberAnswers, call)(input, member, region);
      }
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: the inputs of the SDK's commands, each of its own type
  function answerQueue(command: string, input: any): object {
    const name = String(input.QueueUrl).replace(/^.*\/|\.fifo$/g, '');
    const { queue } = of(functions, name);
    if (name === 'work' && command === 'SendMessageBatch') {
      requested.runs += input.Entries.length;
      requested.last = clock.now();
    }
    switch (command) {
      case 'SendMessage':
        queue.send(input.MessageBody, { delaySeconds: input.DelaySeconds ?? 0 });
        return received(input);
      case 'SendMessageBatch':
        for (const {
          MessageBody,
          MessageGroupId: group,
          MessageDeduplicationId: deduplicationId,
        } of input.Entries)
          queue.send(MessageBody, { ...(group && { group }), ...(deduplicationId && { deduplicationId }) });
        return { Successful: input.Entries.map(received) };
      case 'ChangeMessageVisibility':
        queue.hide(input.ReceiptHandle, input.VisibilityTimeout);
        return {};
      case 'ChangeMessageVisibilityBatch':
        for (const { ReceiptHandle, VisibilityTimeout } of input.Entries)
          queue.hide(ReceiptHandle, VisibilityTimeout);
        return { Successful: input.Entries };
      case 'DeleteMessageBatch':
        for (const { ReceiptHandle } of input.Entries) queue.delete(ReceiptHandle);
        return { Successful: input.Entries };
      default:
        throw new Error(`nobody expected sqs:${command}`);
    }
  }

  const stopIntercepting = interceptClients((attempt) => network.carry(attempt, () => answer(attempt)));
  const shared = () => ({
    ...{ config, main: mainClients(config), logger, metrics: silentMetrics() },
    now: () => new Date(),
  });
  const organizationBy = (role: 'reading' | 'creating') =>
    createOrganization(config, createAccess({ config, organizationRole: role }));
  const setups: Readonly<Record<string, Omit<FunctionSetup, 'name'>>> = {
    intake: {
      ...{ receives: INTAKE_RECEIVES, visibilitySeconds: 120, batch: 10, maximumConcurrency: 2 },
      ...{ timeoutSeconds: 60, memoryMb: MEGABYTES.intake, initMs: 600 },
      handler: () => intakeHandler({ ...shared(), organization: organizationBy('reading') }),
    },
    sweep: {
      ...{ receives: SWEEP_RECEIVES, visibilitySeconds: 600, batch: 1, maximumConcurrency: 2 },
      ...{ timeoutSeconds: 300, memoryMb: MEGABYTES.sweep, initMs: 600 },
      handler: () =>
        sweepHandler({
          ...shared(),
          bucket: () => Promise.reject(new Error('no page is made in the simulation')),
          loadMetrics: async () => silentMetrics(),
          organization: organizationBy('reading'),
        }),
    },
    creation: {
      ...{ receives: CREATION_RECEIVES, visibilitySeconds: 120, batch: 1, maximumConcurrency: 2 },
      ...{ timeoutSeconds: 60, memoryMb: MEGABYTES['create-account'], initMs: 600 },
      handler: () => {
        const access = createAccess({ config, organizationRole: 'creating' });
        const creator = createCreator(config, access);
        return createAccountHandler({
          ...shared(),
          organization: createOrganization(config, access),
          creator,
        });
      },
    },
    work: {
      ...{ receives: WORK_RECEIVES, visibilitySeconds: 120, batch: 10, maximumConcurrency },
      grows: mappingGrows,
      ...{ timeoutSeconds: 120, memoryMb: reconcileMegabytes, initMs: 1_200 },
      handler: () => {
        const own = shared();
        return reconcileHandler({
          ...own,
          ...{ access: createAccess({ config, organizationRole: 'entering' }), kinds },
          outages: rememberOutages(),
          loadBaseline: rememberBaselines(({ name, version }) => getBaseline(own.main.table, name, version)),
          pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
        });
      },
    },
  };
  const functions: Readonly<Record<string, SimulatedFunction>> = Object.fromEntries(
    Object.entries(setups).map(([name, setup]) => [name, simulatedFunction({ ...setup, name }, clock)]),
  );

  /** An event that EventBridge delivers to intake's queue. */
  function put(source: string, detailType: string, detail: object): string {
    events += 1;
    const id = `event-${events}`;
    const account = source === 'aws.organizations' ? MANAGEMENT : MAIN;
    const time = new Date(clock.now()).toISOString();
    of(functions, 'intake').queue.send(
      JSON.stringify({ id, source, 'detail-type': detailType, account, time, detail }),
    );
    return id;
  }

  function tick(): void {
    of(functions, 'sweep').queue.send(JSON.stringify({ task: 'due' }));
    clock.after(60_000, tick);
  }

  /** Lets time pass until each of these accounts has a status that is enough. @returns the seconds; undefined if it took too long */
  async function until(
    accounts: Iterable<string>,
    isEnough: (status: Item) => boolean,
    seconds: number,
  ): Promise<number | undefined> {
    const from = clock.now();
    awaited.accounts = new Set(accounts);
    awaited.isEnough = isEnough;
    const isDone = await clock.run(() => awaited.accounts.size === 0, seconds);
    return isDone ? (clock.now() - from) / 1000 : undefined;
  }

  /** An account appears in the organization, and AWS says that it was made. */
  function appear(accountId: string, name: string): void {
    organization.join(accountId, name);
    members.set(accountId, { accountId, roles: new Map(), regions: new Map(), made: 0 });
    put('aws.organizations', CREATED, createdEvent(accountId, `car-${accountId}`));
  }

  /**
   * An organization of so many accounts that are as they should be: one is onboarded, and the others are copies of it, in AWS and in the
   * table.
   */
  async function settle(accounts: number): Promise<string[]> {
    appear(TEMPLATE, nameOf(TEMPLATE));
    const isReady = await until([TEMPLATE], ({ ready }) => ready === true, 600);
    if (isReady === undefined)
      throw new Error(`the first account was not ready in ten minutes: ${lines.join('\n')}`);
    // Ids are remembered as new for a minute; the run after that leaves the account as it will stay.
    await clock.run(() => false, 120);
    const since = clock.now();
    put('orgkeeper.request', 'DriftSweepRequested', { accountIds: [TEMPLATE] });
    await until([TEMPLATE], (status) => startedSince(status, since), 600);
    await clock.run(() => false, 120);
    const items = table.stored.items(`account#${TEMPLATE}`);
    const model = members.get(TEMPLATE);
    if (!model) throw new Error('the first account is gone');
    const ids = [TEMPLATE];
    for (let index = 1; index < accounts; index += 1) {
      const accountId = String(600_000_000_000 + index);
      const rename = (text: string) =>
        text.replaceAll(TEMPLATE, accountId).replaceAll(nameOf(TEMPLATE), nameOf(accountId));
      organization.join(accountId, nameOf(accountId));
      members.set(accountId, copyOf(model, rename));
      for (const item of items) table.stored.put(JSON.parse(rename(JSON.stringify(item))));
      ids.push(accountId);
    }
    network.counts.reset();
    announced.length = 0;
    lines.length = 0;
    return ids;
  }

  const published = await withTime(clock, async () => {
    const text = `${readFileSync(BASELINE, 'utf8')}\nregions: [${regions.join(', ')}]\n`;
    return publishText({ table: mainClients(config).table, config }, text, new Date());
  });
  if (!('baseline' in published))
    throw new Error(`the baseline was not published: ${JSON.stringify(published)}`);
  tick();

  return {
    clock,
    network,
    table,
    members,
    organization,
    functions,
    /** The function reconcile and its queue. */
    work: of(functions, 'work'),
    announced,
    lines,
    requested,
    regions,
    put,
    until,
    appear,
    settle,
    /** Puts clock, transport and environment of the process back. */
    end(): void {
      clock.uninstall();
      stopIntercepting();
      Math.random = realRandom;
      process.env = realEnvironment;
    },
  };
}

/**
 * Makes one call through each client in real time: what the SDK loads from files at the first call, it has loaded by then, and
 * nothing but timers takes time afterwards.
 */
async function loadClients(region: string): Promise<void> {
  const stop = interceptClients(async () => ({ Credentials: { AccessKeyId: 'a', SecretAccessKey: 's' } }));
  const credentials = { accessKeyId: `ASIA${MAIN}`, secretAccessKey: 'secret' };
  const config = aConfig({ region });
  const { ec2, iam, ssm, tag } = memberClients({ region, credentials });
  await Promise.all([
    getItem(mainClients(config).table, { pk: 'none', sk: 'none' }),
    hide(mainClients(config).work, 'none', 0),
    putEvents(mainClients(config).bus, [{ detailType: 'none', detail: {} }], 'none').catch(() => undefined),
    createOrganization(config, createAccess({ config, organizationRole: 'reading' })).describe('none'),
    ec2.send(new DescribeVpcsCommand({})),
    iam.send(new ListRolesCommand({})),
    ssm.send(new GetParametersCommand({ Names: [] })),
    tag.send(new GetResourcesCommand({})),
  ]);
  stop();
}

/** A logger that prints nothing, and keeps what went wrong. */
function keepingLogger(lines: string[]) {
  const { logger } = silentLogger();
  const keep = (level: string) => (message: unknown, detail?: unknown) =>
    void lines.push(`${level} ${message} ${detail === undefined ? '' : said(detail)}`);
  return Object.assign(logger, { warn: keep('warn'), error: keep('error') });
}

function said(detail: unknown): string {
  return JSON.stringify(detail, (_, value) => (value instanceof Error ? `${value.stack}` : value));
}

/** The answer of SQS to a message: the SDK compares the checksum. */
function received({ Id, MessageBody }: { Id?: string; MessageBody: string }): object {
  const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
  return { ...(Id && { Id }), MessageId: 'sent', MD5OfMessageBody };
}

const CREATED = 'AWS Service Event via CloudTrail';

/** A run that began then or later has looked at the account. */
export function startedSince({ lastPass }: Item, since: number): boolean {
  const { startedAt } = (lastPass ?? {}) as { startedAt?: string };
  return startedAt !== undefined && Date.parse(startedAt) >= since;
}

function nameOf(accountId: string): string {
  return `account-${accountId}`;
}

function of<T>(record: Readonly<Record<string, T>>, name: string): T {
  const found = record[name];
  if (found === undefined) throw new Error(`nobody expected ${name}`);
  return found;
}

/** Whether the role lets Main in: an access role always, the execution role by its trust policy. */
function admits(member: MemberAccount | undefined, name: string, externalId: string | undefined): boolean {
  if (!member) return false;
  if (name === 'OrganizationAccountAccessRole') return true;
  const role = member.roles.get(name);
  if (!role) return false;
  const { Statement } = JSON.parse(decodeURIComponent(role.AssumeRolePolicyDocument));
  return Statement[0].Condition.StringEquals['sts:ExternalId'] === externalId;
}

/** The result of work that needs time to pass. */
async function withTime<T>(
  clock: ReturnType<typeof installVirtualClock>,
  work: () => Promise<T>,
): Promise<T> {
  const ended: { value?: T; error?: unknown; is: boolean } = { is: false };
  work().then(
    (value) => Object.assign(ended, { value, is: true }),
    (error) => Object.assign(ended, { error, is: true }),
  );
  if (!(await clock.run(() => ended.is, 600))) throw new Error('it did not end in ten minutes');
  if (ended.error !== undefined) throw ended.error;
  return ended.value as T;
}
