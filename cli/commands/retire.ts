import { Command, Option } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { cell } from '../../shared/domain/escape.ts';
import { type AccountStatus, mayStandIn, REMOVAL_REASONS } from '../../shared/domain/status.ts';
import { several, wholeNumber } from '../arguments.ts';
import { agreed } from '../ask.ts';
import { connect } from '../client.ts';
import { hasFailed, inTheWay } from '../conditions.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { findAccount } from '../fleet.ts';
import { failIfRejected, poll, startProgress } from '../follow.ts';
import { checkRequest, sendRequest } from '../send-request.ts';
import { say } from '../terminal.ts';

interface Options {
  readonly resources: 'retain' | 'remove';
  readonly region?: string[];
  readonly yes?: boolean;
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `retire ID --resources retain|remove`: requests that an account is no longer managed, or that dropped regions are cleared. */
export function retireCommand(): Command {
  return new Command('retire')
    .description('Puts an AccountRetirementRequested event: Orgkeeper no longer manages the account.')
    .argument('<id>', 'account id, 12 digits')
    .addOption(
      new Option('--resources <what>', 'retain: everything stays; remove: what Orgkeeper made is removed')
        .choices(['retain', 'remove'])
        .makeOptionMandatory(),
    )
    .option(
      '--region <region>',
      'remove only what Orgkeeper made in this region, which the account no longer has; may be repeated',
      several,
    )
    .option('--reason <text>', 'why, for the record')
    .option('--yes', 'remove without asking')
    .option('--wait', 'follow until the account is retired; exit 1 if something prevents that')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 900)
    .addHelpText(
      'after',
      examples(
        'orgkeeper retire 456789012345 --resources retain',
        'orgkeeper retire 456789012345 --resources remove --wait',
      ),
    )
    .action(retire);
}

async function retire(id: string, options: Options): Promise<void> {
  const { resources, region: regions, reason, yes, wait, timeout: seconds } = options;
  const { table, config } = await connect();
  const { record } = await findAccount(table, id);
  const { accountId, name } = record;
  const detail = checkRequest('AccountRetirementRequested', {
    accountId,
    resources,
    ...(regions && { regions }),
    ...(reason !== undefined && { reason }),
  });
  const where = regions ? `in ${regions.join(', ')} of` : 'in';
  const question = `Remove everything that Orgkeeper made ${where} account ${accountId} (${cell(name)})?`;
  if (resources === 'remove' && !yes && !(await agreed(question))) return say('Nothing was requested.');
  const eventId = await sendRequest(busClient(config), 'AccountRetirementRequested', detail);
  const what = regions ? `${regions.join(', ')} of account ${accountId}` : `account ${accountId}`;
  say(`Requested the retirement of ${what} with event ${eventId}.`);
  if (!wait) return say(`\`orgkeeper account ${accountId}\` shows how far it is.`);
  await followRetirement(table, { accountId, eventId, seconds, ...(regions && { regions }) });
  say(regions ? `Nothing of Orgkeeper is left in ${what}.` : `Account ${accountId} is retired.`);
}

/** A retirement that was asked for. */
interface Retirement {
  readonly accountId: string;
  readonly eventId: string;
  readonly seconds: number;
  /** Of these regions alone. */
  readonly regions?: readonly string[];
}

/**
 * Follows a retirement until the account is retired, or until nothing is left in the regions.
 * @throws Failure when something is in the way of the removal, when writing is paused, or when it takes too long
 */
export async function followRetirement(table: Table, asked: Retirement): Promise<void> {
  const { accountId, eventId, seconds, regions } = asked;
  const what = regions ? `${regions.join(', ')} of account ${accountId}` : `Account ${accountId}`;
  const progress = startProgress(`Waiting for ${regions ? what : `account ${accountId}`} to be retired …`);
  try {
    await poll(
      async () => {
        await failIfRejected(table, eventId);
        const { record, status, control } = await findAccount(table, accountId);
        const view = accountView({ record, status, control, now: new Date() });
        if (regions ? isCleared(regions, { record, status }) : view.state === 'retired') return true;
        if (record.changedBy !== eventId || status?.observedGeneration !== record.generation)
          return undefined;
        const conditions = view.conditions.filter(
          ({ reason, region = '' }) => !REMOVAL_REASONS.has(reason) && (!regions || regions.includes(region)),
        );
        // Of an account that stays, something else may have failed.
        const isOurs = !regions || conditions.some(({ status }) => status === 'False');
        const isStuck = hasFailed({ state: view.state, conditions }) || view.state === 'paused';
        if (!isOurs || !isStuck) return undefined;
        throw new Failure(inTheWay(`${what} is not retired yet`, { ...view, conditions }));
      },
      {
        seconds,
        every: 500,
        late: () =>
          `${what} is not retired after ${seconds} s. The retirement goes on: \`orgkeeper account ${accountId}\` ` +
          'shows its state.',
      },
    );
  } finally {
    progress.stop();
  }
}

/** Whether the request has been followed, and no run knows of anything in the regions any more. Pure. */
function isCleared(
  regions: readonly string[],
  { record, status }: { readonly record: AccountRecord; readonly status?: AccountStatus | undefined },
): boolean {
  const isFollowed = regions.every((region) => record.clearing?.includes(region));
  const isSeen = status?.observedGeneration === record.generation;
  return isFollowed && isSeen && !regions.some((region) => mayStandIn(region, { status }));
}
