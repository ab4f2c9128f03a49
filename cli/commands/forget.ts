import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { kinds } from '../../controllers/kinds/index.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { type Holdings, releaseAll } from '../../shared/domain/addresses.ts';
import { forgotten } from '../../shared/domain/forgotten.ts';
import { isExchanging } from '../../shared/domain/status.ts';
import { GLOBAL, outputsOf, splitOutputKey } from '../../shared/domain/unit.ts';
import { type AccountItems, forgetAccount, loadAccount } from '../../shared/store/accounts.ts';
import { addressBook } from '../../shared/store/addresses.ts';
import { agreed } from '../ask.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { readAccountId } from '../fleet.ts';
import { say } from '../terminal.ts';

interface Options {
  readonly releaseAddress?: boolean;
  readonly yes?: boolean;
}

/** `forget ID`: removes the record of a retired account. */
export function forgetCommand(): Command {
  return new Command('forget')
    .description('Removes the record of a retired account. Nothing in the account itself is touched.')
    .argument('<id>', 'account id, 12 digits')
    .option('--release-address', 'give back the address blocks that it still holds')
    .option('--yes', 'forget without asking')
    .addHelpText('after', examples('orgkeeper forget 456789012345'))
    .action(forget);
}

async function forget(id: string, options: Options): Promise<void> {
  const accountId = readAccountId(id);
  const { table } = await connect();
  const items = await loadAccount(table, accountId);
  const { record, holdings } = items;
  const holds = holdings.blocks.length > 0;
  const isForgotten = !record || record.lifecycle === 'unmanaged';
  if (holds && options.releaseAddress && usesAddress(items))
    throw new Failure(
      `Account ${accountId} still has a network that uses ${blocksText(holdings)}. Nothing was forgotten: ` +
        `\`orgkeeper retire ${accountId} --resources remove\` removes the network and releases the addresses. If nobody can enter the account any more, ` +
        'forget it first without --release-address.',
    );
  if (!(isForgotten && holds && options.releaseAddress)) {
    if (!record) throw new Failure(`Orgkeeper does not know account ${accountId}.`);
    if (!(await forgetRecord(table, { ...items, record }, options))) return;
  }
  if (holds) await settleAddresses(table, holdings, options);
}

/** Whether the status records a resource that uses the block. */
function usesAddress({ status }: AccountItems): boolean {
  if (!status) return false;
  const users = kinds.filter(({ pool }) => pool !== undefined);
  const made = users.some((kind) =>
    everyRegion(status.outputs).some((own) => Object.keys(kind.made(own)).length > 0),
  );
  return made || users.some(({ name }) => status.leftovers?.some(({ kind }) => kind === name) === true);
}

/** False if the person says no. */
async function forgetRecord(
  table: Table,
  items: AccountItems & { record: NonNullable<AccountItems['record']> },
  { yes }: Options,
): Promise<boolean> {
  const { record } = items;
  const { accountId, name } = record;
  const { state } = accountView({ ...items, now: new Date() });
  if (state !== 'retired') throw new Failure(refusal(accountId, state));
  if (record.owed)
    throw new Failure(
      `The retirement of account ${accountId} is not announced yet: try again in two minutes.`,
    );
  if (isExchanging(items.status))
    throw new Failure(
      `What account ${accountId} exports to others is not taken back yet: try again in two minutes.`,
    );
  if (!yes && !(await agreed(`Forget account ${accountId} (${name})?`))) {
    say('Nothing was forgotten.');
    return false;
  }
  const now = new Date();
  const left = forgotten(record, { changedBy: `cli:${randomUUID()}`, now });
  if (!(await forgetAccount(table, record, left, now))) {
    throw new Failure(
      `Somebody else changed account ${accountId} at the same time: check it, and try again.`,
    );
  }
  const rest = left ? ' It is still in the organization, so it is listed as unmanaged.' : '';
  say(`Account ${accountId} is forgotten; its history stays until it expires.${rest}`);
  return true;
}

/** The outputs of an account, separately for each region. */
function everyRegion(outputs: Readonly<Record<string, string>>): Readonly<Record<string, string>>[] {
  const others = Object.keys(outputs).flatMap((key) => splitOutputKey(key)?.region ?? []);
  return [GLOBAL, ...new Set(others)].map((region) => outputsOf(outputs, region, GLOBAL));
}

async function settleAddresses(table: Table, holdings: Holdings, options: Options): Promise<void> {
  const { accountId } = holdings;
  if (!options.releaseAddress) {
    return say(
      `It still holds ${blocksText(holdings)}: \`orgkeeper forget ${accountId} --release-address\` releases it.`,
    );
  }
  await releaseAll(addressBook(table), accountId);
  for (const { cidr, pool } of holdings.blocks) say(`${cidr} is free again in pool ${pool}.`);
}

/** `10.0.0.0/22 of pool main and 10.0.4.0/22 of pool main (us-east-1)`. */
function blocksText({ blocks }: Holdings): string {
  return blocks
    .map(({ cidr, pool, region }) => `${cidr} of pool ${pool}${region ? ` (${region})` : ''}`)
    .join(' and ');
}

function refusal(accountId: string, state: string): string {
  const why = `Account ${accountId} is ${state}, and only retired accounts are forgotten`;
  if (state === 'unmanaged') return `${why}: it is not managed, and the listing would find it again.`;
  const resources = state === 'departed' ? 'retain' : 'retain|remove';
  return `${why}: \`orgkeeper retire ${accountId} --resources ${resources}\` first.`;
}
