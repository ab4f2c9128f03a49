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
import { examples } from '../examples.ts';
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
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `register ID --name N`: requests that an account is managed. */
export function registerCommand(): Command {
  return new Command('register')
    .description('Puts an AccountRegistrationRequested event: Orgkeeper manages the account from then on.')
    .argument('<id>', 'account id, 12 digits')
    .requiredOption('--name <name>', 'name of the account, for people')
    .option('--email <address>', "the account's email")
    .option(
      '--baseline <name[@version]>',
      'its baseline; default: the one that it has, else the rules choose',
    )
    .option('--mode <mode>', 'enforce (default) or observe')
    .option('--execution-role-arn <arn>', 'for an invited account: the role that its owner made')
    .option('--external-id <id>', 'the ExternalId of that role; default: a new one')
    .option('--access-role-name <name>', 'the role by which the organization enters the account')
    .option('--vpc-id <id>', "the owner's VPC, instead of the baseline's")
    .option('--subnet-id <id>', "a subnet of the owner's VPC; may be repeated", several)
    .option('--region <region>', 'a region in which it is managed; may be repeated', several)
    .option('--value <key=value>', 'a value for `${values.key}`; may be repeated', pairs)
    .option('--tag <key=value>', 'a tag; may be repeated', pairs)
    .option('--reason <text>', 'why, for the record')
    .option('--wait', 'follow until the account is ready')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 900)
    .addHelpText(
      'after',
      examples(
        'orgkeeper register 456789012345 --name genomics --wait',
        'orgkeeper register 456789012345 --name genomics --mode observe --region eu-west-1 --region us-east-1',
      ),
    )
    .action(register);
}

async function register(id: string, options: Options): Promise<void> {
  const { table, config } = await connect();
  const unusable = roleRefusals(options, config).flatMap((refused) => refused?.problems ?? []);
  const request = checkRequest('AccountRegistrationRequested', registration(id, options), unusable);
  const before = await getRecord(table, id);
  const eventId = await sendRequest(
    busClient(config),
    'AccountRegistrationRequested',
    request,
    options.reason,
  );
  say(`Requested the registration of account ${id} with event ${eventId}.`);
  if (!options.wait)
    return say(`\`orgkeeper account ${id}\` shows it within seconds, unless it is rejected.`);
  const view = await followRegistration(table, { request, before, eventId, seconds: options.timeout });
  say(ended(view));
}

/** The event's detail, from the options of the command line. */
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

/** A registration that was requested. */
export interface RequestedRegistration {
  readonly request: RegistrationRequest;
  /** The record before the registration. */
  readonly before: AccountRecord | undefined;
  readonly eventId: string;
  readonly seconds: number;
}

/**
 * Follows a registration until the account is ready, or until a run that may not write has finished.
 * @throws Failure if it is rejected, if a run fails, or after `seconds`
 */
export async function followRegistration(table: Table, asked: RequestedRegistration): Promise<AccountView> {
  const id = asked.request.accountId;
  const progress = startProgress(`Waiting for intake to register account ${id} …`);
  try {
    if ((await waitUntilTaken(table, asked)) === 'same') await failIfFailed(table, id);
    progress.update(`Account ${id} is registered; waiting for its first run …`);
    const wait = { accountId: id, seconds: asked.seconds };
    return await waitUntilReady(table, wait, (text) => progress.update(text));
  } finally {
    progress.stop();
  }
}

/** Waits until the record has the requested content, because it was changed or because it had it before. */
async function waitUntilTaken(table: Table, asked: RequestedRegistration): Promise<'changed' | 'same'> {
  const { request, before, eventId } = asked;
  const baseline = await resolve(table, request.baseline);
  return poll(
    async () => {
      await failIfRejected(table, eventId);
      const { record, status } = await loadAccount(table, request.accountId);
      const changed = record?.changedBy === eventId || record?.changedBy !== before?.changedBy;
      if (!record) return undefined;
      // The same request again makes Orgkeeper retry a change of the role that was rolled back.
      const same = says(record, request, baseline) && !staysPutBack(record, status);
      if (changed) return 'changed';
      return same ? 'same' : undefined;
    },
    {
      seconds: Math.min(asked.seconds, TAKEN_SECONDS),
      every: 500,
      late: () =>
        `Intake has not processed event ${eventId} within ${Math.min(asked.seconds, TAKEN_SECONDS)} s: see the log of its ` +
        'function, and run `orgkeeper doctor`.',
    },
  );
}

/** @throws Failure if the last run failed: the same registration again causes no new run. */
async function failIfFailed(table: Table, id: string): Promise<void> {
  const { record, status, control } = await loadAccount(table, id);
  const view = record && accountView({ record, status, control, now: new Date() });
  if (view?.state !== 'failed') return;
  const sentence =
    `Account ${id} is already registered with this content, so no run is requested: ` +
    `\`orgkeeper sweep ${id} --wait\` requests one. Its last run failed`;
  throw new Failure(inTheWay(sentence, view));
}

/** The requested baseline as `name@version`: intake uses the newest version if none is named. */
async function resolve(table: Table, baseline: string | undefined): Promise<string | undefined> {
  if (!baseline || baseline.includes('@')) return baseline;
  const current = await currentBaseline(table, baseline);
  return current ? formatBaseline(current) : baseline;
}

/** Whether a record already has all the content of a registration, which then changes nothing. */
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
