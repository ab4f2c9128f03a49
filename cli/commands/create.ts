import { Command } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { AccountView } from '../../shared/domain/account-view.ts';
import { type Creation, creationKey, sameRequest } from '../../shared/domain/creation.ts';
import type { CreationRequest } from '../../shared/domain/requests.ts';
import { getCreation } from '../../shared/store/creations.ts';
import { pairs, wholeNumber } from '../arguments.ts';
import { connect } from '../client.ts';
import { ended } from '../conditions.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import {
  failIfRejected,
  type Progress,
  poll,
  startProgress,
  TAKEN_SECONDS,
  waitUntilReady,
} from '../follow.ts';
import { checkRequest, sendRequest } from '../send-request.ts';
import { print, say } from '../terminal.ts';

interface Options {
  readonly name: string;
  readonly email: string;
  readonly requestId?: string;
  readonly organizationalUnitId?: string;
  readonly baseline?: string;
  readonly mode?: string;
  readonly value?: Record<string, string>;
  readonly tag?: Record<string, string>;
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `create --name N --email E`: requests a new account, which is then managed. */
export function createCommand(): Command {
  return new Command('create')
    .description(
      'Puts an AccountCreationRequested event: AWS creates the account, and Orgkeeper manages it from then on.',
    )
    .requiredOption('--name <name>', 'name of the account')
    .requiredOption('--email <address>', 'its email, which no other AWS account may use')
    .option('--request-id <id>', 'requests with the same id are one request; default: the email')
    .option('--organizational-unit-id <id>', 'the unit that it is moved to; default: it stays in the root')
    .option('--baseline <name[@version]>', 'its baseline; default: the rules choose')
    .option('--mode <mode>', 'enforce (default) or observe')
    .option('--value <key=value>', 'a value for `${values.key}`; may be repeated', pairs)
    .option('--tag <key=value>', 'a tag of the account; may be repeated', pairs)
    .option('--reason <text>', 'why, for the record')
    .option('--wait', 'follow until the account is ready, and print its id')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 1800)
    .addHelpText(
      'after',
      examples(
        'orgkeeper create --name genomics --email genomics@example.com --wait',
        'orgkeeper create --name physics --email physics@example.com --baseline analytics --tag costCenter=42',
      ),
    )
    .action(create);
}

async function create(options: Options): Promise<void> {
  const request = checkRequest('AccountCreationRequested', detailOf(options));
  const { table, config } = await connect();
  await checkNotTaken(table, request);
  const eventId = await sendRequest(busClient(config), 'AccountCreationRequested', request, options.reason);
  say(`Requested account ${request.name} with event ${eventId}.`);
  if (!options.wait) return say('Run the same command again with --wait to follow it.');
  const { view, message } = await followCreation(table, { request, eventId, seconds: options.timeout });
  if (message) say(message);
  print(view.accountId);
  say(ended(view));
}

/** The event's detail, from the options of the command line. */
function detailOf(options: Options): Record<string, unknown> {
  const { value, tag, wait: _, timeout: __, ...same } = options;
  return {
    ...same,
    ...(value && { values: value }),
    ...(tag && { tags: tag }),
  } satisfies Partial<Record<keyof CreationRequest, unknown>>;
}

/** A request for an account that was sent to the bus. */
interface AskedCreation {
  readonly request: CreationRequest;
  readonly eventId: string;
  readonly seconds: number;
}

/** @throws Failure if intake would refuse the request, since another one has the same key */
async function checkNotTaken(table: Table, request: CreationRequest): Promise<void> {
  const existing = await getCreation(table, creationKey(request));
  if (!existing || existing.stage.is === 'failed' || sameRequest(existing.request, request)) return;
  throw new Failure(
    `${existing.key} was already requested with other content: pass another --request-id, or request the same.`,
  );
}

/**
 * Follows a request for an account until the account is ready, or until a run that may not write has finished. `message` says which
 * part of the request could not be fulfilled.
 * @throws Failure if AWS does not create the account (with the reason), if a run fails, or after `seconds`
 */
async function followCreation(
  table: Table,
  asked: AskedCreation,
): Promise<{ view: AccountView; message?: string }> {
  const { name } = asked.request;
  const started = Date.now();
  const progress = startProgress(`Waiting for intake to record the request for account ${name} …`);
  try {
    await waitUntilTaken(table, asked);
    const { accountId, message } = await waitUntilThere(table, asked, progress);
    progress.update(`Account ${accountId} is registered; waiting for its first run …`);
    const seconds = Math.max(1, asked.seconds - (Date.now() - started) / 1000);
    const view = await waitUntilReady(table, { accountId, seconds }, (text) => progress.update(text));
    return { view, ...(message && { message }) };
  } finally {
    progress.stop();
  }
}

async function waitUntilTaken(table: Table, { request, eventId, seconds }: AskedCreation): Promise<void> {
  const wait = Math.min(seconds, TAKEN_SECONDS);
  await poll(
    async () => {
      await failIfRejected(table, eventId);
      const creation = await getCreation(table, creationKey(request));
      const taken = creation && (creation.cause.id === eventId || creation.stage.is !== 'failed');
      return taken || undefined;
    },
    {
      seconds: wait,
      every: 500,
      late: () =>
        `Intake has not processed event ${eventId} within ${wait} s: see the log of its function, ` +
        'and run `orgkeeper doctor`.',
    },
  );
}

async function waitUntilThere(
  table: Table,
  { request, seconds }: AskedCreation,
  progress: Progress,
): Promise<{ accountId: string; message?: string | undefined }> {
  let last: Creation | undefined;
  return poll(
    async () => {
      last = await getCreation(table, creationKey(request));
      if (!last) return undefined;
      const { stage, message } = last;
      if (stage.is === 'failed')
        throw new Failure(`Account ${request.name} was not created: ${stage.reason}: ${message}`);
      if (stage.is === 'registered') return { accountId: stage.accountId, message };
      progress.update(`Account ${request.name}: ${message ?? SAID[stage.is]}`);
      return undefined;
    },
    {
      seconds,
      every: 1_000,
      late: () =>
        `Account ${request.name} does not exist after ${seconds} s (${last?.message ?? last?.stage.is}). The request goes on: ` +
        'run the same command again to follow it.',
    },
  );
}

const SAID = {
  waiting: 'the request waits for its turn.',
  calling: 'CreateAccount is being called.',
  creating: 'AWS is creating it.',
  created: 'AWS has created it; it is registered next.',
} as const;
