import { Logger } from '@aws-lambda-powertools/logger';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { listOrganization, type TaskDeps } from '../../controllers/fleet/list-organization.ts';
import { deliverOwed } from '../../controllers/fleet/owed.ts';
import { sweepHandler } from '../../controllers/sweep/sweep.ts';
import { RATES } from '../../shared/aws/organization.ts';
import { createPace } from '../../shared/aws/rate-limit.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { OrganizationAccount, Place } from '../../shared/domain/organization.ts';
import { deduplicationId, SweepMessage, WorkMessage } from '../../shared/domain/work.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import { aBaselineItem, aConfig } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { silentMetrics } from '../kit/lambda.ts';
import { type MemoryTable, memoryTable } from '../kit/memory-table.ts';
import { noBucket } from '../kit/review-bucket.ts';
import { answering, awsError, on } from '../kit/sdk.ts';

/** An organization and a Main in memory, on a clock of their own: waiting for a turn moves it on. */
export interface World {
  readonly table: MemoryTable;
  readonly accounts: OrganizationAccount[];
  /** Tags and places, by account id. */
  readonly tags: Map<string, Record<string, string>>;
  readonly places: Map<string, Place>;
  /** Not in any page, and there all the same. */
  readonly hidden: Set<string>;
  /** Times of the calls, in milliseconds. */
  readonly calls: { list: number[]; describe: number[] };
  readonly work: WorkMessage[];
  readonly tasks: SweepMessage[];
  readonly announced: { detailType: string; accountId: string }[];
  /** Called before each page is handed out, with its number in this run; may throw, and may take long. */
  onPage: (page: number) => unknown;
  /** Throws what SQS would. */
  onSend: () => void;
  clock: number;
  keep(...records: readonly AccountRecord[]): void;
  record(accountId: string): AccountRecord | undefined;
  /** One run of the function; so many pages and looks at single accounts fit into its time. */
  /** What is owed is sent, as each minute. */
  tick(): Promise<void>;
  /** A full sweep, as the sweep function carries it out, with the tasks that it hands on to itself. */
  sweep(): Promise<void>;
  list(options?: {
    pages?: number;
    describes?: number;
    config?: Partial<Config>;
  }): ReturnType<typeof listOrganization>;
}

export const START = Date.parse('2026-11-22T00:00:00.000Z');
const FUNCTION_MS = 300_000;

export function organizationWorld(config: Partial<Config> = {}): World {
  const table = memoryTable();
  const world: World = {
    table,
    accounts: [],
    tags: new Map(),
    places: new Map(),
    hidden: new Set(),
    calls: { list: [], describe: [] },
    work: [],
    tasks: [],
    announced: [],
    onPage: () => undefined,
    onSend: () => undefined,
    clock: START,
    keep: (...records) =>
      table.put(
        ...records.map((record) => ({
          ...record,
          ...accountKey(record.accountId),
          collection: 'account',
          collectionKey: record.accountId,
        })),
      ),
    async tick() {
      await deliverOwed(new Date('9999-12-31'), { main: mainOf(world), timeLeft: () => true });
    },
    record: (accountId) => table.items(`account#${accountId}`)[0] as AccountRecord | undefined,
    async sweep() {
      world.tasks.push({
        task: 'sweep',
        sweepId: 'sweep-1',
        cause: { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'sweep-1' },
        requestedAt: new Date(world.clock).toISOString(),
      });
      const deps = { config: aConfig(config), main: mainOf(world), organization };
      const handler = sweepHandler({
        ...deps,
        bucket: noBucket,
        now: () => new Date(world.clock),
        logger: new Logger({ logLevel: 'SILENT' }),
        loadMetrics: async () => silentMetrics(),
      });
      for (let task = world.tasks.shift(); task; task = world.tasks.shift()) {
        const attributes = { ApproximateReceiveCount: '1', SentTimestamp: '0' };
        const record = { messageId: 'm', body: JSON.stringify(task), attributes } as SQSRecord;
        const answer = await handler({ Records: [record] }, { getRemainingTimeInMillis: () => FUNCTION_MS });
        if (answer.batchItemFailures.length > 0) throw new Error('the sweep failed');
      }
    },
    list(options = {}) {
      const until = new Date(world.clock + FUNCTION_MS);
      let pages = 0;
      const deps: TaskDeps = {
        config: aConfig({ ...config, ...options.config }),
        main: mainOf(world),
        organization: {
          ...organization,
          async *pages(token) {
            for await (const page of organization.pages(token)) {
              pages += 1;
              await world.onPage(pages);
              yield page;
            }
          },
        },
        timeLeft: () =>
          pages < (options.pages ?? Number.POSITIVE_INFINITY) &&
          world.calls.describe.length < (options.describes ?? Number.POSITIVE_INFINITY),
        until,
        now: () => new Date(world.clock),
      };
      return listOrganization(deps);
    },
  };
  const clock = {
    now: () => world.clock,
    sleep: async (milliseconds: number) => {
      world.clock += milliseconds;
    },
  };
  const pace = {
    list: createPace({ ...RATES.list, ...clock }),
    describe: createPace({ ...RATES.describe, ...clock }),
  };
  const organization: TaskDeps['organization'] = {
    async describe(accountId) {
      await pace.describe();
      world.calls.describe.push(world.clock);
      return world.accounts.find((account) => account.accountId === accountId);
    },
    tags: async (accountId) => world.tags.get(accountId) ?? {},
    place: async (id) => world.places.get(id) ?? { units: ['r-root'], path: '/' },
    async *pages(token) {
      const shown = world.accounts.filter(({ accountId }) => !world.hidden.has(accountId));
      if (token === 'forgotten') throw awsError('InvalidInputException', 'no such token');
      for (let from = Number(token ?? 0); ; from += 20) {
        await pace.list();
        world.calls.list.push(world.clock);
        const next = from + 20 < shown.length ? String(from + 20) : undefined;
        yield { accounts: shown.slice(from, from + 20), ...(next && { next }) };
        if (!next) return;
      }
    },
  };
  table.put(aBaselineItem({ version: 1 }));
  return world;
}

function mainOf(world: World): TaskDeps['main'] {
  const region = 'eu-west-1';
  const sqs = answering(
    new SQSClient({ region, md5: false }),
    on(SendMessageBatchCommand, ({ Entries = [] }) => {
      world.onSend();
      for (const { MessageBody = '' } of Entries) world.work.push(WorkMessage.parse(JSON.parse(MessageBody)));
      return {};
    }),
    on(SendMessageCommand, ({ MessageBody = '' }) => {
      world.tasks.push(SweepMessage.parse(JSON.parse(MessageBody)));
      return {};
    }),
  );
  const eventBridge = answering(
    new EventBridgeClient({ region }),
    on(PutEventsCommand, ({ Entries = [] }) => {
      for (const { DetailType = '', Detail = '' } of Entries)
        world.announced.push({ detailType: DetailType, ...JSON.parse(Detail) });
      return { Entries: Entries.map(() => ({ EventId: 'sent' })) };
    }),
  );
  const { main } = fakeMain();
  return {
    ...main,
    table: world.table.table,
    bus: { eventBridge, name: main.bus.name },
    work: { sqs, url: main.work.url },
    sweep: { sqs, url: main.sweep.url },
  };
}

/** Passes that SQS would let through: once for each deduplication id. */
export function passes(world: World): Map<string, number> {
  const ids = new Map(world.work.map((message) => [deduplicationId(message), message.accountId]));
  const counts = new Map<string, number>();
  for (const accountId of ids.values()) counts.set(accountId, (counts.get(accountId) ?? 0) + 1);
  return counts;
}
