import { Command, Option } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import { wholeNumber } from '../arguments.ts';

interface Options {
  readonly resources: 'retain' | 'remove';
  readonly yes?: boolean;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `retire ID --resources retain|remove`: an account is no longer to be kept. */
export function retireCommand(): Command {
  return new Command('retire')
    .description('Puts an AccountRetirementRequested event: the account is not kept any more.')
    .argument('<id>', 'account id, 12 digits')
    .addOption(
      new Option('--resources <what>', 'retain leaves everything; remove takes away what Orgkeeper made')
        .choices(['retain', 'remove'])
        .makeOptionMandatory(),
    )
    .option('--yes', 'remove without asking')
    .option('--wait', 'follow until the account is retired; exit 1 when something is in the way')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 900)
    .action(retire);
}

async function retire(id: string, { resources, yes, wait, timeout }: Options): Promise<void> {
  const [{ connect }, { ask }, { findAccount }, { agreed }, output] = await Promise.all([
    import('../client.ts'),
    import('../ask.ts'),
    import('../fleet.ts'),
    import('../agree.ts'),
    import('../output.ts'),
  ]);
  const { table, config } = await connect();
  const { record } = await findAccount(table, id);
  const { accountId, name } = record;
  const question = `Take away everything that Orgkeeper made in account ${accountId} (${output.cell(name)})?`;
  if (resources === 'remove' && !yes && !(await agreed(question)))
    return output.say('Nothing was asked for.');
  const eventId = await ask(busClient(config), 'AccountRetirementRequested', { accountId, resources });
  output.say(`Asked for the retirement of account ${accountId} with event ${eventId}.`);
  if (!wait) return output.say(`\`orgkeeper account ${accountId}\` shows how far it is.`);
  const { followRetirement } = await import('../follow-retirement.ts');
  await followRetirement(table, { accountId, eventId, seconds: timeout });
  output.say(`Account ${accountId} is retired.`);
}
