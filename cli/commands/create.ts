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
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `create --name N --email E`: an account is to be created, and kept. */
export function createCommand(): Command {
  return new Command('create')
    .description(
      'Puts an AccountCreationRequested event: AWS creates the account, and it is kept from then on.',
    )
    .requiredOption('--name <name>', 'name of the account')
    .requiredOption('--email <address>', 'its email, which no other AWS account may have')
    .option('--request-id <id>', 'what makes two requests the same one; the email when not given')
    .option('--organizational-unit-id <id>', 'where it is moved; it stays in the root when not given')
    .option('--baseline <name[@version]>', 'what is kept in it; chosen by the rules when not given')
    .option('--mode <mode>', 'enforce (default) or observe')
    .option('--value <key=value>', 'a value for `${values.key}`; may stand several times', pairs)
    .option('--tag <key=value>', 'a tag of the account; may stand several times', pairs)
    .option('--wait', 'follow until the account is ready, and print its id')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 1800)
    .action(create);
}

async function create(options: Options): Promise<void> {
  const request = checkRequest('AccountCreationRequested', detailOf(options));
  const { table, config } = await connect();
  await checkNotTaken(table, request);
  const eventId = await sendRequest(busClient(config), 'AccountCreationRequested', request);
  say(`Asked for account ${request.name} with event ${eventId}.`);
  if (!options.wait) return say('The same command again with --wait follows it.');
  const { view, message } = await followCreation(table, { request, eventId, seconds: options.timeout });
  if (message) say(message);
  print(view.accountId);
  say(ended(view));
}

/** The event's detail, of what was given on the command line. */
function detailOf(options: Options): Record<string, unknown> {
  const { value, tag, wait: _, timeout: __, ...same } = options;
  return {
    ...same,
    ...(value && { values: value }),
    ...(tag && { tags: tag }),
  } satisfies Partial<Record<keyof CreationRequest, unknown>>;
}

/** A request for an account that was put on the bus. */
interface AskedCreation {
  readonly request: CreationRequest;
  readonly eventId: string;
  readonly seconds: number;
}

/** @throws Failure when intake would refuse the request, since another one was made under its key */
async function checkNotTaken(table: Table, request: CreationRequest): Promise<void> {
  const existing = await getCreation(table, creationKey(request));
  if (!existing || existing.stage.is === 'failed' || sameRequest(existing.request, request)) return;
  throw new Failure(
    `${existing.key} was asked for already, with other content: give another --request-id, or ask for the same.`,
  );
}

/**
 * Follows a request for an account until the account is ready, or as far as a pass gets that may not write. `message`
 * says what could not be done as it was asked for.
 * @throws Failure when AWS does not create it, with the reason; when a pass fails; or when it takes too long
 */
async function followCreation(
  table: Table,
  asked: AskedCreation,
): Promise<{ view: AccountView; message?: string }> {
  const { name } = asked.request;
  const started = Date.now();
  const progress = startProgress(`Waiting for account ${name} to be taken up …`);
  try {
    await waitUntilTaken(table, asked);
    const { accountId, message } = await waitUntilThere(table, asked, progress);
    progress.update(`Account ${accountId} is registered; waiting for its first pass …`);
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
        `Nothing came of it for ${wait} s: intake has not taken event ${eventId} up; look at its ` +
        "function's log, and at `orgkeeper doctor`.",
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
        `Account ${request.name} is not there after ${seconds} s (${last?.message ?? last?.stage.is}); it goes on: ` +
        'the same command again follows it.',
    },
  );
}

const SAID = {
  waiting: 'it waits for its turn.',
  calling: 'AWS is being asked.',
  creating: 'AWS is creating it.',
  created: 'it is there, and is registered next.',
} as const;
