import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { jest } from '@jest/globals';
import { createAccountHandler } from '../../controllers/create-account/create-account.ts';
import type { CreationStatus, Creator } from '../../controllers/create-account/creator.ts';
import { intakeHandler } from '../../controllers/intake/intake.ts';
import { accountAlias } from '../../controllers/kinds/account-alias/kind.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import { parameters } from '../../controllers/kinds/parameters/kind.ts';
import { publicAccessBlock } from '../../controllers/kinds/public-access-block/kind.ts';
import { reconcileHandler } from '../../controllers/reconcile/reconcile.ts';
import { sweepHandler } from '../../controllers/sweep/sweep.ts';
import type { Access } from '../../shared/aws/access.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import type { Organization } from '../../shared/aws/organization.ts';
import { rememberOutages } from '../../shared/aws/outages.ts';
import type { queueHandler } from '../../shared/aws/queue-handler.ts';
import { REQUEST_TAG, tagValue } from '../../shared/domain/creation.ts';
import { AccessDenied } from '../../shared/domain/errors.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { INTAKE_RECEIVES, WORK_RECEIVES } from '../../shared/domain/work.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { systemClock } from '../kit/clock.ts';
import { aConfig, MAIN, MANAGEMENT } from '../kit/factories.ts';
import { aMessage, batch, silentLogger, silentMetrics } from '../kit/lambda.ts';
import { memoryTable } from '../kit/memory-table.ts';
import { noBucket } from '../kit/review-bucket.ts';
import { answering, on } from '../kit/sdk.ts';
import { clientsOf, type MemberAccount, type ModelledService, memberAccount, type Touch } from './member.ts';
import { SimulatedQueue } from './queues.ts';
import { randomness } from './randomness.ts';

/** When every history begins. */
export const START = Date.parse('2026-11-20T10:00:00.000Z');

/** How badly AWS behaves, by a seed; all zero: everything arrives at once, and once. */
export interface Weather {
  readonly seed: number;
  /** A call takes up to so long. */
  readonly latencyMs: number;
  /** The part of the events that come late, and how late at most. */
  readonly late: number;
  readonly lateMs: number;
  /** The part of the events that come a second time, late. */
  readonly doubled: number;
  /** The part of the invocations that are killed before or after one of their calls. */
  readonly killed: number;
}

export const CALM: Weather = { seed: 0, latencyMs: 0, late: 0, lateMs: 0, doubled: 0, killed: 0 };

type FunctionName = 'intake' | 'work' | 'sweep' | 'creation';
type Handler = ReturnType<typeof queueHandler>;

/** Time-outs, redrive policies and batches as the main stack has them; an event alone, so that a kill costs no other one. */
const QUEUES = {
  intake: { name: 'intake', visibilitySeconds: 120, receives: INTAKE_RECEIVES, batch: 1 },
  work: { name: 'work', visibilitySeconds: 120, receives: WORK_RECEIVES, batch: 10 },
  sweep: { name: 'sweep', visibilitySeconds: 600, receives: 8, batch: 1 },
  creation: { name: 'creation', visibilitySeconds: 120, receives: 8, batch: 1 },
} as const;

/** A process of a function: it works on one batch at a time, and is dead once it was killed. */
interface Environment {
  readonly life: Life;
  readonly handler: Handler;
  busy: boolean;
}

interface Life {
  dead: boolean;
  /** Ids of the messages that it works on. */
  messages: readonly string[];
  /** Calls until it is killed. */
  left: number;
  /** The last call reaches AWS all the same. */
  reaches: boolean;
}

/** The process was killed: nothing that it still does has an effect. */
class Killed extends Error {}

/** An account that AWS was asked to make. */
interface Making {
  readonly creationId: string;
  readonly key: string;
  readonly name: string;
  readonly requestedAt: Date;
  readonly accountId: string;
}

const SECONDS_TO_CREATE = 90;

/** A write into a member account, and the run that made it. */
export interface Write {
  readonly accountId: string;
  readonly run: string;
}

export type World = ReturnType<typeof createWorld>;

/**
 * Main, the organization and its member accounts in memory, with the real functions on queues as SQS has them. Time is that of
 * jest's fake timers, so that hours pass in a moment, and everything is left to the seed of the weather.
 */
export function createWorld(weather: Weather) {
  const random = randomness(weather.seed);
  // The jitter of backoffs, too, is the seed's.
  jest.spyOn(Math, 'random').mockImplementation(randomness(weather.seed + 1));
  const chance = (part: number) => part > 0 && random() < part;
  const config = aConfig({ onboard: { since: new Date(START - 1).toISOString() } });
  const store = memoryTable();
  const members = new Map<string, MemberAccount>();
  const organization = new Map<string, OrganizationAccount>();
  const making: Making[] = [];
  const writes: Write[] = [];
  const announced: { readonly detailType: string; readonly detail: Record<string, unknown> }[] = [];
  const kills: string[] = [];
  /** When the process was killed that worked on a message. */
  const killedAt = new Map<string, number>();
  /** Seconds until the message of a killed process came again, by function. */
  const recoveries: { readonly name: FunctionName; readonly seconds: number }[] = [];
  const pools: Record<FunctionName, Environment[]> = { intake: [], work: [], sweep: [], creation: [] };
  const queues = Object.fromEntries(
    Object.entries(QUEUES).map(([name, setup]) => [
      name,
      new SimulatedQueue(setup, (at) => soon(() => serve(name as FunctionName), at - Date.now())),
    ]),
  ) as Record<FunctionName, SimulatedQueue>;

  function soon(work: () => void, milliseconds: number): void {
    setTimeout(work, Math.max(0, milliseconds) + (weather.latencyMs > 0 ? random() * weather.latencyMs : 0));
  }

  /** Gives messages to processes of the function, until there is none. */
  function serve(name: FunctionName): void {
    const next = () => queues[name].receive(QUEUES[name].batch);
    for (let held = next(); held.length > 0; held = next()) {
      const records = held.map(({ id, body, receives, sentAt, receipt, group }) => {
        const killed = killedAt.get(id);
        if (killed !== undefined) recoveries.push({ name, seconds: (Date.now() - killed) / 1000 });
        killedAt.delete(id);
        return { ...aMessage(body, { id, receives, sentAt, group }), receiptHandle: receipt };
      });
      const environment = pools[name].find(({ busy, life }) => !busy && !life.dead) ?? start(name);
      void invoke(name, environment, records).then((failed) => {
        for (const { messageId, receiptHandle } of records)
          if (failed && !failed.has(messageId)) queues[name].delete(receiptHandle);
      });
    }
  }

  /** The ids of the messages that failed; undefined where the process was killed. */
  async function invoke(
    name: FunctionName,
    environment: Environment,
    records: readonly ReturnType<typeof aMessage>[],
  ): Promise<ReadonlySet<string> | undefined> {
    environment.busy = true;
    const { life } = environment;
    life.left = chance(weather.killed) ? 1 + Math.floor(random() * 30) : Number.POSITIVE_INFINITY;
    life.reaches = random() < 0.5;
    life.messages = records.map(({ messageId }) => messageId);
    const ends = Date.now() + 110_000;
    const context = { getRemainingTimeInMillis: () => Math.max(0, ends - Date.now()) };
    const answer = await environment.handler(batch(...records), context);
    environment.busy = false;
    if (!life.dead) return new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    kills.push(name);
    return undefined;
  }

  function start(name: FunctionName): Environment {
    const life: Life = { dead: false, messages: [], left: Number.POSITIVE_INFINITY, reaches: false };
    const touch: Touch = async (effect) => {
      if (life.dead) throw new Killed();
      if (weather.latencyMs > 0)
        await new Promise((resolve) => setTimeout(resolve, random() * weather.latencyMs));
      if (life.dead) throw new Killed();
      life.left -= 1;
      if (life.left > 0) return effect();
      life.dead = true;
      // What it had deleted does not come again.
      for (const id of life.messages) killedAt.set(id, Date.now());
      if (life.reaches) effect();
      throw new Killed();
    };
    const environment = { life, handler: handlers[name](touch), busy: false };
    pools[name].push(environment);
    return environment;
  }

  const handlers: Record<FunctionName, (touch: Touch) => Handler> = {
    intake: (touch) => intakeHandler({ ...common(touch), organization: organizationAt(touch) }),
    sweep: (touch) =>
      sweepHandler({
        ...common(touch),
        bucket: noBucket,
        loadMetrics: async () => silentMetrics(),
        organization: organizationAt(touch),
      }),
    creation: (touch) =>
      createAccountHandler({
        ...common(touch),
        organization: organizationAt(touch),
        creator: creatorAt(touch),
      }),
    work: (touch) => {
      const shared = common(touch);
      return reconcileHandler({
        ...shared,
        pause: systemClock.pause,
        access: accessAt(touch),
        kinds: KINDS,
        outages: rememberOutages(),
        loadBaseline: ({ name, version }) => getBaseline(shared.main.table, name, version),
        clients: ({ credentials, onCall, around }) => {
          const given = (service: ModelledService) =>
            typeof credentials === 'function' ? credentials(service) : credentials;
          return clientsOf(
            (service) => {
              const { accessKeyId: accountId, sessionToken: run = '' } = given(service);
              const carryOut: Touch = (effect, isWrite) =>
                touch(() => {
                  if (isWrite) writes.push({ accountId, run });
                  return effect();
                });
              return { account: memberOf(accountId), touch: carryOut };
            },
            { ...(onCall && { onCall }), ...(around && { around }) },
          );
        },
      });
    },
  };

  function common(touch: Touch) {
    return {
      config,
      main: mainAt(touch),
      logger: silentLogger().logger,
      metrics: silentMetrics(),
      now: () => new Date(),
    };
  }

  function mainAt(touch: Touch): Main {
    const region = 'eu-west-1';
    const nameOf = (url = '') => url.replace(/^.*\/|\.fifo$/g, '') as FunctionName;
    const eventBridge = answering(
      new EventBridgeClient({ region }),
      on(PutEventsCommand, ({ Entries = [] }) =>
        touch(() => {
          for (const { DetailType = '', Detail = '' } of Entries)
            announced.push({ detailType: DetailType, detail: JSON.parse(Detail) });
          return { Entries: Entries.map(() => ({ EventId: 'put' })) };
        }),
      ),
    );
    const sqs = answering(
      new SQSClient({ region, md5: false }),
      on(SendMessageCommand, ({ QueueUrl, MessageBody = '', DelaySeconds = 0 }) =>
        touch(() => {
          queues[nameOf(QueueUrl)].send(MessageBody, { delaySeconds: DelaySeconds });
          return {};
        }),
      ),
      on(SendMessageBatchCommand, ({ QueueUrl, Entries = [] }) =>
        touch(() => {
          for (const { MessageBody = '', MessageGroupId, MessageDeduplicationId } of Entries)
            queues[nameOf(QueueUrl)].send(MessageBody, {
              ...(MessageGroupId && { group: MessageGroupId }),
              ...(MessageDeduplicationId && { deduplicationId: MessageDeduplicationId }),
            });
          return {};
        }),
      ),
      on(ChangeMessageVisibilityBatchCommand, ({ QueueUrl, Entries = [] }) =>
        touch(() => {
          for (const { ReceiptHandle = '', VisibilityTimeout = 0 } of Entries)
            queues[nameOf(QueueUrl)].hide(ReceiptHandle, VisibilityTimeout);
          return {};
        }),
      ),
      on(DeleteMessageBatchCommand, ({ QueueUrl, Entries = [] }) =>
        touch(() => {
          for (const { ReceiptHandle = '' } of Entries) queues[nameOf(QueueUrl)].delete(ReceiptHandle);
          return {};
        }),
      ),
    );
    return {
      table: store.around(touch),
      bus: { eventBridge, name: config.busName },
      intake: { sqs, url: config.intakeQueueUrl },
      work: { sqs, url: config.workQueueUrl },
      sweep: { sqs, url: config.sweepQueueUrl },
      creation: { sqs, url: config.creationQueueUrl },
      review: { sqs, url: config.reviewQueueUrl },
    };
  }

  function organizationAt(touch: Touch): Organization {
    return {
      describe: (accountId) => touch(() => organization.get(accountId)),
      tags: (accountId) =>
        touch((): Record<string, string> => {
          const made = making.find((one) => one.accountId === accountId);
          return made ? { [REQUEST_TAG]: tagValue(made.key) } : {};
        }),
      place: () => touch(() => ({ units: ['r-root'], path: '/' })),
      async *pages() {
        yield touch(() => ({ accounts: [...organization.values()] }));
      },
    };
  }

  function accessAt(touch: Touch): Access {
    const enter: Access['enter'] = ({ accountId }, { name }) =>
      touch(() => {
        if (!organization.get(accountId)?.active)
          throw new AccessDenied(`Account ${accountId} cannot be entered.`);
        return { accessKeyId: accountId, secretAccessKey: 'secret', sessionToken: name };
      });
    return {
      enter,
      organization: async () => undefined,
      tryRole: () => Promise.reject(new AccessDenied('There is no such role.')),
      evict: () => undefined,
    };
  }

  function creatorAt(touch: Touch): Creator {
    const statusOf = ({ creationId, name, requestedAt, accountId }: Making): CreationStatus => {
      const isMade = organization.has(accountId);
      return {
        creationId,
        name,
        requestedAt,
        state: isMade ? 'SUCCEEDED' : 'IN_PROGRESS',
        ...(isMade && { accountId }),
      };
    };
    return {
      create: (key, { name, email }) => touch(() => make(key, name, email)),
      status: (creationId) =>
        touch(() => {
          const one = making.find((each) => each.creationId === creationId);
          if (!one) throw new Error(`There is no creation ${creationId}.`);
          return statusOf(one);
        }),
      statuses: (which) =>
        touch(() => making.map(statusOf).filter(({ state }) => which === 'all' || state === 'IN_PROGRESS')),
      parent: () => touch(() => 'r-root'),
      move: () => touch(() => undefined),
    };
  }

  function make(key: string, name: string, email: string): string {
    // By who asked, and how often: in whatever order the requests came, an account has the same id.
    const often = making.filter((one) => one.key === key).length;
    const accountId = `7${String(Buffer.from(key).reduce((sum, byte) => sum * 31 + byte, 0) % 1e9).padStart(10, '0')}${often}`;
    const creationId = `car-${making.length}`;
    making.push({ creationId, key, name, requestedAt: new Date(), accountId });
    setTimeout(() => {
      join(accountId, name, email);
      emitCreated(creationId, accountId);
    }, SECONDS_TO_CREATE * 1000);
    return creationId;
  }

  function memberOf(accountId: string): MemberAccount {
    const found = members.get(accountId) ?? memberAccount();
    members.set(accountId, found);
    return found;
  }

  function join(accountId: string, name: string, email = `${name}@example.com`): void {
    memberOf(accountId);
    organization.set(accountId, {
      accountId,
      name,
      email,
      active: true,
      state: 'ACTIVE',
      joinedAt: new Date().toISOString(),
      joinedBy: 'created',
    });
  }

  const schedule = (task: 'due' | 'list', minutes: number) =>
    setInterval(() => queues.sweep.send(JSON.stringify({ task })), minutes * 60_000);
  // The tick comes each minute; a history needs no more than one in five.
  schedule('due', 5);
  schedule('list', 60);

  let eventCount = 0;

  /** Puts an event on the bus; its rule sends it to the intake queue: late, or twice, as the weather has it. */
  function emit(source: string, detailType: string, detail: Record<string, unknown>): void {
    eventCount += 1;
    const id = `event-${eventCount}`;
    const isAws = source.startsWith('aws.');
    const envelope = {
      id,
      source,
      'detail-type': detailType,
      account: isAws ? MANAGEMENT : MAIN,
      time: new Date(Math.floor(Date.now() / 1000) * 1000).toISOString(),
      region: 'eu-west-1',
      detail: isAws ? { eventID: `trail-${id}`, ...detail } : detail,
    };
    const deliver = () => queues.intake.send(JSON.stringify(envelope));
    const late = () => random() * weather.lateMs;
    if (chance(weather.doubled)) setTimeout(deliver, late());
    setTimeout(deliver, chance(weather.late) ? late() : 0);
  }

  function emitCreated(creationId: string, accountId: string): void {
    emit('aws.organizations', 'AWS Service Event via CloudTrail', {
      eventName: 'CreateAccountResult',
      serviceEventDetails: { createAccountStatus: { id: creationId, state: 'SUCCEEDED', accountId } },
    });
  }

  return {
    store,
    table: store.table,
    members,
    organization,
    making,
    writes,
    announced,
    kills,
    recoveries,
    queues,
    join,
    emit,
    emitCreated,
    memberOf,
    /** Lets so much time pass. */
    pass: (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds),
  };
}

const KINDS: readonly AnyKind[] = [publicAccessBlock, accountAlias, parameters];
