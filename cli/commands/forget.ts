import { Command } from 'commander';

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
  const [{ connect }, { readAccountId }, { Failure }, { agreed }, store, output] = await Promise.all([
    import('../context.ts'),
    import('../fleet.ts'),
    import('../failure.ts'),
    import('../agree.ts'),
    import('../../shared/store/accounts.ts'),
    import('../output.ts'),
  ]);
  const accountId = readAccountId(id);
  const { table } = await connect();
  const { record, address, ...parts } = await store.loadAccount(table, accountId);
  if (!record && !(address && options.releaseAddress)) {
    throw new Failure(
      `Orgkeeper does not know account ${accountId}${address ? ', which still holds a block: say --release-address' : ''}.`,
    );
  }
  if (record) {
    const { accountView } = await import('../../shared/account-view.ts');
    const { state } = accountView({ record, ...parts });
    if (state !== 'retired') throw new Failure(refusal(accountId, state));
    const others =
      record.origin === 'invited' ? '' : ' While it is in the organization, the listing finds it anew.';
    if (
      !options.yes &&
      !(await agreed(`Forget account ${accountId} (${output.cell(record.name)})?${others}`))
    ) {
      return output.say('Nothing was forgotten.');
    }
    if (!(await store.deleteAccount(table, record))) {
      throw new Failure(
        `Somebody else changed account ${accountId} at this moment: look at it, and try again.`,
      );
    }
    output.say(`Account ${accountId} is forgotten; its history stays until it expires.`);
  }
  if (!address) return;
  if (!options.releaseAddress) {
    return output.say(
      `It still holds ${address.cidr} of pool ${address.pool}, which nobody else gets before ` +
        `\`orgkeeper forget ${accountId} --release-address\`.`,
    );
  }
  const { addressBook } = await import('../../shared/store/addresses.ts');
  await addressBook(table).giveBack(address);
  output.say(`${address.cidr} is free again in pool ${address.pool}.`);
}

function refusal(accountId: string, state: string): string {
  const why = `Account ${accountId} is ${state}, and only retired accounts are forgotten`;
  if (state === 'unmanaged') return `${why}: it is not kept anyway, and the listing would find it again.`;
  const resources = state === 'departed' ? 'retain' : 'retain|remove';
  return `${why}: \`orgkeeper retire ${accountId} --resources ${resources}\` first.`;
}
