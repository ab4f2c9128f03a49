import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { Address } from '../../shared/domain/address-pool.ts';
import type { AccountItems } from '../../shared/store/accounts.ts';

interface Options {
  readonly releaseAddress?: boolean;
  readonly yes?: boolean;
}

/** `forget ID`: the record of a retired account goes. */
export function forgetCommand(): Command {
  return new Command('forget')
    .description('Removes the record of a retired account. Nothing in the account itself is touched.')
    .argument('<id>', 'account id, 12 digits')
    .option('--release-address', 'give the block of addresses back that it still holds')
    .option('--yes', 'forget without asking')
    .action(forget);
}

async function forget(id: string, options: Options): Promise<void> {
  const [{ connect }, { readAccountId }, { Failure }, { loadAccount }] = await Promise.all([
    import('../client.ts'),
    import('../fleet.ts'),
    import('../failure.ts'),
    import('../../shared/store/accounts.ts'),
  ]);
  const accountId = readAccountId(id);
  const { table } = await connect();
  const items = await loadAccount(table, accountId);
  const { record, address } = items;
  const isForgotten = !record || record.lifecycle === 'unmanaged';
  if (address && options.releaseAddress && (await usesAddress(items)))
    throw new Failure(
      `Account ${accountId} still has a network of ${address.cidr}, which nobody else may get as long: ` +
        `\`orgkeeper retire ${accountId} --resources remove\` takes it away and frees the block. Nothing was forgotten. Where nobody can enter the account any more, ` +
        'forget it first without --release-address.',
    );
  if (!(isForgotten && address && options.releaseAddress)) {
    if (!record) throw new Failure(`Orgkeeper does not know account ${accountId}.`);
    if (!(await forgetRecord(table, { ...items, record }, options))) return;
  }
  if (address) await settleAddress(table, address, options);
}

/** Whether something that the block was given for is recorded as there. */
async function usesAddress({ status }: AccountItems): Promise<boolean> {
  if (!status) return false;
  const { kinds } = await import('../../controllers/kinds/index.ts');
  const users = kinds.filter(({ pool }) => pool !== undefined);
  const made = users.some((kind) => Object.keys(kind.made(status.outputs)).length > 0);
  return made || users.some(({ name }) => status.leftovers?.some(({ kind }) => kind === name) === true);
}

/** False when the person would rather not. */
async function forgetRecord(
  table: Table,
  items: AccountItems & { record: NonNullable<AccountItems['record']> },
  { yes }: Options,
): Promise<boolean> {
  const [{ accountView }, { Failure }, { agreed }, { forgotten }, { forgetAccount }, output] =
    await Promise.all([
      import('../../shared/domain/account-view.ts'),
      import('../failure.ts'),
      import('../agree.ts'),
      import('../../shared/domain/forgotten.ts'),
      import('../../shared/store/accounts.ts'),
      import('../output.ts'),
    ]);
  const { record } = items;
  const { accountId, name } = record;
  const { state } = accountView(items);
  if (state !== 'retired') throw new Failure(refusal(accountId, state));
  if (record.owed)
    throw new Failure(
      `The retirement of account ${accountId} is not announced yet, which happens within two minutes: try again then.`,
    );
  if (!yes && !(await agreed(`Forget account ${accountId} (${output.cell(name)})?`))) {
    output.say('Nothing was forgotten.');
    return false;
  }
  const now = new Date();
  const left = forgotten(record, { changedBy: `cli:${randomUUID()}`, now });
  if (!(await forgetAccount(table, record, left, now))) {
    throw new Failure(
      `Somebody else changed account ${accountId} at this moment: look at it, and try again.`,
    );
  }
  const rest = left ? ' It is in the organization, and listed as unmanaged.' : '';
  output.say(`Account ${accountId} is forgotten; its history stays until it expires.${rest}`);
  return true;
}

async function settleAddress(table: Table, address: Address, options: Options): Promise<void> {
  const [{ addressBook }, { say }] = await Promise.all([
    import('../../shared/store/addresses.ts'),
    import('../output.ts'),
  ]);
  const { accountId, cidr, pool } = address;
  if (!options.releaseAddress) {
    return say(
      `It still holds ${cidr} of pool ${pool}; nobody else gets that before ` +
        `\`orgkeeper forget ${accountId} --release-address\`.`,
    );
  }
  await addressBook(table).giveBack(address);
  say(`${cidr} is free again in pool ${pool}.`);
}

function refusal(accountId: string, state: string): string {
  const why = `Account ${accountId} is ${state}, and only retired accounts are forgotten`;
  if (state === 'unmanaged') return `${why}: it is not kept anyway, and the listing would find it again.`;
  const resources = state === 'departed' ? 'retain' : 'retain|remove';
  return `${why}: \`orgkeeper retire ${accountId} --resources ${resources}\` first.`;
}
