import { Command } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { RegistrationRequest } from '../../shared/domain/requests.ts';
import { pairs, several, wholeNumber } from '../arguments.ts';

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
  const [{ ask, checkRequest }, output] = await Promise.all([import('../ask.ts'), import('../output.ts')]);
  const [{ connect }, { getRecord }, { roleRefusals }] = await Promise.all([
    import('../client.ts'),
    import('../../shared/store/accounts.ts'),
    import('../../controllers/fleet/register.ts'),
  ]);
  const { table, config } = await connect();
  const unusable = roleRefusals(options, config).flatMap((refused) => refused?.problems ?? []);
  const request = checkRequest('AccountRegistrationRequested', registration(id, options), unusable);
  const before = await getRecord(table, id);
  const eventId = await ask(busClient(config), 'AccountRegistrationRequested', request);
  output.say(`Asked for account ${id} with event ${eventId}.`);
  if (!options.wait)
    return output.say(`\`orgkeeper account ${id}\` shows it within seconds, unless it is rejected.`);
  const [{ followRegistration }, { ended }] = await Promise.all([
    import('../follow-registration.ts'),
    import('../obstacles.ts'),
  ]);
  const view = await followRegistration(table, { request, before, eventId, seconds: options.timeout });
  output.say(ended(view));
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
