import type { Table } from '../shared/aws/main-clients.ts';
import type { AccountView } from '../shared/domain/account-view.ts';
import { type Creation, creationKey, sameRequest } from '../shared/domain/creation.ts';
import type { CreationRequest } from '../shared/domain/requests.ts';
import { getCreation } from '../shared/store/creations.ts';
import { Failure } from './failure.ts';
import { waitUntilReady } from './follow-registration.ts';
import { type Progress, poll, startProgress } from './progress.ts';
import { failIfRejected } from './rejection.ts';

/** A request for an account that was put on the bus. */
export interface AskedCreation {
  readonly request: CreationRequest;
  readonly eventId: string;
  readonly seconds: number;
}

/** Intake takes seconds; after so long without a trace, a request was rejected, or nobody takes requests. */
const TAKEN_SECONDS = 30;

/** @throws Failure when intake would refuse the request, since another one was made under its key */
export async function checkNotTaken(table: Table, request: CreationRequest): Promise<void> {
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
export async function followCreation(
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
