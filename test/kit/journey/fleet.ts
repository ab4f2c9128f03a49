import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateAccountCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { AccountRecord } from '../../../shared/domain/account.ts';
import { type AccountView, accountView } from '../../../shared/domain/account-view.ts';
import type { AccountStatus } from '../../../shared/domain/status.ts';
import { loadAccount } from '../../../shared/store/accounts.ts';
import { until } from '../wait.ts';
import { peopleOf } from './people.ts';
import type { TestRuntime } from './runtime.ts';

/** What people do with Orgkeeper, and what Orgkeeper stores about accounts. */
export interface Fleet {
  /** Calls CreateAccount of Organizations, and nothing else. Returns the id of the new account. */
  createAccount(name: string): Promise<string>;
  /** The record of the account; undefined if it has none. */
  record(accountId: string): Promise<AccountRecord | undefined>;
  /** The status that the last run saved; undefined before the first run. */
  status(accountId: string): Promise<AccountStatus | undefined>;
  /** The same as `account ID --json`, without a process. Throws for an account without a record. */
  view(accountId: string): Promise<AccountView>;
  /** Waits until each account satisfies the condition. */
  untilAccounts(what: string, ids: readonly string[], fits: (view: AccountView) => boolean): Promise<void>;
  untilReady(...ids: string[]): Promise<void>;
  /** The same for hundreds of accounts, the first of this runtime that get ready. */
  untilManyReady(ids: readonly string[], seconds: number): Promise<void>;
  /** Puts one request on the bus, as an administrator of the account. Returns the event id, or the error code. */
  put(detailType: string, detail: unknown, account?: string): Promise<string>;
  /** Puts one DriftSweepRequested for these accounts. Resolves when the run of each has finished. */
  sweep(...ids: string[]): Promise<AccountView[]>;
  /** Runs the command line, as a user in Main with only the permissions that docs/operations.md documents for the command. */
  orgkeeper(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** The messages in a queue of Main, those that are worked on included. */
  messagesIn(queue: string): Promise<number>;
  /** The messages in all dead-letter queues of Main and of the management account. */
  deadLetters(): Promise<number>;
  /** Resolves when no message waits or is being processed in Orgkeeper's queues of Main. */
  untilQuiet(): Promise<void>;
}

/** The folder in which the command line caches for its user, one for each test run. */
const CACHE = join(tmpdir(), `orgkeeper-cache-${process.pid}`);
const CLI = fileURLToPath(new URL('../../../cli/main.mjs', import.meta.url));

export function fleetOf(runtime: TestRuntime): Fleet {
  const { main, management } = runtime.accounts;
  const table = {
    documents: DynamoDBDocumentClient.from(new DynamoDBClient(runtime.as(main))),
    name: 'orgkeeper',
  };
  const organizations = new OrganizationsClient(runtime.as(management, 'us-east-1'));
  const sqs = new SQSClient({ ...runtime.as(main), useQueueUrlAsEndpoint: false });

  const environmentFor = peopleOf(runtime);

  async function view(accountId: string): Promise<AccountView> {
    const { record, status, control } = await loadAccount(table, accountId);
    if (!record) throw new Error(`Orgkeeper does not know account ${accountId}.`);
    return accountView({ record, status, control, now: new Date() });
  }

  async function untilAccounts(
    what: string,
    ids: readonly string[],
    fits: (view: AccountView) => boolean,
  ): Promise<void> {
    const open = [...ids];
    let last: unknown;
    // One after the other: polling all of them at once would slow down the emulator.
    const look = async () => {
      for (let id = open[0]; id !== undefined; id = open[0]) {
        const seen = await view(id).catch((error: Error) => error.message);
        last = typeof seen === 'string' ? seen : { ...seen, outputs: undefined };
        if (typeof seen === 'string' || !fits(seen)) return undefined;
        open.shift();
      }
      return true;
    };
    await until(`all of ${ids.length} accounts ${what}`, look, { seconds: 150, seen: () => last });
  }

  async function put(detailType: string, detail: unknown, account = main): Promise<string> {
    const bus = `arn:aws:events:${runtime.region}:${main}:event-bus/orgkeeper`;
    const { Entries = [] } = await new EventBridgeClient(runtime.as(account)).send(
      new PutEventsCommand({
        Entries: [
          {
            Source: 'orgkeeper.request',
            DetailType: detailType,
            Detail: JSON.stringify(detail),
            EventBusName: bus,
          },
        ],
      }),
    );
    return Entries[0]?.ErrorCode ?? Entries[0]?.EventId ?? 'no answer';
  }

  async function messagesIn(queue: string): Promise<number> {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
    return messagesAt(sqs, QueueUrl);
  }

  function untilReady(...ids: string[]): Promise<void> {
    return untilAccounts('are ready', ids, ({ ready }) => ready);
  }

  return {
    async createAccount(name) {
      const { CreateAccountStatus: status } = await organizations.send(
        new CreateAccountCommand({ AccountName: name, Email: `${name}@example.com` }),
      );
      if (!status?.AccountId) throw new Error(`Account ${name} was not created.`);
      return status.AccountId;
    },
    record: async (accountId) => (await loadAccount(table, accountId)).record,
    status: async (accountId) => (await loadAccount(table, accountId)).status,
    view,
    untilAccounts,
    untilReady,
    async untilManyReady(ids, seconds) {
      // The functions' log says how many are ready at no cost: asking would keep the emulator from its work. A run whose status is
      // saved and whose answer is lost logs nothing, so the last ones are asked for.
      const logged = () => readFileSync(runtime.logFile, 'utf8').match(/"SecondsToReady":/g)?.length ?? 0;
      await until(
        `most of ${ids.length} accounts are ready`,
        () => logged() >= 0.9 * ids.length || undefined,
        {
          ...{ seconds, everyMs: 1_000, seen: logged },
        },
      );
      await untilReady(...ids);
    },
    messagesIn,
    put,
    async sweep(...accountIds) {
      const eventId = await put('DriftSweepRequested', { accountIds });
      await untilAccounts(
        `have had the pass of ${eventId}`,
        accountIds,
        ({ lastPass }) => lastPass?.cause.id === eventId,
      );
      return Promise.all(accountIds.map(view));
    },
    orgkeeper: async (...args) => runCli(args, await environmentFor(args)),
    async deadLetters() {
      const clients = [main, management].flatMap((account) =>
        [runtime.region, 'us-east-1'].map(
          (region) => new SQSClient({ ...runtime.as(account, region), useQueueUrlAsEndpoint: false }),
        ),
      );
      const counts = await Promise.all(
        clients.map(async (client) => {
          const { QueueUrls = [] } = await client.send(new ListQueuesCommand({}));
          const dead = QueueUrls.filter((url) => /-dead/.test(url));
          const each = await Promise.all(dead.map((url) => messagesAt(client, url)));
          return each.reduce((sum, count) => sum + count, 0);
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async untilQuiet() {
      let quiet = 0;
      await until('the queues are empty', async () => {
        const counts = await Promise.all(['orgkeeper-intake', 'orgkeeper-work.fifo'].map(messagesIn));
        quiet = counts.every((count) => count === 0) ? quiet + 1 : 0;
        // A message may be between two queues, so the queues must be empty twice.
        return quiet >= 3 ? true : undefined;
      });
    },
  };
}

async function messagesAt(sqs: SQSClient, QueueUrl: string | undefined): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

/** Runs the command line with this environment, and little of ours. */
export function runCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): ReturnType<Fleet['orgkeeper']> {
  const node = createRequire(import.meta.url).resolve('node/bin/node');
  const child = spawn(node, [CLI, ...args], {
    env: { PATH: process.env.PATH, HOME: CACHE, NO_COLOR: '1', XDG_CACHE_HOME: CACHE, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
