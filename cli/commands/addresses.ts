import { Command } from 'commander';
import type { Table } from '../../shared/aws/main-clients.ts';
import { type Address, type AddressPool, blocksIn } from '../../shared/domain/address-pool.ts';
import { cell } from '../../shared/domain/escape.ts';
import { counted, time } from '../../shared/domain/words.ts';
import { getReadableRecords } from '../../shared/store/accounts.ts';
import { addressBook, heldAddresses } from '../../shared/store/addresses.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { printJson, printTable, say } from '../terminal.ts';

interface Options {
  readonly drop?: string;
  readonly json?: boolean;
}

/** `addresses`: the address pools, and which account holds which block. */
export function addressesCommand(): Command {
  return new Command('addresses')
    .description('Shows the address pools, and which account holds which block.')
    .option('--drop <pool>', 'remove a pool of which no account holds a block')
    .option('--json', 'print the pools, each with its holders')
    .addHelpText('after', examples('orgkeeper addresses --json', 'orgkeeper addresses --drop old-pool'))
    .action(addresses);
}

async function addresses(options: Options): Promise<void> {
  const { table } = await connect();
  const pools = await heldAddresses(table);
  if (options.drop !== undefined) return drop(options.drop, pools, table);
  const holders = pools.flatMap(({ held }) => held.map(({ accountId }) => accountId));
  const { items: records } = await getReadableRecords(table, holders);
  const names = new Map(records.map(({ accountId, name }) => [accountId, name]));
  const shown = pools.map(({ pool, held }) => ({
    ...pool,
    blocks: blocksIn(pool),
    free: blocksIn(pool) - held.length,
    held: held.map(({ cidr, accountId, region, since }) => ({
      ...{ cidr, accountId, name: names.get(accountId), ...(region && { region }), since },
    })),
  }));
  if (options.json) return printJson(shown);
  const rows = shown.flatMap(({ name: pool, held }) =>
    held.map(({ cidr, accountId, name, region, since }) => [
      pool,
      cidr,
      accountId,
      name === undefined ? '–' : cell(name),
      region ?? 'home',
      time(since),
    ]),
  );
  if (rows.length > 0) printTable(['POOL', 'BLOCK', 'ACCOUNT', 'NAME', 'REGION', 'SINCE'], rows);
  if (shown.length === 0) say('There are no pools yet: a baseline names one as `network.cidrPool`.');
  for (const { name, cidr, prefix, blocks, free } of shown) {
    say(`${name} (${cidr}): ${free} of ${counted(blocks, 'block')} of /${prefix} free.`);
  }
}

async function drop(
  name: string,
  pools: readonly { pool: AddressPool; held: readonly Address[] }[],
  table: Table,
): Promise<void> {
  const found = pools.find(({ pool }) => pool.name === name);
  if (!found) throw new Failure(`There is no pool ${name}: \`orgkeeper addresses\` lists all pools.`);
  const [holder] = found.held;
  if (holder) {
    throw new Failure(
      `Account ${holder.accountId} holds ${holder.cidr} of pool ${name}: only a pool without held blocks can be dropped.`,
    );
  }
  const book = addressBook(table);
  const { version, pools: known } = await book.pools();
  const saved = await book.savePools({ version, pools: known.filter((pool) => pool.name !== name) });
  if (!saved) throw new Failure('Somebody else changed the pools at the same time: try again.');
  say(`Dropped pool ${name}; a baseline that still names it creates it again.`);
}
