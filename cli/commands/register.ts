import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import { roleRefusals } from '../../controllers/fleet/register.ts';
import { busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { type AccountView, accountView } from '../../shared/domain/account-view.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import type { RegistrationRequest } from '../../shared/domain/requests.ts';
import { staysPutBack } from '../../shared/domain/status.ts';
import { getRecord, loadAccount } from '../../shared/store/accounts.ts';
import { currentBaseline } from '../../shared/store/baselines.ts';
import { pairs, several, wholeNumber } from '../arguments.ts';
import { connect } from '../client.ts';
import { ended, inTheWay } from '../conditions.ts';
import { Failure } from '../failure.ts';
import { failIfRejected, poll, startProgress, TAKEN_SECONDS, waitUntilReady } from '../follow.ts';
import { checkRequest, sendRequest } from '../send-request.ts';
import { say } from '../terminal.ts';

interface Options {
  readonly name: string;
  readonly email?: string;
  readonly baseline?: string;
  readonly mode?: string;
  readonly executionRoleArn?: string;
  readonly externalId?: string;
  readonly accessRoleName?: string;
  readonly vpcId?: string;
  readonly subnetId?: string[];
  readonly region?: string[];
  readonly value?: Record<string, string>;
  readonly tag?: Record<string, string>;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `register ID --name N`: an account is to be kept. */
export function registerCommand(): Command {
  return new Command('register')
    .description('Puts an AccountRegistrationRequested event: the account is kept from then on.')
    .argument('<id>', 'account id, 12 digits')
    .requiredOption('--name <name>', 'what people call it')
    .option('--email <address>', "the account's email")
    .option(
      '--baseline <name[@version]>',
      'what is kept in it; when not given, the one that it has, else what the rules choose',
    )
    .option('--mode <mode>', 'enforce (default) or observe')
    .option('--execution-role-arn <arn>', 'for an invited account: the role that its owner made')
    .option('--external-id <id>', 'the ExternalId of that role; one is made when not given')
    .option('--access-role-name <name>', 'the role by which the organization enters the account')
    .option('--vpc-id <id>', "its own VPC, instead of the baseline's")
    .option('--subnet-id <id>', 'a subnet of its own VPC; may stand several times', several)
    .option('--region <region>', 'where it is kept; may stand several times', several)
    .option('--value <key=value>', 'a value for `${values.key}`; may stand several times', pairs)
    .option('--tag <key=value>', 'a tag; may stand several times', pairs)
    .option('--wait', 'follow until the account is ready')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 900)
    .action(register);
}

async function register(id: string, options: Options): Promise<void> {
  const { table, config } = await connect();
  const unusable = roleRefusals(options, config).flatMap((refused) => refused?.problems ?? []);
  const request = checkRequest('AccountRegistrationRequested', registration(id, options), unusable);
  const before = await getRecord(table, id);
  const eventId = await sendRequest(busClient(config), 'AccountRegistrationRequested', request);
  say(`Asked for account ${id} with event ${eventId}.`);
  if (!options.wait)
    return say(`\`orgkeeper account ${id}\` shows it within seconds, unless it is rejected.`);
  const view = await followRegistration(table, { request, before, eventId, seconds: options.timeout });
  say(ended(view));
}

/** The event's detail, of what was given on the command line. */
function registration(accountId: string, options: Options): Record<string, unknown> {
  const { vpcId, subnetId, region, value, tag, wait: _, timeout: __, ...same } = options;
  return {
    accountId,
    ...same,
    ...((vpcId || subnetId) && { network: { vpcId, subnetIds: subnetId ?? [] } }),
    ...(region && { regions: region }),
    ...(value && { values: value }),
    ...(tag && { tags: tag }),
  } satisfies Partial<Record<keyof RegistrationRequest, unknown>>;
}

/** A registration that was asked for. */
export interface Registration {
  readonly request: RegistrationRequest;
  /** The record as it was before. */
  readonly before: AccountRecord | undefined;
  readonly eventId: string;
  readonly seconds: number;
}

/**
 * Follows a registration until the account is ready, or as far as a pass gets that may not write.
 * @throws Failure when it is rejected, when a pass fails, or when it takes too long
 */
export async function followRegistration(table: Table, asked: Registration): Promise<AccountView> {
  const id = asked.request.accountId;
  const progress = startProgress(`Waiting for account ${id} to be taken up …`);
  try {
    if ((await waitUntilTaken(table, asked)) === 'same') await failIfFailed(table, id);
    progress.update(`Account ${id} is registered; waiting for its first pass …`);
    const wait = { accountId: id, seconds: asked.seconds };
    return await waitUntilReady(table, wait, (text) => progress.update(text));
  } finally {
    progress.stop();
  }
}

/** Waits until the record says what was asked for: because it was changed, or as before. */
async function waitUntilTaken(table: Table, asked: Registration): Promise<'changed' | 'same'> {
  const { request, before, eventId } = asked;
  const baseline = await resolve(table, request.baseline);
  return poll(
    async () => {
      await failIfRejected(table, eventId);
      const { record, status } = await loadAccount(table, request.accountId);
      const changed = record?.changedBy === eventId || record?.changedBy !== before?.changedBy;
      if (!record) return undefined;
      // Asked for with the same content, a change of the role that was put back is tried once more.
      const same = says(record, request, baseline) && !staysPutBack(record, status);
      if (changed) return 'changed';
      return same ? 'same' : undefined;
    },
    {
      seconds: Math.min(asked.seconds, TAKEN_SECONDS),
      every: 500,
      late: () =>
        `Nothing came of it for ${Math.min(asked.seconds, TAKEN_SECONDS)} s: intake has not taken event ` +
        `${eventId} up; look at its function's log, and at \`orgkeeper doctor\`.`,
    },
  );
}

/** @throws Failure where the last pass failed: the same registration again has nothing looked at. */
async function failIfFailed(table: Table, id: string): Promise<void> {
  const { record, status, control } = await loadAccount(table, id);
  const view = record && accountView({ record, status, control });
  if (view?.state !== 'failed') return;
  const sentence =
    `Account ${id} is registered like that already, and the same again has nothing looked at: ` +
    `\`orgkeeper sweep ${id} --wait\` looks now. Its last pass failed`;
  throw new Failure(inTheWay(sentence, view));
}

/** `name@version` of what was asked for: intake takes the newest version where none is named. */
async function resolve(table: Table, baseline: string | undefined): Promise<string | undefined> {
  if (!baseline || baseline.includes('@')) return baseline;
  const current = await currentBaseline(table, baseline);
  return current ? formatBaseline(current) : baseline;
}

/** Whether a record already says all that a registration asks for: then it changes nothing. */
function says(
  record: AccountRecord,
  { baseline: _, ...asked }: RegistrationRequest,
  baseline: string | undefined,
): boolean {
  if (baseline && (!record.baseline || formatBaseline(record.baseline) !== baseline)) return false;
  return (
    record.lifecycle === 'managed' &&
    Object.entries(asked).every(([key, value]) =>
      isDeepStrictEqual(record[key as keyof AccountRecord], value),
    )
  );
}
