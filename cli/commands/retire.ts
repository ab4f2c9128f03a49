import { Command, Option } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { REMOVAL_REASONS } from '../../shared/domain/status.ts';
import { wholeNumber } from '../arguments.ts';
import { agreed } from '../ask.ts';
import { connect } from '../client.ts';
import { hasFailed, inTheWay } from '../conditions.ts';
import { Failure } from '../failure.ts';
import { findAccount } from '../fleet.ts';
import { failIfRejected, poll, startProgress } from '../follow.ts';
import { sendRequest } from '../send-request.ts';
import { cell, say } from '../terminal.ts';

interface Options {
  readonly resources: 'retain' | 'remove';
  readonly yes?: boolean;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `retire ID --resources retain|remove`: requests that an account is no longer managed. */
export function retireCommand(): Command {
  return new Command('retire')
    .description('Puts an AccountRetirementRequested event: Orgkeeper no longer manages the account.')
    .argument('<id>', 'account id, 12 digits')
    .addOption(
      new Option('--resources <what>', 'retain: everything stays; remove: what Orgkeeper made is removed')
        .choices(['retain', 'remove'])
        .makeOptionMandatory(),
    )
    .option('--yes', 'remove without asking')
    .option('--wait', 'follow until the account is retired; exit 1 if something prevents that')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 900)
    .action(retire);
}

async function retire(id: string, { resources, yes, wait, timeout }: Options): Promise<void> {
  const { table, config } = await connect();
  const { record } = await findAccount(table, id);
  const { accountId, name } = record;
  const question = `Remove everything that Orgkeeper made in account ${accountId} (${cell(name)})?`;
  if (resources === 'remove' && !yes && !(await agreed(question))) return say('Nothing was requested.');
  const eventId = await sendRequest(busClient(config), 'AccountRetirementRequested', {
    accountId,
    resources,
  });
  say(`Requested the retirement of account ${accountId} with event ${eventId}.`);
  if (!wait) return say(`\`orgkeeper account ${accountId}\` shows how far it is.`);
  await followRetirement(table, { accountId, eventId, seconds: timeout });
  say(`Account ${accountId} is retired.`);
}

/** A retirement that was asked for. */
interface Retirement {
  readonly accountId: string;
  readonly eventId: string;
  readonly seconds: number;
}

/**
 * Follows a retirement until the account is retired.
 * @throws Failure when something is in the way of the removal, when writing is paused, or when it takes too long
 */
export async function followRetirement(
  table: Table,
  { accountId, eventId, seconds }: Retirement,
): Promise<void> {
  const progress = startProgress(`Waiting for account ${accountId} to be retired …`);
  try {
    await poll(
      async () => {
        await failIfRejected(table, eventId);
        const { record, status, control } = await findAccount(table, accountId);
        const view = accountView({ record, status, control });
        if (view.state === 'retired') return true;
        if (record.changedBy !== eventId || status?.observedGeneration !== record.generation)
          return undefined;
        const conditions = view.conditions.filter(({ reason }) => !REMOVAL_REASONS.has(reason));
        if (!hasFailed({ state: view.state, conditions }) && view.state !== 'paused') return undefined;
        throw new Failure(inTheWay(`Account ${accountId} is not retired yet`, { ...view, conditions }));
      },
      {
        seconds,
        every: 500,
        late: () =>
          `Account ${accountId} is not retired after ${seconds} s. The retirement goes on: \`orgkeeper account ${accountId}\` ` +
          'shows its state.',
      },
    );
  } finally {
    progress.stop();
  }
}
